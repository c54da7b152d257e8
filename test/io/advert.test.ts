import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { decodeAdvertData } from "../../src/io/advert.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ad, joined } from "../support/virtual-controller.ts";

const text = (words: string) => new TextEncoder().encode(words);
const services = (data: Uint8Array) =>
  Object.fromEntries(Array.from(decodeAdvertData(data).services, ([uuid, bytes]) => [uuid, toHex(bytes)]));

describe("AD structures", () => {
  it("give manufacturer data with its company, least significant byte first", () => {
    const { manufacturer } = decodeAdvertData(fromHex("020106 03ff9904"));
    expect(manufacturer).toEqual([[0x0499, new Uint8Array(0)]]);
  });

  it("keep two manufacturer sections in the order heard", () => {
    const { manufacturer } = decodeAdvertData(joined(ad(0xff, "4c000215"), ad(0xff, "4c001005"), ad(0xff, "990405")));
    expect(manufacturer.map(([company, data]) => [company, toHex(data)])).toEqual([
      [0x004c, "0215"],
      [0x004c, "1005"],
      [0x0499, "05"],
    ]);
  });

  it("spell every service UUID with 128 bits, in lower case", () => {
    const long = "4fafc201-1fb5-459e-8fcc-c5c9c331914b";
    const reversed = "4b9131c3c9c5cc8f9e45b51f01c2af4f";
    expect(services(joined(ad(0x16, "1a18ff01"), ad(0x20, "78563412ee"), ad(0x21, `${reversed}dd`)))).toEqual({
      "0000181a-0000-1000-8000-00805f9b34fb": "ff01",
      "12345678-0000-1000-8000-00805f9b34fb": "ee",
      [long]: "dd",
    });
    expect(
      decodeAdvertData(joined(ad(0x03, "d2fc0800"), ad(0x05, "78563412"), ad(0x07, reversed))).serviceUuids,
    ).toEqual([
      "0000fcd2-0000-1000-8000-00805f9b34fb",
      "00000008-0000-1000-8000-00805f9b34fb",
      "12345678-0000-1000-8000-00805f9b34fb",
      long,
    ]);
  });

  it("read an ATC1441 thermometer's advert (vector of theengs/decoder)", () => {
    expect(services(fromHex("10161a18 2d34121ee5ff 00e6 2b 64 0b71 c0"))).toEqual({
      "0000181a-0000-1000-8000-00805f9b34fb": "2d34121ee5ff00e62b640b71c0",
    });
  });

  it("prefer the complete name to the shortened one, whichever comes first", () => {
    const short = ad(0x08, text("Env"));
    const whole = ad(0x09, text("EnvSensor"));
    expect(decodeAdvertData(joined(short, whole)).name).toBe("EnvSensor");
    expect(decodeAdvertData(joined(whole, short)).name).toBe("EnvSensor");
    expect(decodeAdvertData(short).name).toBe("Env");
  });

  it("clean names of padding and control characters, and have no empty names", () => {
    expect(decodeAdvertData(ad(0x09, text("Tür\u0000\u0000"))).name).toBe("Tür");
    expect(decodeAdvertData(ad(0x09, text("a\u001b[31mb\n"))).name).toBe("a[31mb");
    expect(decodeAdvertData(ad(0x09, text("\u202egnp.exe\u2066"))).name).toBe("gnp.exe");
    expect(decodeAdvertData(ad(0x09, "")).name).toBeUndefined();
    expect(decodeAdvertData(ad(0x09, "ff41")).name).toBe("\ufffdA");
  });

  it("end at a length of zero (§11)", () => {
    expect(decodeAdvertData(fromHex("020106 00 ffffff")).manufacturer).toEqual([]);
    expect(decodeAdvertData(new Uint8Array(0)).serviceUuids).toEqual([]);
  });

  it.each([
    ["a structure that reaches beyond the data", "05ff9904"],
    ["a length without anything behind it", "02"],
    ["manufacturer data without a company", "02ff99"],
    ["service data without a UUID", "02161a"],
    ["service data with half a long UUID", "09210102030405060708"],
    ["a list of UUIDs that ends in the middle of one", "0403010203"],
    ["a list of long UUIDs of fifteen bytes", `1007${"00".repeat(15)}`],
  ])("are refused: %s", (_what, hex) => {
    expect(() => decodeAdvertData(fromHex(hex))).toThrow(DecodeError);
  });

  it("never end in anything but DecodeError, on 100 000 random adverts", () => {
    const random = new SeededRandom(11);
    let refused = 0;
    for (let i = 0; i < 100_000; i++) {
      const data = random.bytes(random.below(32));
      try {
        decodeAdvertData(data);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});
