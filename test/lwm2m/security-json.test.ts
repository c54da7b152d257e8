/** Keys in a stored provision: all come back, and half of one is none. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { type Account, fingerprint, provisionFromJson, provisionToJson } from "../../src/lwm2m/index.ts";
import { securityOf, withoutSecurity } from "../../src/lwm2m/index.ts";
import { sameAccount, sameServer, sameWay } from "../../src/lwm2m/provision-json.ts";
import { securityFromJson, securityToJson } from "../../src/lwm2m/security-json.ts";
import { mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const SECURITY = {
  credentials: { mode: "x509", identity: bytes("chain"), serverKey: bytes("ca"), secretKey: new Secret("c0ffee", "a") },
  matchingType: 0,
  serverName: "lwm2m.example",
  certificateUsage: 2,
  ciphersuites: [0xc0ae],
  oscore: {
    masterSecret: new Secret("facade", "b"),
    senderId: Uint8Array.of(1),
    recipientId: new Uint8Array(0),
    aead: 10,
    hkdf: -10,
    masterSalt: bytes("salt"),
    idContext: bytes("id"),
    instance: 3,
  },
  trust: [bytes("one"), bytes("two")],
} as const;
const ACCOUNT: Account = { uri: "coaps://one", lifetime: 300, shortServerId: 1, priority: 2, ...SECURITY };
const stored = (account: Account): unknown => JSON.parse(JSON.stringify(provisionToJson({ accounts: [account] })));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe("what an account says of security, in a file", () => {
  it("comes back whole, keys included", () => {
    const [account] = provisionFromJson(stored(ACCOUNT))?.accounts ?? [];
    expect(account?.credentials?.secretKey.reveal()).toBe("c0ffee");
    expect(account?.oscore?.masterSecret.reveal()).toBe("facade");
    expect(account && sameAccount(account, ACCOUNT)).toBe(true);
    expect(account?.trust).toEqual(SECURITY.trust);
    expect(account && fingerprint({ accounts: [account] })).toBe(fingerprint({ accounts: [ACCOUNT] }));
  });

  it("is nothing where there is nothing", () => {
    expect(securityFromJson({})).toEqual({});
    expect(securityToJson({})).toEqual({});
  });

  it.each<[string, Record<string, unknown>]>([
    ["a matching type of 4", { matchingType: 4 }],
    ["a usage that is text", { certificateUsage: "3" }],
    ["a name without end", { serverName: "x".repeat(254) }],
    ["a name that is none", { serverName: 7 }],
    ["a ciphersuite beyond 16 bits", { ciphersuites: [65_536] }],
    ["ciphersuites that are no list", { ciphersuites: 7 }],
    ["trust that is no hexadecimal", { trust: ["xy"] }],
    ["more trust than anybody has", { trust: Array<string>(65).fill("00") }],
    ["OSCORE without a secret", { oscore: { senderId: "01", recipientId: "" } }],
    ["OSCORE with half a byte", { oscore: { masterSecret: "0", senderId: "01", recipientId: "" } }],
    [
      "OSCORE with an algorithm of text",
      { oscore: { masterSecret: "00", senderId: "01", recipientId: "", aead: "10" } },
    ],
    ["OSCORE with a salt of numbers", { oscore: { masterSecret: "00", senderId: "", recipientId: "", masterSalt: 1 } }],
    ["credentials without a mode", { credentials: { identity: "00", secretKey: "00" } }],
    ["a key without end", { credentials: { mode: "psk", identity: "00", secretKey: "00".repeat(4_097) } }],
  ])("is not taken with %s", (_, change) => {
    expect(securityFromJson(change)).toBeUndefined();
    expect(provisionFromJson({ accounts: [{ uri: "coaps://a", lifetime: 1, shortServerId: 1, ...change }] })).toBe(
      undefined,
    );
  });

  it("can be cut or bent anywhere, and is read whole or not at all", () => {
    const text = bytes(JSON.stringify(stored(ACCOUNT)));
    const random = new SeededRandom(4);
    for (let i = 0; i < 5_000; i++) {
      const read = provisionFromJson(parsed(Buffer.from(mutate(text, random)).toString()));
      expect(read === undefined || read.accounts.length <= 1).toBe(true);
    }
  });
});

describe("two accounts", () => {
  const other: Account = { ...ACCOUNT, credentials: { ...SECURITY.credentials, secretKey: new Secret("00", "c") } };

  it("with another key lead to the same server by another way", () => {
    expect(sameServer(ACCOUNT, other)).toBe(true);
    expect(sameWay(ACCOUNT, other)).toBe(false);
    expect(sameWay(ACCOUNT, { ...ACCOUNT, lifetime: 7 })).toBe(true);
    expect(sameServer(ACCOUNT, { ...other, uri: "coaps://two" })).toBe(false);
    expect(sameServer(ACCOUNT, { ...other, version: "1.2" })).toBe(false);
  });

  it.each([
    { certificateUsage: 3 },
    { matchingType: 1 },
    { serverName: "other" },
    { ciphersuites: [] },
    { trust: [] },
    { oscore: { ...SECURITY.oscore, senderId: Uint8Array.of(9) } },
  ])("that differ in %j do not lead the same way", (change) => {
    expect(sameWay(ACCOUNT, { ...ACCOUNT, ...change })).toBe(false);
  });

  it("are compared by what they say, not by the names of their secrets", () => {
    const same = { ...ACCOUNT, credentials: { ...SECURITY.credentials, secretKey: new Secret("c0ffee", "elsewhere") } };
    expect(sameWay(ACCOUNT, same)).toBe(true);
    expect(sameAccount(ACCOUNT, same)).toBe(true);
  });

  it("come apart into what may be seen and what may not, and together again", () => {
    const open = withoutSecurity(ACCOUNT);
    expect(open).toEqual({ uri: "coaps://one", lifetime: 300, shortServerId: 1, priority: 2 });
    expect(sameAccount({ ...open, ...securityOf(ACCOUNT) }, ACCOUNT)).toBe(true);
  });
});
