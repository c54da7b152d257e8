import { createHmac, createSecretKey } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { allSuites, suiteOf } from "../../src/dtls/constants.ts";
import {
  extendedMasterSecret,
  keyBlock,
  masterSecret,
  prf,
  pskPreMaster,
  verifyData,
  type WriteKeys,
} from "../../src/dtls/kdf.ts";

const CLIENT_RANDOM = new Uint8Array(32).fill(0xc1);
const SERVER_RANDOM = new Uint8Array(32).fill(0x5e);
const MASTER = Uint8Array.from({ length: 48 }, (_, i) => i);

const hmac = (secret: Uint8Array, ...parts: (string | Uint8Array)[]) => {
  const mac = createHmac("sha256", secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** P_SHA256 written as RFC 5246 §5 has it, the seed whole. */
function expand(secret: Uint8Array, seed: Uint8Array, blocks: number): string {
  const found: Buffer[] = [];
  let a: Uint8Array = seed;
  for (let i = 0; i < blocks; i++) {
    a = hmac(secret, a);
    found.push(hmac(secret, a, seed));
  }
  return Buffer.concat(found).toString("hex");
}

describe("the pseudorandom function", () => {
  const secret = fromHex("9bbe436ba940f017b17652849a71db35");
  const seed = fromHex("a0ba9f936cda311827a6f796ffd5198c");
  // Published on the TLS list of the IETF (msg03416) for P_SHA256, and in use by most implementations since.
  const published =
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af" +
    "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66";

  it("gives the 100 bytes of the published vector", () => {
    expect(toHex(prf(secret, "test label", seed, 100))).toBe(published);
  });

  it.each([0, 1, 12, 31, 32, 33, 48, 63, 64, 65, 99])(
    "gives the first %d bytes of them when so many are asked for",
    (length) => {
      expect(toHex(prf(secret, "test label", seed, length))).toBe(published.slice(0, 2 * length));
    },
  );

  it("depends on the label and the seed as on one text", () => {
    const whole = Buffer.concat([Buffer.from("test label"), seed]);
    expect(toHex(prf(secret, "test ", Buffer.concat([Buffer.from("label"), seed]), 40))).toBe(published.slice(0, 80));
    expect(expand(secret, whole, 4).slice(0, 200)).toBe(published);
  });

  it("takes secrets longer than a block of the hash", () => {
    const long = new Uint8Array(200).fill(7);
    const whole = Buffer.concat([Buffer.from("label"), seed]);
    expect(toHex(prf(long, "label", seed, 64))).toBe(expand(long, whole, 2));
  });
});

describe("the master secret", () => {
  it("is of 48 bytes, with the client's random first", () => {
    const preMaster = fromHex("0102030405");
    const seed = Buffer.concat([Buffer.from("master secret"), CLIENT_RANDOM, SERVER_RANDOM]);
    expect(toHex(masterSecret(preMaster, CLIENT_RANDOM, SERVER_RANDOM))).toBe(expand(preMaster, seed, 2).slice(0, 96));
  });

  it("is bound to the handshake when extended", () => {
    const preMaster = fromHex("0102030405");
    const sessionHash = new Uint8Array(32).fill(0xab);
    const seed = Buffer.concat([Buffer.from("extended master secret"), sessionHash]);
    expect(toHex(extendedMasterSecret(preMaster, sessionHash))).toBe(expand(preMaster, seed, 2).slice(0, 96));
  });

  it("refuses a random that is not of 32 bytes", () => {
    expect(() => masterSecret(fromHex("01"), CLIENT_RANDOM.subarray(1), SERVER_RANDOM)).toThrow(RangeError);
    expect(() => keyBlock(MASTER, CLIENT_RANDOM, new Uint8Array(33), suiteOf(0xc0a8)!)).toThrow(RangeError);
  });
});

describe("the key block", () => {
  const seed = Buffer.concat([Buffer.from("key expansion"), SERVER_RANDOM, CLIENT_RANDOM]);
  const text = ({ key, salt, macKey }: WriteKeys) => ({
    key: toHex(key.export()),
    salt: toHex(salt),
    macKey: macKey && toHex(macKey.export()),
  });
  const part = (hex: string, at: number, length: number) => hex.slice(2 * at, 2 * (at + length));

  it.each(allSuites().filter(({ cipher }) => cipher !== "cbc"))("of $name is two keys, then two salts", (suite) => {
    const keys = keyBlock(MASTER, CLIENT_RANDOM, SERVER_RANDOM, suite);
    const block = expand(MASTER, seed, 2);
    expect(text(keys.client)).toEqual({ key: part(block, 0, 16), salt: part(block, 32, 4), macKey: undefined });
    expect(text(keys.server)).toEqual({ key: part(block, 16, 16), salt: part(block, 36, 4), macKey: undefined });
  });

  it.each(allSuites().filter(({ cipher }) => cipher === "cbc"))("of $name is two MAC keys, then two keys", (suite) => {
    const keys = keyBlock(MASTER, CLIENT_RANDOM, SERVER_RANDOM, suite);
    const block = expand(MASTER, seed, 3);
    expect(text(keys.client)).toEqual({ key: part(block, 64, 16), salt: "", macKey: part(block, 0, 32) });
    expect(text(keys.server)).toEqual({ key: part(block, 80, 16), salt: "", macKey: part(block, 32, 32) });
  });

  it("holds its keys so that they do not print", () => {
    const keys = keyBlock(MASTER, CLIENT_RANDOM, SERVER_RANDOM, suiteOf(0x00ae)!);
    const printed = JSON.stringify(keys) + inspect(keys, { depth: 9, showHidden: true });
    for (const { key, macKey } of [keys.client, keys.server])
      for (const secret of [key.export(), macKey!.export()]) {
        expect(printed).not.toContain(toHex(secret.subarray(0, 4)));
        expect(printed).not.toContain([...secret.subarray(0, 4)].join(", "));
      }
  });
});

describe("what a Finished proves", () => {
  it.each(["client finished", "server finished"] as const)(
    "is 12 bytes that the label %s makes one end's own",
    (label) => {
      const hash = new Uint8Array(32).fill(9);
      const seed = Buffer.concat([Buffer.from(label), hash]);
      expect(toHex(verifyData(MASTER, label, hash))).toBe(expand(MASTER, seed, 1).slice(0, 24));
    },
  );
});

describe("the premaster secret of a pre-shared key", () => {
  const key = createSecretKey(fromHex("aabbcc"));

  it("has as many zeros before the key as the key has bytes (RFC 4279 §2)", () => {
    expect(toHex(pskPreMaster(key))).toBe("0003 000000 0003 aabbcc".replaceAll(" ", ""));
  });

  it("has the ECDH secret in their place (RFC 5489 §2)", () => {
    expect(toHex(pskPreMaster(key, fromHex("0102030405")))).toBe("0005 0102030405 0003 aabbcc".replaceAll(" ", ""));
  });

  it("leaves the key as it is", () => {
    pskPreMaster(key);
    expect(toHex(key.export())).toBe("aabbcc");
  });

  it("takes keys of every length that LwM2M allows", () => {
    for (const length of [1, 16, 64]) {
      const long = createSecretKey(new Uint8Array(length).fill(0xee));
      expect(pskPreMaster(long)).toHaveLength(4 + 2 * length);
    }
  });
});
