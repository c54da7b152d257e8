/** Objects 0 and 21 as accounts: what holds of all they say, and in which words the rest is refused. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { configurationOf } from "../../../src/lwm2m/bootstrap/configuration.ts";
import { provisionOf } from "../../../src/lwm2m/bootstrap/consistency.ts";
import { Inconsistent, securityFields } from "../../../src/lwm2m/bootstrap/security.ts";
import type { Account, OscoreMaterial, Provision } from "../../../src/lwm2m/index.ts";
import { type Path, path } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const KEY = Uint8Array.of(1, 2, 3, 4);
const OSCORE: OscoreMaterial = {
  masterSecret: new Secret("0102030405060708090a0b0c0d0e0f10", "test"),
  senderId: Uint8Array.of(1),
  recipientId: new Uint8Array(0),
  aead: 10,
  hkdf: -10,
  masterSalt: bytes("salt"),
  idContext: bytes("context"),
  instance: 4,
};
const X509: Account = {
  uri: "coaps://one:5684",
  lifetime: 300,
  shortServerId: 1,
  securityInstance: 0,
  serverInstance: 0,
  storing: true,
  binding: "U",
  credentials: { mode: "x509", identity: bytes("ours"), serverKey: bytes("theirs"), secretKey: new Secret("0a", "x") },
  matchingType: 1,
  serverName: "lwm2m.example",
  certificateUsage: 2,
  ciphersuites: [0xc0ae, 0xc02b],
  trust: [bytes("an authority")],
};
const provision = (account: Account, bootstrap: Provision["bootstrap"] = { uri: "coap://bs" }): Provision => ({
  accounts: [account],
  bootstrap,
});
const again = (before: Provision): Provision => {
  const { values, bootstrapInstance } = configurationOf(before);
  return provisionOf(values, { provision: before, bootstrapInstance });
};

/** Instance 0 of Object 0 with some Resources, and more values beside it. */
function fields(
  resources: Readonly<Record<number, ResourceValue>>,
  more: readonly (readonly [Path, ResourceValue])[] = [],
) {
  const values = new Map<Path, ResourceValue>(more);
  for (const [id, value] of Object.entries(resources)) values.set(path(0, 0, Number(id)), value);
  return securityFields(values, 0);
}
const oscore = (resources: Readonly<Record<number, ResourceValue>>) =>
  Object.entries(resources).map(([id, value]): [Path, ResourceValue] => [path(21, 4, Number(id)), value]);

describe("an account and its Instance of Object 0", () => {
  it("are the same both ways: names, usages, matching, ciphersuites, and what this machine trusts", () => {
    expect(again(provision(X509)).accounts[0]).toEqual({
      ...X509,
      credentials: { ...X509.credentials, secretKey: expect.any(Secret) as Secret },
    });
    expect(again(provision(X509)).accounts[0]?.credentials?.secretKey.reveal()).toBe("0a");
  });

  it("stand where LwM2M Core 1.2 Appendix E.1 has them", () => {
    const { values } = configurationOf(provision(X509));
    expect(values.get(path(0, 0, 2))).toBe(2);
    expect(values.get(path(0, 0, 13))).toBe(1);
    expect(values.get(path(0, 0, 14))).toBe("lwm2m.example");
    expect(values.get(path(0, 0, 15))).toBe(2);
    expect([values.get(path(0, 0, 16, 0)), values.get(path(0, 0, 16, 1))]).toEqual([0xc0ae, 0xc02b]);
  });

  it("keep what protects messages in Object 21, which /0/x/17 leads to", () => {
    const before = provision({ uri: "coap://one", lifetime: 300, shortServerId: 1, oscore: OSCORE });
    const { values } = configurationOf(before);
    expect(values.get(path(0, 0, 17))).toEqual({ object: 21, instance: 4 });
    expect(values.get(path(21, 4, 1))).toEqual(Uint8Array.of(1));
    const [account] = again(before).accounts;
    expect(account?.oscore).toEqual({ ...OSCORE, masterSecret: expect.any(Secret) as Secret });
    expect(account?.oscore?.masterSecret.reveal()).toBe(OSCORE.masterSecret.reveal());
  });

  it("number Instances of Object 21 where the account does not, each its own", () => {
    const { masterSecret, senderId, recipientId } = OSCORE;
    const unplaced = { masterSecret, senderId, recipientId };
    const account = { uri: "coap://one", lifetime: 300, shortServerId: 1, oscore: unplaced };
    const { values, bootstrapOscore } = configurationOf(provision(account, { uri: "coap://bs", oscore: unplaced }));
    expect(values.get(path(0, 0, 17))).toEqual({ object: 21, instance: 0 });
    expect(values.get(path(0, 1, 17))).toEqual({ object: 21, instance: 1 });
    expect(bootstrapOscore).toBe(1);
  });

  it("may lead nowhere: 65535:65535 is no link (LwM2M Core 1.2 Appendix C)", () => {
    expect(fields({ 0: "coap://one", 17: { object: 65_535, instance: 65_535 } })).toEqual({ uri: "coap://one" });
  });

  it("leave out names and salts that are empty", () => {
    const more = oscore({ 0: KEY, 1: Uint8Array.of(1), 2: Uint8Array.of(2), 5: new Uint8Array(0) });
    const { oscore: material, serverName } = fields({ 0: "coap://a", 14: "", 17: { object: 21, instance: 4 } }, more);
    expect(serverName).toBeUndefined();
    expect(material).toMatchObject({ senderId: Uint8Array.of(1), recipientId: Uint8Array.of(2) });
    expect(material?.masterSalt).toBeUndefined();
  });

  it("speak each way that LwM2M has, with a key where the way asks for one", () => {
    const key = { 2: 0, 3: bytes("me"), 5: KEY };
    for (const scheme of ["coaps", "coaps+tcp"])
      expect(fields({ 0: `${scheme}://one`, ...key }).credentials?.mode).toBe("psk");
    for (const scheme of ["coap", "coap+tcp"]) expect(fields({ 0: `${scheme}://one` }).credentials).toBeUndefined();
  });

  it("show no key to whoever prints them", () => {
    const shown = JSON.stringify(again(provision({ ...X509, oscore: OSCORE })));
    expect(shown).not.toContain(OSCORE.masterSecret.reveal());
    expect(shown).toContain("provisioned by bootstrap");
  });
});

describe("of several ways to one server", () => {
  const tcp = { uri: "coap+tcp://one", lifetime: 300, shortServerId: 1, securityInstance: 0, serverInstance: 0 };
  const both = (binding: string) => {
    const before = provision({ ...tcp, binding });
    const { values, bootstrapInstance } = configurationOf(before);
    values.set(path(0, 9, 0), "coap://one");
    values.set(path(0, 9, 10), 1);
    return provisionOf(values, { provision: before, bootstrapInstance }).accounts[0]?.uri;
  };

  it("the one is gone whose transport /1/x/7 puts first (LwM2M Core 1.2 §6.2.1.2)", () => {
    expect(both("U")).toBe("coap://one");
    expect(both("UT")).toBe("coap://one");
    expect(both("TU")).toBe("coap+tcp://one");
  });
});

describe("what a Bootstrap-Server is told instead of 2.04", () => {
  const psk = { 0: "coaps://one", 2: 0, 3: bytes("me"), 5: KEY };
  const link = { 0: "coap://one", 17: { object: 21, instance: 4 } };
  const sound = { 0: KEY, 1: Uint8Array.of(1), 2: Uint8Array.of(2) };

  it.each<[string, Record<number, ResourceValue>]>([
    ["/0/0/2 asks for a key, but /0/0/0 is coap", { ...psk, 0: "coap://one" }],
    ["/0/0/2 asks for a key, but /0/0/0 is coap+tcp", { ...psk, 0: "coap+tcp://one" }],
    ["/0/0/2 is NoSec, but /0/0/0 is coaps", { 0: "coaps://one" }],
    ["/0/0 lacks its identity or its key", { ...psk, 3: new Uint8Array(0) }],
    ["/0/0 lacks its identity or its key", { ...psk, 5: new Uint8Array(0) }],
    ["/0/0 lacks its identity or its key", { ...psk, 5: "a text" }],
    ["/0/0/3 is an identity of more than 128 bytes", { ...psk, 3: new Uint8Array(129) }],
    ["/0/0/5 is a key of more than 64 bytes", { ...psk, 5: new Uint8Array(65) }],
    ["/0/0/4 is empty: nothing would tell the server from a stranger", { ...psk, 2: 1 }],
    ["/0/0/4 is empty: nothing would tell the server from a stranger", { ...psk, 2: 2, 4: new Uint8Array(0) }],
    ["/0/0/13 is no number of 0 to 3", { ...psk, 13: 4 }],
    ["/0/0/14 is no name of a server", { ...psk, 14: "x".repeat(254) }],
    ["/0/0/15 is no number of 0 to 3", { ...psk, 15: -1 }],
    ["/0/0/17 leads to no OSCORE", { ...link, 17: { object: 3, instance: 0 } }],
    ["/0/0/17 leads to no OSCORE", { ...link, 17: 21 }],
    ["/0/0/17 leads to /21/4, which has no secret", link],
  ])("%s", (reason, resources) => {
    expect(() => fields(resources)).toThrow(new Inconsistent(reason));
  });

  it("one context of Object 21 for two servers, or for one and the Bootstrap-Server (RFC 8613 §3.3)", () => {
    const at = (shortServerId: number, more: Partial<Account> = {}): Account => ({
      uri: `coap://${shortServerId}`,
      lifetime: 300,
      shortServerId,
      securityInstance: shortServerId,
      serverInstance: shortServerId,
      binding: "U",
      ...more,
    });
    const shared = { oscore: OSCORE };
    const words = new Inconsistent("/21/4 is the context of two servers");
    expect(() => again({ accounts: [at(1, shared), at(2, shared)] })).toThrow(words);
    expect(() => again({ accounts: [at(1, shared)], bootstrap: { uri: "coap://bs", ...shared } })).toThrow(words);
    expect(again({ accounts: [at(1, shared), at(2, { oscore: { ...OSCORE, instance: 5 } })] }).accounts).toHaveLength(
      2,
    );
  });

  it.each<[string, Record<number, ResourceValue>]>([
    ["/0/0/17 leads to /21/4, which has no secret", { ...sound, 0: new Uint8Array(0) }],
    ["/21/4/1 is no ID of at most 7 bytes", { ...sound, 1: new Uint8Array(8) }],
    ["/21/4/2 is no ID of at most 7 bytes", { ...sound, 2: 7 }],
    ["/21/4/1 and /21/4/2 are the same", { ...sound, 2: Uint8Array.of(1) }],
    ["/21/4/1 and /21/4/2 are the same", { 0: KEY }],
  ])("of Object 21: %s", (reason, resources) => {
    expect(() => fields(link, oscore(resources))).toThrow(new Inconsistent(reason));
  });

  it("too many ciphersuites, or one that is none", () => {
    const suite = (index: number, value: ResourceValue): [Path, ResourceValue] => [path(0, 0, 16, index), value];
    expect(() => fields(psk, [suite(3, 65_536)])).toThrow(new Inconsistent("/0/0/16/3 is no ciphersuite"));
    const many = Array.from({ length: 65 }, (_, index) => suite(index, 0xc0a8));
    expect(() => fields(psk, many)).toThrow(new Inconsistent("/0/0/16 names more than 64 ciphersuites"));
  });
});
