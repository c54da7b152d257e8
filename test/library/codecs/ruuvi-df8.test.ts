/** Ruuvi data format 8: one sealed block, told from a wrong key by its sum and its zeros. Values: ruuvi/ruuvi.endpoints.c. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { loadDevices, SealedError } from "../../../src/library/index.ts";
import { advert, frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const DEVICE = loadDevices().library.get("ruuvi.tag.df8")!;
const KEY = fromHex("5275757669436F6DAABBCCDDEEFF0011");
const frame = (bytes: Uint8Array) => frameOf(advert(0x0499, bytes));

/** The sum of the vector is 3F. */
function seal(plain: string, sum: number): Uint8Array {
  const cipher = createCipheriv("aes-128-ecb", KEY, null);
  cipher.setAutoPadding(false);
  return Uint8Array.of(0x08, ...cipher.update(fromHex(plain)), sum, ...fromHex("CBB8334C884F"));
}

const VALID = seal("12FC5394C37CAC3619CF00CD00000000", 0x3f);

describe("a sealed RuuviTag", () => {
  it("is opened with its key, once", () => {
    const session = DEVICE.createSession(KEY);
    const fields = DEVICE.decode(frame(VALID), session)?.fields;
    expect(fields?.get("temperature")).toEqual({ value: 24.3, unit: "Cel" });
    expect(fields?.get("movement_counter")).toEqual({ value: 6607 });
    expect(DEVICE.decode(frame(VALID), session)).toBeUndefined();
  });

  it("stays closed for 20,000 other keys, and where its sum or a byte of its block differs", () => {
    const random = new SeededRandom(15);
    expect(() => DEVICE.decode(frame(VALID))).toThrow("a key is needed");
    for (let i = 0; i < 20_000; i++)
      expect(() => DEVICE.decode(frame(VALID), DEVICE.createSession(random.bytes(16)))).toThrow(SealedError);
    for (let at = 1; at < 18; at++) {
      const bytes = new Uint8Array(VALID);
      bytes[at] = bytes[at]! ^ 0x10;
      expect(() => DEVICE.decode(frame(bytes), DEVICE.createSession(KEY))).toThrow(SealedError);
    }
    expect(() => DEVICE.decode(frame(VALID.subarray(0, 23)), DEVICE.createSession(KEY))).toThrow(DecodeError);
  });
});
