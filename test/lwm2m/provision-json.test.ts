import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { fingerprint, type Provision, provisionFromJson, provisionToJson } from "../../src/lwm2m/index.ts";
import { sameAccount, sameWay } from "../../src/lwm2m/provision-json.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const CREDENTIALS = {
  mode: "psk",
  identity: Uint8Array.of(0x69, 0x64),
  serverKey: Uint8Array.of(9),
  secretKey: new Secret("c0ffee", "test"),
} as const;
const ACCOUNT = {
  uri: "coaps://one:5684",
  lifetime: 300,
  shortServerId: 1,
  securityInstance: 3,
  serverInstance: 2,
  credentials: CREDENTIALS,
  storing: false,
  priority: 4,
  binding: "U",
  queue: true,
  confirmNotifications: false,
  version: "1.2",
} as const;
const PROVISION: Provision = {
  accounts: [ACCOUNT],
  bootstrap: {
    uri: "coap://bs",
    holdOff: 5,
    accountTimeout: 60,
    purgeAt: 1_800_000_000_000,
    listen: true,
    version: "1.0",
  },
  access: [
    {
      instance: 1,
      object: 3,
      objectInstance: 65_535,
      rights: new Map([
        [1, 31],
        [0, 1],
      ]),
      owner: 1,
    },
  ],
};
const stored = (provision: Provision): unknown => JSON.parse(JSON.stringify(provisionToJson(provision)));

describe("a provision in a file", () => {
  it("comes back as it was, keys included", () => {
    const again = provisionFromJson(stored(PROVISION));
    expect(again?.accounts[0]?.credentials?.secretKey.reveal()).toBe("c0ffee");
    expect(again?.accounts[0]?.credentials?.identity).toEqual(CREDENTIALS.identity);
    expect(again?.access).toEqual(PROVISION.access);
    expect(again?.bootstrap).toEqual(PROVISION.bootstrap);
    expect(again && fingerprint(again)).toBe(fingerprint(PROVISION));
  });

  it("may have no server, no Bootstrap-Server, no rules", () => {
    expect(provisionFromJson(stored({ accounts: [] }))).toEqual({ accounts: [] });
  });

  it.each<[string, (json: Record<string, unknown>) => unknown]>([
    ["has no list of servers", () => ({})],
    ["is none", () => null],
    ["is text", () => "provision"],
    ["has a server without a URI", ({ accounts }) => ({ accounts: [{ ...first(accounts), uri: undefined }] })],
    ["has a URI that is none", ({ accounts }) => ({ accounts: [{ ...first(accounts), uri: "one" }] })],
    ["has a lifetime that is none", ({ accounts }) => ({ accounts: [{ ...first(accounts), lifetime: 1.5 }] })],
    [
      "has a Short Server ID that is none",
      ({ accounts }) => ({ accounts: [{ ...first(accounts), shortServerId: 0 }] }),
    ],
    ["has a server twice", ({ accounts }) => ({ accounts: [first(accounts), first(accounts)] })],
    [
      "has too many servers",
      ({ accounts }) => ({
        accounts: Array.from({ length: 17 }, (_, i) => ({ ...first(accounts), shortServerId: i + 1 })),
      }),
    ],
    ["has a version that is none", ({ accounts }) => ({ accounts: [{ ...first(accounts), version: "2.0" }] })],
    [
      "has a mode that is none",
      ({ accounts }) => ({
        accounts: [{ ...first(accounts), credentials: { mode: "est", identity: "", secretKey: "" } }],
      }),
    ],
    [
      "has a key that is none",
      ({ accounts }) => ({
        accounts: [{ ...first(accounts), credentials: { mode: "psk", identity: "", secretKey: "xyz" } }],
      }),
    ],
    [
      "has an endless key",
      ({ accounts }) => ({
        accounts: [{ ...first(accounts), credentials: { mode: "psk", identity: "", secretKey: "00".repeat(5_000) } }],
      }),
    ],
    [
      "has an Instance that is none",
      ({ accounts }) => ({ accounts: [{ ...first(accounts), serverInstance: 70_000 }] }),
    ],
    ["has a Bootstrap-Server without a URI", (json) => ({ ...json, bootstrap: {} })],
    ["has rules that are no list", (json) => ({ ...json, access: {} })],
    [
      "has rights that are none",
      (json) => ({ ...json, access: [{ instance: 0, object: 1, objectInstance: 1, rights: [[1, 99]], owner: 1 }] }),
    ],
    ["has a rule about nothing", (json) => ({ ...json, access: [{ instance: 0, rights: [], owner: 1 }] })],
  ])("is not taken if it %s", (_, spoil) => {
    expect(provisionFromJson(spoil(Object.fromEntries(Object.entries(stored(PROVISION) ?? {}))))).toBeUndefined();
  });

  it("leaves out optional values that are none", () => {
    const json = {
      accounts: [
        { uri: "coap://one", lifetime: 1, shortServerId: 1, priority: "first", storing: 1, binding: 5, queue: "yes" },
      ],
    };
    expect(provisionFromJson(json)).toEqual({ accounts: [{ uri: "coap://one", lifetime: 1, shortServerId: 1 }] });
  });

  it("never throws, whatever the file says", () => {
    const random = new SeededRandom(3);
    const text = JSON.stringify(stored(PROVISION));
    for (let i = 0; i < 2_000; i++) {
      const at = Math.floor(random.unit() * text.length);
      const spoiled = text.slice(0, at) + String.fromCharCode(32 + Math.floor(random.unit() * 95)) + text.slice(at + 1);
      let json: unknown;
      try {
        json = JSON.parse(spoiled);
      } catch {
        continue;
      }
      provisionFromJson(json);
    }
  });
});

describe("accounts", () => {
  it("lead the same way if address, keys and version are the same", () => {
    expect(sameWay(ACCOUNT, { ...ACCOUNT, lifetime: 5, priority: 9 })).toBe(true);
    expect(sameWay(ACCOUNT, { ...ACCOUNT, uri: "coaps://two" })).toBe(false);
    expect(sameWay(ACCOUNT, { ...ACCOUNT, version: "1.1" })).toBe(false);
    expect(sameWay(ACCOUNT, { ...ACCOUNT, credentials: { ...CREDENTIALS, secretKey: new Secret("00", "x") } })).toBe(
      false,
    );
  });

  it("are the same if all they say is, in whatever order", () => {
    const { uri, ...rest } = ACCOUNT;
    expect(sameAccount(ACCOUNT, { ...rest, uri })).toBe(true);
    expect(sameAccount(ACCOUNT, { ...ACCOUNT, lifetime: 5 })).toBe(false);
  });

  it("show no key in their fingerprint", () => {
    expect(fingerprint(PROVISION)).toMatch(/^[\w-]{43}$/);
    const other = {
      ...PROVISION,
      accounts: [{ ...ACCOUNT, credentials: { ...CREDENTIALS, secretKey: new Secret("00", "x") } }],
    };
    expect(fingerprint(other)).not.toBe(fingerprint(PROVISION));
  });
});

function first(accounts: unknown): object {
  const account: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  return typeof account === "object" && account !== null ? account : {};
}
