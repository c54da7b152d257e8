/** Keys worked out of one secret: the vectors of docs/security.md, and that nothing is shared that should not be. */

import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { type Derivation, derivedKey, type Purpose } from "../../../src/config/security/derive.ts";

const ENDPOINT = "urn:dev:mac:cbb8334c884f";
const SECRET = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, "0")).join("");
const derivation = (context = "", secret = SECRET): Derivation => ({ secret: new Secret(secret, "test"), context });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const key = (from: Derivation, endpoint = ENDPOINT, length = 16, purpose: Purpose = "isthmus psk 1") =>
  hex(derivedKey(from, { purpose, endpoint, length }));

/** RFC 5869 §2 as it is written there, with nothing of ours in it. */
function hkdf(secret: Buffer, info: Buffer, length: number): Buffer {
  const prk = createHmac("sha256", Buffer.alloc(32)).update(secret).digest();
  let block = Buffer.alloc(0);
  let all = Buffer.alloc(0);
  for (let i = 1; all.length < length; i++) {
    block = createHmac("sha256", prk)
      .update(Buffer.concat([block, info, Buffer.of(i)]))
      .digest();
    all = Buffer.concat([all, block]);
  }
  return all.subarray(0, length);
}

describe("HKDF-SHA256 (RFC 5869)", () => {
  it("is what Node makes: test case 3 of Appendix A, without salt and info", () => {
    const okm = hkdfSync("sha256", Buffer.alloc(22, 0x0b), new Uint8Array(0), new Uint8Array(0), 42);
    expect(hex(new Uint8Array(okm))).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
    expect(hkdf(Buffer.alloc(22, 0x0b), Buffer.alloc(0), 42)).toEqual(Buffer.from(okm));
  });
});

describe("a key that is derived", () => {
  // Made with `openssl kdf` and with Python's hmac, neither of which knows this program.
  it.each<[Purpose, string, number, string]>([
    ["isthmus psk 1", "", 16, "a14779f75bcd84550b94fea7a4a2a377"],
    ["isthmus psk 1", "plant-7", 16, "9b06dc933bba7a56ac252b17f14507ef"],
    ["isthmus psk 1", "", 32, "a14779f75bcd84550b94fea7a4a2a37750654102202760e0ea1f301c1f5f49bb"],
    ["isthmus oscore secret 1", "", 16, "ed201f0b1e6bbae5165aed8a5f7d0821"],
    ["isthmus oscore id 1", "", 7, "beb65a1fc83c0c"],
  ])("is what the documentation says: %s, context %j, %i bytes", (purpose, context, length, expected) => {
    expect(key(derivation(context), ENDPOINT, length, purpose)).toBe(expected);
    const info = Buffer.from(`${purpose}\0${context}\0${ENDPOINT}`);
    expect(hkdf(Buffer.from(SECRET, "hex"), info, length).toString("hex")).toBe(expected);
  });

  it("is another for each endpoint, server, secret and purpose", () => {
    const all = [
      key(derivation()),
      key(derivation("a")),
      key(derivation("b")),
      key(derivation(), "other"),
      key(derivation("", SECRET.replace("00", "ff"))),
      key(derivation(), ENDPOINT, 16, "isthmus oscore secret 1"),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("is not shared by names that run into one another", () => {
    expect(key(derivation("a"), "b:c")).not.toBe(key(derivation("a:b"), "c"));
    expect(key(derivation("ab"), "c")).not.toBe(key(derivation("a"), "bc"));
  });

  it("costs little enough for thousands at a start", () => {
    const from = derivation();
    const before = process.cpuUsage();
    for (let i = 0; i < 1_000; i++) key(from, `sensor-${i}`);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  });
});
