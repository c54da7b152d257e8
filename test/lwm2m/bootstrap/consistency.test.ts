import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { configurationOf } from "../../../src/lwm2m/bootstrap/configuration.ts";
import { Inconsistent, provisionOf } from "../../../src/lwm2m/bootstrap/consistency.ts";
import type { Provision } from "../../../src/lwm2m/index.ts";
import { type Path, path } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";

const KEY = Uint8Array.of(1, 2, 3, 4);
const CREDENTIALS = {
  mode: "psk",
  identity: Uint8Array.of(0x69, 0x64),
  secretKey: new Secret("01020304", "test"),
} as const;
const FULL: Provision = {
  accounts: [
    {
      uri: "coaps://one:5684",
      lifetime: 86_400,
      shortServerId: 101,
      credentials: { ...CREDENTIALS, serverKey: KEY },
      securityInstance: 4,
      serverInstance: 7,
      defaultMinimumPeriod: 1,
      defaultMaximumPeriod: 60,
      disableTimeout: 3_600,
      storing: false,
      binding: "UT",
      queue: true,
      priority: 3,
      initialDelay: 4,
      failureBlock: true,
      bootstrapOnFailure: false,
      retryCount: 2,
      retryTimer: 5,
      sequenceDelay: 6,
      sequenceCount: 7,
      preferredTransport: "U",
      muteSend: true,
      confirmNotifications: true,
      version: "1.2",
    },
  ],
  bootstrap: { uri: "coap://bs", securityInstance: 2, holdOff: 10, accountTimeout: 20, version: "1.2", listen: true },
  access: [
    {
      instance: 0,
      object: 3,
      objectInstance: 0,
      rights: new Map([
        [101, 3],
        [0, 1],
      ]),
      owner: 65_535,
    },
  ],
};
const SIMPLE: Provision = {
  accounts: [{ uri: "coap://one", lifetime: 300, shortServerId: 1 }],
  bootstrap: { uri: "coap://bs" },
};

type Change = Readonly<Record<string, ResourceValue | undefined>>;

/** The provision that comes of a configuration with some values changed or taken away. */
function after(before: Provision, change: Change): Provision {
  const { values, bootstrapInstance } = configurationOf(before);
  for (const [at, value] of Object.entries(change)) {
    const where = path(...at.slice(1).split("/").map(Number));
    if (value === undefined) remove(values, where);
    else values.set(where, value);
  }
  return provisionOf(values, { provision: before, bootstrapInstance });
}

function remove(values: Map<Path, ResourceValue>, where: Path): void {
  for (const at of [...values.keys()]) if (at === where || at.startsWith(`${where}/`)) values.delete(at);
}

describe("a configuration and the provision that it is", () => {
  it("are the same both ways, with all that an account can say", () => {
    const again = after(FULL, {});
    expect(again.accounts[0]?.credentials?.secretKey.reveal()).toBe("01020304");
    expect(JSON.stringify(again.bootstrap)).toBe(JSON.stringify({ ...FULL.bootstrap, ...again.bootstrap }));
    expect({ ...again.accounts[0], credentials: undefined }).toEqual({ ...FULL.accounts[0], credentials: undefined });
    expect(again.access).toEqual(FULL.access);
  });

  it("number Instances where the provision does not", () => {
    const { values, bootstrapInstance } = configurationOf(SIMPLE);
    expect(bootstrapInstance).toBe(1);
    expect(values.get(path(0, 0, 0))).toBe("coap://one");
    expect(values.get(path(0, 1, 1))).toBe(true);
    expect(values.get(path(1, 0, 7))).toBe("U");
    expect(values.get(path(1, 0, 6))).toBe(true);
  });

  it("do not make up what was not written", () => {
    expect(after(SIMPLE, {}).accounts[0]).toEqual({
      uri: "coap://one",
      lifetime: 300,
      shortServerId: 1,
      securityInstance: 0,
      serverInstance: 0,
      storing: true,
      binding: "U",
    });
  });

  it("know Queue Mode by the Q of LwM2M 1.0, and by what was configured", () => {
    expect(after(SIMPLE, { "/1/0/7": "UQ" }).accounts[0]).toMatchObject({ binding: "U", queue: true });
    expect(after(FULL, { "/1/7/7": "U" }).accounts[0]).toMatchObject({ binding: "U", queue: true });
  });

  it("leave out optional values that mean nothing", () => {
    const [account] = after(SIMPLE, { "/1/0/2": -5, "/1/0/13": 2n ** 40n, "/1/0/22": "x".repeat(300) }).accounts;
    expect(account?.defaultMinimumPeriod).toBeUndefined();
    expect(account?.priority).toBeUndefined();
    expect(account?.preferredTransport).toBeUndefined();
  });
});

describe("what nobody could live with (LwM2M Core 1.2 §6.1.6)", () => {
  it.each<[string, Change]>([
    ["no server to register at", { "/1/0": undefined }],
    ["/1/0/0 is no Short Server ID", { "/1/0/0": undefined }],
    ["/1/0/0 is no Short Server ID", { "/1/0/0": 0 }],
    ["/1/0/0 is no Short Server ID", { "/1/0/0": 65_535 }],
    ["/1/0/1 is no lifetime", { "/1/0/1": undefined }],
    ["/1/0/1 is no lifetime", { "/1/0/1": -1 }],
    ["no Instance of Object 0 for server 1", { "/0/0": undefined }],
    ["no Instance of Object 0 for server 1", { "/0/0/10": 2 }],
    ["no Instance of Object 0 for server 2", { "/1/0/0": 2 }],
    ["/0/0/0 is no URI of coap or coaps", { "/0/0/0": undefined }],
    ["/0/0/0 is no URI of coap or coaps", { "/0/0/0": "one" }],
    ["/0/0/0 is no URI of coap or coaps", { "/0/0/0": "mqtt://one" }],
    ["/0/0/2 is NoSec, but /0/0/0 is coaps+tcp", { "/0/0/0": "coaps+tcp://one" }],
    ["/0/0/2 is NoSec, but /0/0/0 is coaps", { "/0/0/0": "coaps://one" }],
    ["/0/0/2 wants a certificate by EST, which is not spoken here", { "/0/0/2": 4 }],
    ["/0/0/2 is no security mode of ours", { "/0/0/2": 5 }],
    ["/0/0 lacks its identity or its key", { "/0/0/2": 0 }],
    ["Short Server ID 1 twice in Object 1", { "/1/5/0": 1, "/1/5/1": 60, "/1/5/7": "U" }],
    [
      "several Bootstrap-Servers in Object 0",
      { "/0/5/0": "coap://a", "/0/5/1": true, "/0/6/0": "coap://b", "/0/6/1": true },
    ],
    ["/2/0/1 is no number of 0 to 65535", { "/2/0/0": 3 }],
    ["/2/0/2/1 is no set of rights", { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/1": 32, "/2/0/3": 1 }],
  ])("%s", (reason, change) => {
    expect(() => after(SIMPLE, change)).toThrow(new Inconsistent(reason));
  });

  it.each([undefined, "", "X", "U,T"])("E74: a configuration whose /1/x/7 is %j", (binding) => {
    expect(() => after(SIMPLE, { "/1/0/7": binding })).toThrow(new Inconsistent("/1/0/7 is no binding"));
  });

  it("more servers than anybody has", () => {
    const many: Record<string, ResourceValue> = {};
    for (let id = 10; id < 30; id++)
      Object.assign(many, {
        [`/0/${id}/0`]: "coap://x",
        [`/0/${id}/10`]: id,
        [`/1/${id}/0`]: id,
        [`/1/${id}/1`]: 1,
        [`/1/${id}/7`]: "U",
      });
    expect(() => after(SIMPLE, many)).toThrow("more than 16 servers");
  });
});

describe("what can be lived with", () => {
  it.each([0, 65_535, 7, undefined])("E74: a Short Server ID of %j in the account of the Bootstrap-Server", (ssid) => {
    expect(after(SIMPLE, { "/0/1/10": ssid }).bootstrap?.uri).toBe("coap://bs");
  });

  it("a Bootstrap-Server with the Short Server ID of a server", () => {
    const { accounts } = after(SIMPLE, { "/0/1/10": 1 });
    expect(accounts[0]?.uri).toBe("coap://one");
  });

  it("ways that lead to no server, left over from before", () => {
    expect(after(SIMPLE, { "/0/9/0": "coap://old", "/0/9/10": 9 }).accounts).toHaveLength(1);
  });

  it("several ways to one server: the first that can be gone", () => {
    const { accounts } = after(SIMPLE, { "/0/0/0": "mqtt://one", "/0/9/0": "coap://other", "/0/9/10": 1 });
    expect(accounts[0]).toMatchObject({ uri: "coap://other", securityInstance: 9 });
  });

  it("another Bootstrap-Server, which takes the place of the present one (§6.1.3.3)", () => {
    const { bootstrap } = after(SIMPLE, { "/0/5/0": "coap://new", "/0/5/1": true, "/0/5/11": 30 });
    expect(bootstrap).toEqual({ uri: "coap://new", securityInstance: 5, holdOff: 30 });
  });

  it("E73: a server written over the Bootstrap-Server's own Instance, which then has another", () => {
    const next = after(SIMPLE, {
      "/0/1/0": "coap://two",
      "/0/1/1": false,
      "/0/1/10": 2,
      "/1/1/0": 2,
      "/1/1/1": 60,
      "/1/1/7": "U",
    });
    expect(next.accounts.map(({ uri }) => uri)).toEqual(["coap://one", "coap://two"]);
    expect(next.bootstrap).toEqual({ uri: "coap://bs" });
    expect(configurationOf(next).bootstrapInstance).toBe(2);
  });

  it.each<[string, Change, unknown]>([
    [
      "goes to the one with the most rights",
      { "/2/0/2/1": 1, "/2/0/2/2": 7 },
      {
        owner: 2,
        rights: new Map([
          [1, 1],
          [2, 7],
        ]),
      },
    ],
    ["forgets others that are gone", { "/2/0/2/1": 1, "/2/0/2/8": 31 }, { owner: 1, rights: new Map([[1, 1]]) }],
    [
      "keeps what holds for all others",
      { "/2/0/2/1": 1, "/2/0/2/0": 3 },
      {
        owner: 1,
        rights: new Map([
          [1, 1],
          [0, 3],
        ]),
      },
    ],
    ["ends with its owner if nobody else is in it", { "/2/0/2/0": 3 }, undefined],
    ["stays with a Bootstrap-Server", { "/2/0/3": 65_535 }, { owner: 65_535, rights: new Map() }],
  ])("a rule whose owner is gone %s (LwM2M Transport 1.1 §5.2.5)", (_, change, then) => {
    const second = { "/0/3/0": "coap://two", "/0/3/10": 2, "/1/3/0": 2, "/1/3/1": 60, "/1/3/7": "U" };
    const { access } = after(SIMPLE, { ...second, "/2/0/0": 3, "/2/0/1": 0, "/2/0/3": 9, ...change });
    if (then === undefined) expect(access).toBeUndefined();
    else expect(access).toEqual([expect.objectContaining(then)]);
  });

  it("keys, which are kept and shown to nobody", () => {
    const { accounts } = after(SIMPLE, {
      "/0/0/0": "coaps://one",
      "/0/0/2": 0,
      "/0/0/3": KEY,
      "/0/0/5": Uint8Array.of(0xde, 0xad),
    });
    expect(accounts[0]?.credentials?.secretKey.reveal()).toBe("dead");
    expect(JSON.stringify(accounts[0])).not.toContain("dead");
  });
});
