import { createSecretKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SavedSession } from "../../src/base/association.ts";
import type { Credentials } from "../../src/base/credentials.ts";
import { suiteOf } from "../../src/dtls/constants.ts";
import { credentialsFingerprint, resumable } from "../../src/dtls/session.ts";

const bytes = (text: string) => Buffer.from(text);
const psk = (identity: string, key: string): Credentials => ({
  mode: "psk",
  identity: bytes(identity),
  key: createSecretKey(bytes(key)),
});
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const rpk = (publicKey: string, serverKey: string, serverKeyMatching?: 1 | 2 | 3): Credentials => ({
  mode: "rpk",
  privateKey,
  publicKey: bytes(publicKey),
  serverKey: bytes(serverKey),
  ...(serverKeyMatching && { serverKeyMatching }),
});
const x509 = (chain: readonly string[], serverName?: string): Credentials => ({
  mode: "x509",
  privateKey,
  chain: chain.map(bytes),
  ...(serverName !== undefined && { serverName }),
  judge: () => ({ status: "wait", reason: "" }),
});

describe("what tells credentials apart", () => {
  it("is the same for the same ones", () => {
    expect(credentialsFingerprint(psk("a", "key"))).toBe(credentialsFingerprint(psk("a", "key")));
    expect(credentialsFingerprint(x509(["a"]))).toBe(credentialsFingerprint(x509(["a"])));
  });

  it("differs with anything that proves who one is", () => {
    const all = [
      psk("a", "key"),
      psk("b", "key"),
      psk("a", "kez"),
      psk("ak", "ey"),
      rpk("a", "key"),
      rpk("ak", "ey"),
      rpk("a", "kez"),
      rpk("a", "key", 1),
      x509(["a", "key"]),
      x509(["akey"]),
      x509(["a"], "key"),
      x509(["a", "key"], "host"),
      { ...x509(["a", "key"]), judgeName: "another" },
    ].map(credentialsFingerprint);
    expect(new Set(all).size).toBe(all.length);
  });

  it("holds no key", () => {
    expect(credentialsFingerprint(psk("a", "key"))).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("whether a session may be offered", () => {
  const suites = [suiteOf(0xc0a8)!, suiteOf(0x00a8)!];
  const session: SavedSession = {
    id: new Uint8Array(32).fill(1),
    masterSecret: new Uint8Array(48),
    suite: 0x00a8,
    extendedMasterSecret: true,
    credentials: "ours",
  };

  it("with its suite, if all is as it was", () => {
    expect(resumable(session, suites, "ours")).toEqual({ session, suite: suites[1] });
  });

  it.each<[string, Partial<SavedSession>]>([
    ["no id", { id: new Uint8Array(0) }],
    ["an id of 33 bytes (RFC 5246 §7.4.1.2)", { id: new Uint8Array(33) }],
    ["a master secret of 49 bytes (RFC 5246 §8.1)", { masterSecret: new Uint8Array(49) }],
    ["a suite that is not offered", { suite: 0xc0a4 }],
    ["no extended master secret (RFC 7627 §5.3)", { extendedMasterSecret: false }],
    ["credentials of others", { credentials: "theirs" }],
  ])("not with %s", (_, change) => {
    expect(resumable({ ...session, ...change }, suites, "ours")).toBeUndefined();
  });

  it("nothing is offered where there is nothing", () => {
    expect(resumable(undefined, suites, "ours")).toBeUndefined();
  });
});
