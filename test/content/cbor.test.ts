/** Single items of CBOR against RFC 8949 Appendix A. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import {
  CborReader,
  Major,
  writeBoolean,
  writeBytes,
  writeFloat,
  writeHead,
  writeInteger,
  writeText,
} from "../../src/content/cbor.ts";
import { Sink } from "../../src/content/sink.ts";
import { SeededRandom } from "../support/seeded-random.ts";

function written(write: (out: Sink) => void): string {
  const out = new Sink();
  write(out);
  return toHex(out.take());
}

const reader = (hex: string): CborReader => new CborReader(fromHex(hex));

const INTEGERS: readonly (readonly [number | bigint, string])[] = [
  [0, "00"],
  [1, "01"],
  [10, "0a"],
  [23, "17"],
  [24, "1818"],
  [25, "1819"],
  [100, "1864"],
  [1000, "1903e8"],
  [1_000_000, "1a000f4240"],
  [1_000_000_000_000, "1b000000e8d4a51000"],
  [18_446_744_073_709_551_615n, "1bffffffffffffffff"],
  [-18_446_744_073_709_551_616n, "3bffffffffffffffff"],
  [-1, "20"],
  [-10, "29"],
  [-100, "3863"],
  [-1000, "3903e7"],
];

const FLOATS: readonly (readonly [number, string])[] = [
  [0.0, "f90000"],
  [-0.0, "f98000"],
  [1.0, "f93c00"],
  [1.1, "fb3ff199999999999a"],
  [1.5, "f93e00"],
  [65504.0, "f97bff"],
  [100000.0, "fa47c35000"],
  [3.4028234663852886e38, "fa7f7fffff"],
  [1.0e300, "fb7e37e43c8800759c"],
  [5.960464477539063e-8, "f90001"],
  [0.00006103515625, "f90400"],
  [-4.0, "f9c400"],
  [-4.1, "fbc010666666666666"],
  [Infinity, "f97c00"],
  [NaN, "f97e00"],
  [-Infinity, "f9fc00"],
];

const TEXTS: readonly (readonly [string, string])[] = [
  ["", "60"],
  ["a", "6161"],
  ["IETF", "6449455446"],
  ['"\\', "62225c"],
  ["\u00fc", "62c3bc"],
  ["\u6c34", "63e6b0b4"],
  ["\ud800\udd51", "64f0908591"],
];

describe("CBOR items", () => {
  it.each(INTEGERS)("writes and reads the integer %s", (value, hex) => {
    expect(written((out) => writeInteger(out, value))).toBe(hex);
    expect(reader(hex).kind()).toBe("integer");
    expect(reader(hex).integer()).toBe(value);
  });

  it.each(FLOATS)("writes and reads the float %s in its shortest form", (value, hex) => {
    expect(written((out) => writeFloat(out, value))).toBe(hex);
    expect(reader(hex).kind()).toBe("float");
    expect(reader(hex).float()).toBe(value);
  });

  it.each([
    [Infinity, "fa7f800000"],
    [NaN, "fa7fc00000"],
    [-Infinity, "fbfff0000000000000"],
    [1.5, "fb3ff8000000000000"],
    [22, "fa41b00000"],
  ])("reads the float %s in a longer form", (value, hex) => {
    expect(reader(hex).float()).toBe(value);
  });

  // RFC 8949 §3.4.4, whose example is the first.
  it.each([
    [273.15, "c4 82 21 196ab3"],
    [4.5, "c4 82 20 182d"],
    [-0.001, "c4 82 22 20"],
    [1200, "c4 82 02 0c"],
    [0, "c4 82 00 00"],
    [0.1, "c4 82 20 01"],
  ])("reads the float %s as a decimal fraction, to the last bit", (value, hex) => {
    expect(reader(hex).kind()).toBe("float");
    expect(reader(hex).float()).toBe(value);
  });

  it.each([
    "c4",
    "c4 81 00",
    "c4 83 00 00 00",
    "c4 9f 00 00 ff",
    "c4 82 00",
    "c4 82 f93c00 00",
    "c4 01",
    "c5 82 00 01",
  ])("reads no decimal fraction from %s", (hex) => {
    expect(() => reader(hex).float()).toThrow(DecodeError);
  });

  it("reads digits as the number that they are, and nothing else", () => {
    const cases = { "6130": 0, "6139": 9, "6435373030": 5700, "653635353334": 65_534, "653939393939": 99_999 };
    for (const [hex, value] of Object.entries(cases)) {
      const input = reader(hex);
      expect(input.digits(), hex).toBe(value);
      expect(input.done).toBe(true);
    }
    for (const hex of ["60", "623035", "623030", "66313233343536", "622f33", "6435373a30", "05", "4135", "7f6135ff"]) {
      const input = reader(hex);
      expect(input.digits(), hex).toBeUndefined();
      expect(input.done, hex).toBe(false);
    }
    const cut = reader("643537");
    expect(cut.digits()).toBeUndefined();
    expect(() => cut.text()).toThrow(DecodeError);
  });

  it("steps over null, and over nothing else", () => {
    const input = reader("f605");
    expect([input.isNull(), input.isNull(), input.integer()]).toEqual([true, false, 5]);
    expect(() => reader("").isNull()).toThrow(DecodeError);
  });

  it.each(TEXTS)("writes and reads the text %j", (value, hex) => {
    expect(written((out) => writeText(out, value))).toBe(hex);
    expect(reader(hex).text()).toBe(value);
  });

  it("writes and reads byte strings", () => {
    expect(written((out) => writeBytes(out, new Uint8Array()))).toBe("40");
    expect(written((out) => writeBytes(out, Uint8Array.of(1, 2, 3, 4)))).toBe("4401020304");
    expect(reader("4401020304").bytes()).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it("writes and reads booleans", () => {
    expect(written((out) => writeBoolean(out, false))).toBe("f4");
    expect(written((out) => writeBoolean(out, true))).toBe("f5");
    expect([reader("f4").boolean(), reader("f5").boolean()]).toEqual([false, true]);
  });

  it("reads a tag and what it tags", () => {
    const input = reader("c11a514b67b0");
    expect([input.kind(), input.tag(), input.integer(), input.done]).toEqual(["tag", 1, 1_363_896_240, true]);
  });

  it("reads strings of unknown length", () => {
    expect(toHex(reader("5f42010243030405ff").bytes())).toBe("0102030405");
    expect(reader("7f657374726561646d696e67ff").text()).toBe("streaming");
    expect(reader("7fff").text()).toBe("");
  });

  it("reads arrays and maps of known and unknown length", () => {
    for (const hex of ["83010203", "9f010203ff"]) {
      const input = reader(hex);
      const items: unknown[] = [];
      for (let left = input.array(); !input.endsHere(left); left -= left < 0 ? 0 : 1) items.push(input.integer());
      expect([items, input.done]).toEqual([[1, 2, 3], true]);
    }
    expect(reader("a201020304").map()).toBe(2);
    expect(reader("bf01020304ff").map()).toBe(-1);
  });

  it("passes over every example of Appendix A", () => {
    const structured = [
      ...["80", "83010203", "8301820203820405", "98190102030405060708090a0b0c0d0e0f101112131415161718181819"],
      ...["a0", "a201020304", "a26161016162820203", "826161a161626163", "a56161614161626142616361436164614461656145"],
      ...["9fff", "9f018202039f0405ffff", "9f01820203820405ff", "83018202039f0405ff", "83019f0203ff820405"],
      ...["bf61610161629f0203ffff", "826161bf61626163ff", "bf6346756ef563416d7421ff", "f6", "f7", "f0", "f8ff"],
      ...["c074323031332d30332d32315432303a30343a30305a", "d74401020304", "d818456449455446", "c249010000000000000000"],
      "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    ];
    for (const hex of [...structured, ...[...INTEGERS, ...FLOATS, ...TEXTS].map(([, each]) => each)]) {
      const input = reader(hex);
      input.skip();
      expect(input.done, hex).toBe(true);
    }
  });

  it.each([
    ["nothing", ""],
    ["a head cut off", "19"],
    ["an argument cut off", "1903"],
    ["a string cut off", "6261"],
    ["a reserved argument", "1c"],
    ["another reserved argument", "5d"],
    ["a break outside of anything", "ff"],
    ["an array cut off", "8301"],
    ["a map without its last value", "a101"],
    ["an array without an end", "9f01"],
    ["a chunk of another kind", "5f6161ff"],
    ["a chunk without a length", "5f5f4101ffff"],
    ["text that is not UTF-8", "62fffe"],
    ["a surrogate in UTF-8", "63eda080"],
    ["a simple value that should be shorter", "f814"],
    ["a reserved simple value", "fc"],
    ["a length of four gigabytes", "7affffffff"],
    ["a length beyond all counting", "5bffffffffffffffff"],
    ["an array of two billion items", "9a7fffffff00"],
    ["a map with more pairs than bytes", "a40102"],
  ])("refuses %s", (_, hex) => {
    expect(() => reader(hex).skip()).toThrow(DecodeError);
  });

  it("refuses one kind where another belongs", () => {
    expect(() => reader("f93c00").integer()).toThrow(DecodeError);
    expect(() => reader("16").float()).toThrow(DecodeError);
    expect(() => reader("01").boolean()).toThrow(DecodeError);
    expect(() => reader("41ff").text()).toThrow(DecodeError);
    expect(() => reader("61ff").bytes()).toThrow(DecodeError);
    expect(() => reader("a0").array()).toThrow(DecodeError);
    expect(() => reader("80").map()).toThrow(DecodeError);
    expect(() => reader("00").tag()).toThrow(DecodeError);
  });

  it("says where it stopped", () => {
    const input = reader("0102");
    input.integer();
    expect(() => input.text()).toThrow(/at byte 1$/);
  });

  it("stops at nesting that no value needs, long before the stack does", () => {
    expect(() => new CborReader(new Uint8Array(1_000_000).fill(0x81)).skip()).toThrow(/deep/);
    expect(() => new CborReader(new Uint8Array(1_000_000).fill(0x9f)).skip()).toThrow(DecodeError);
    expect(() => new CborReader(new Uint8Array(1_000_000).fill(0xc1)).skip()).toThrow(DecodeError);
  });

  it("has no integer beyond 64 bits", () => {
    expect(() => written((out) => writeInteger(out, 2n ** 64n))).toThrow(RangeError);
    expect(() => written((out) => writeInteger(out, -(2n ** 64n) - 1n))).toThrow(RangeError);
  });

  it("writes each head in as few bytes as it needs", () => {
    const lengths = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32].map(
      (argument) => written((out) => writeHead(out, Major.tag, argument)).length / 2,
    );
    expect(lengths).toEqual([1, 1, 2, 2, 3, 3, 5, 5, 9]);
  });

  it("keeps every half as a half, and every single as at most a single", () => {
    const view = new DataView(new ArrayBuffer(4));
    for (let half = 0; half < 0x1_0000; half++) {
      const hex = `f9${half.toString(16).padStart(4, "0")}`;
      const value = reader(hex).float();
      if (!Number.isNaN(value)) expect(written((out) => writeFloat(out, value))).toBe(hex);
    }
    const random = new SeededRandom(8);
    for (let i = 0; i < 20_000; i++) {
      view.setUint32(0, Math.floor(random.unit() * 2 ** 32));
      const value = view.getFloat32(0);
      if (Number.isNaN(value)) continue;
      const hex = written((out) => writeFloat(out, value));
      expect(hex.length).toBeLessThanOrEqual(10);
      expect(reader(hex).float()).toBe(value);
    }
  });
});
