import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { keysOf, oscoreOf } from "../../src/dial/security.ts";
import type { Account } from "../../src/lwm2m/index.ts";

const KEY = "00112233445566778899aabbccddeeff";
const account = (more: Partial<Account> = {}): Account => ({
  uri: "coaps://server",
  lifetime: 300,
  shortServerId: 1,
  ...more,
});
const psk = (identity: Uint8Array, key = KEY) =>
  account({ credentials: { mode: "psk", identity, secretKey: new Secret(key, "key of the test") } });

describe("the keys of an account", () => {
  it("become objects that do not print", () => {
    const keys = keysOf(psk(Buffer.from("tag")), "server");
    if (keys.mode !== "psk") throw new Error(keys.mode);
    expect(Buffer.from(keys.identity).toString()).toBe("tag");
    expect(keys.key.export().toString("hex")).toBe(KEY);
    expect(JSON.stringify(keys)).not.toContain("0011");
  });

  it.each([
    ["none at all", account(), "coaps needs a key or a certificate"],
    ["no identity", psk(new Uint8Array()), "PSK identity (/0/x/3) has 0 bytes"],
    ["an endless identity", psk(new Uint8Array(129)), "PSK identity (/0/x/3) has 129 bytes"],
    ["no key", psk(Buffer.from("tag"), ""), "pre-shared key (/0/x/5) has 0 bytes"],
    ["a key that is no hex", psk(Buffer.from("tag"), "swordfish"), "pre-shared key (/0/x/5) has 0 bytes"],
    ["an endless key", psk(Buffer.from("tag"), KEY.repeat(5)), "pre-shared key (/0/x/5) has 80 bytes"],
  ])("are refused with the Resource that is wrong: %s", (_, wrong, words) => {
    expect(() => keysOf(wrong, "server")).toThrow(words);
    try {
      keysOf(wrong, "server");
    } catch (error) {
      expect(String(error)).not.toMatch(/swordfish|0011/);
    }
  });

  it("carry what an account says of the server's certificate, and its refusals", () => {
    const credentials = {
      mode: "x509",
      identity: Buffer.from("no certificate"),
      serverKey: new Uint8Array(3),
      secretKey: new Secret("01".repeat(32), "key of the test"),
    } as const;
    expect(() => keysOf(account({ credentials, certificateUsage: 3, matchingType: 0 }), "h")).toThrow(
      "certificate (/0/x/3)",
    );
    expect(() => keysOf(account({ credentials: { ...credentials, mode: "rpk" } }), "h")).toThrow("/0/x/3");
  });
});

describe("the OSCORE context of an account", () => {
  const material = {
    masterSecret: new Secret("0102030405060708090a0b0c0d0e0f10", "master secret"),
    senderId: new Uint8Array(),
    recipientId: Uint8Array.of(1),
  };

  it("leaves out what is as usual", () => {
    const { masterSecret, ...rest } = oscoreOf(material);
    expect(masterSecret.export().toString("hex")).toBe("0102030405060708090a0b0c0d0e0f10");
    expect(rest).toEqual({ senderId: new Uint8Array(), recipientId: Uint8Array.of(1) });
  });

  it("takes over what is not (RFC 8613 §3.2)", () => {
    const more = { masterSalt: Uint8Array.of(9), idContext: Uint8Array.of(8), aead: 10, hkdf: -10 };
    expect(oscoreOf({ ...material, ...more })).toMatchObject(more);
  });
});
