/** The servers of a configuration as clients see them: shared where they can be, with keys of each endpoint where not. */

import { describe, expect, it } from "vitest";
import { Secret } from "../src/base/secret.ts";
import { upstreamOf } from "../src/accounts.ts";
import type { Config } from "../src/config/index.ts";
import { fingerprint } from "../src/lwm2m/index.ts";
import { MemoryLog } from "./support/memory-log.ts";

const MASTER = new Secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "!file master");
const DERIVED = {
  mode: "psk",
  identity: "{endpoint}",
  keys: { from: "secret", secret: MASTER, context: "", length: 16 },
} as const;
const TABLE = {
  mode: "psk",
  identity: "{endpoint}",
  keys: { from: "table", name: "!file t", rows: new Map([["tag-1", { key: new Secret("0b", "!file t") }]]) },
} as const;

function config(change: Partial<Config>): Config {
  return {
    gateway: { allowReboot: false },
    servers: [{ uri: "coaps://a", lifetime: 300, security: DERIVED }],
    adapters: [],
    adopt: [],
    sensors: [],
    objects: [],
    log: { level: "info" },
    ...change,
  };
}
const upstream = (change: Partial<Config>, log = new MemoryLog()) => upstreamOf(config(change), undefined, log);

describe("servers without security", () => {
  it("are the same for all: nothing is made for each", () => {
    const { accounts, provisionFor } = upstream({ servers: [{ uri: "coap://a", lifetime: 60 }] });
    expect(provisionFor).toBeUndefined();
    expect(accounts).toEqual([{ uri: "coap://a", lifetime: 60, shortServerId: 1 }]);
  });
});

describe("servers with keys", () => {
  it("have none in what all share", () => {
    expect(JSON.stringify(upstream({}).accounts)).toBe('[{"uri":"coaps://a","lifetime":300,"shortServerId":1}]');
  });

  it("are given each endpoint with its own, the same at each time", () => {
    const { provisionFor } = upstream({});
    const [one, two] = ["tag-1", "tag-2"].map((endpoint) => provisionFor?.(endpoint, "r/1"));
    expect(one?.accounts[0]?.credentials?.secretKey.reveal()).toHaveLength(32);
    expect(Buffer.from(one?.accounts[0]?.credentials?.identity ?? []).toString()).toBe("tag-1");
    expect(one && two && fingerprint(one) === fingerprint(two)).toBe(false);
    const again = provisionFor?.("tag-1", "r/1");
    expect(again && one && fingerprint(again)).toBe(one && fingerprint(one));
  });

  it("know a sensor by what stands at it instead, and the gateway itself by what all have", () => {
    const own = { source: "r/1", security: { identity: "me", key: new Secret("0c", "own") } };
    const { provisionFor } = upstream({ sensors: [own, { source: "r/2" }] });
    const key = (endpoint: string, source?: string) =>
      provisionFor?.(endpoint, source).accounts[0]?.credentials?.secretKey.reveal();
    expect(key("tag", "r/1")).toBe("0c");
    expect(key("tag", "r/2")).toBe(key("tag"));
    expect(key("tag")).not.toBe("0c");
  });

  it("may be several, with bootstrap beside them, and some without", () => {
    const { provisionFor, bootstrap } = upstream({
      servers: [
        { uri: "coap://a", lifetime: 300 },
        { uri: "coaps://b", lifetime: 300, shortServerId: 9, security: TABLE },
      ],
      bootstrap: { uri: "coaps://bs", security: DERIVED },
    });
    const { accounts, bootstrap: own } = provisionFor?.("tag-1", undefined) ?? { accounts: [] };
    expect(accounts.map(({ shortServerId, credentials }) => [shortServerId, credentials?.secretKey.reveal()])).toEqual([
      [1, undefined],
      [9, "0b"],
    ]);
    expect(own?.credentials?.secretKey.reveal()).toHaveLength(32);
    expect(bootstrap).toEqual({ uri: "coaps://bs" });
  });

  it("that have none for an endpoint are named in the log, with what to do", () => {
    const log = new MemoryLog();
    const { provisionFor } = upstream({ servers: [{ uri: "coaps://a", lifetime: 300, security: TABLE }] }, log);
    const [account] = provisionFor?.("tag-7", "r/7").accounts ?? [];
    expect(account?.credentials).toBeUndefined();
    expect(account?.lacking).toBe("the table !file t has no key for tag-7: add it there, and start again");
    expect(log.lines).toMatchObject([
      {
        level: "warn",
        event: "no-key",
        fields: { endpoint: "tag-7", reason: "the table !file t has no key for tag-7: add it there, and start again" },
      },
    ]);
  });
});
