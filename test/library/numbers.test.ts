/** Every number a binary payload may hold: at its limits, at random, in both orders of bytes, and bit by bit. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import type { Device } from "../../src/library/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { deviceOf, values } from "../support/definitions.ts";

/** A device with one field `f` of binary payloads. */
function field(spec: string): Device {
  return deviceOf(`schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: { bytes: payload }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields: { f: { at: 0, ${spec} } }
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, hex: "00" }]
`);
}

const of = (device: Device, bytes: Uint8Array) => values(device, { kind: "bytes", bytes })?.["f"];
const read = (spec: string, hex: string) => of(field(spec), fromHex(hex));
const reversed = (hex: string) => toHex(fromHex(hex).reverse());

describe("an integer", () => {
  it.each([
    ["u8", "00", 0],
    ["u8", "80", 128],
    ["u8", "FF", 255],
    ["i8", "80", -128],
    ["i8", "7F", 127],
    ["i8", "FF", -1],
    ["sm8", "00", 0],
    ["sm8", "81", -1],
    ["sm8", "FF", -127],
  ])("of one byte: %s of %s is %d", (type, hex, expected) => {
    expect(read(`type: ${type}`, hex)).toBe(expected);
  });

  it.each([
    ["u16", "0000", 0],
    ["u16", "8000", 32_768],
    ["u16", "FFFF", 65_535],
    ["i16", "8000", -32_768],
    ["i16", "7FFF", 32_767],
    ["i16", "FFFF", -1],
    ["u24", "000000", 0],
    ["u24", "800000", 8_388_608],
    ["u24", "FFFFFF", 16_777_215],
    ["i24", "800000", -8_388_608],
    ["i24", "7FFFFF", 8_388_607],
    ["i24", "FFFFFF", -1],
    ["u32", "00000000", 0],
    ["u32", "80000000", 2_147_483_648],
    ["u32", "FFFFFFFF", 4_294_967_295],
    ["i32", "80000000", -2_147_483_648],
    ["i32", "7FFFFFFF", 2_147_483_647],
    ["i32", "FFFFFFFF", -1],
    ["u64", "0000000000000000", 0],
    ["u64", "001FFFFFFFFFFFFF", Number.MAX_SAFE_INTEGER],
    ["i64", "FFE0000000000001", Number.MIN_SAFE_INTEGER],
    ["i64", "FFFFFFFFFFFFFFFF", -1],
    ["sm16", "7FFF", 32_767],
    ["sm16", "FFFF", -32_767],
    ["sm16", "8001", -1],
    ["sm16", "0001", 1],
  ])("of more bytes, in either order: %s of %s is %d", (type, hex, expected) => {
    expect(read(`type: ${type}be`, hex)).toBe(expected);
    expect(read(`type: ${type}le`, reversed(hex))).toBe(expected);
  });

  it("is the same at random as by hand: big-endian is the sum of its bytes", () => {
    const random = new SeededRandom(11);
    for (const [type, width] of [
      ["u8", 1],
      ["u16be", 2],
      ["u24be", 3],
      ["u32be", 4],
    ] as const) {
      const device = field(`type: ${type}`);
      for (let i = 0; i < 200; i++) {
        const bytes = random.bytes(width);
        expect(of(device, bytes)).toBe(bytes.reduce((sum, byte) => sum * 256 + byte, 0));
      }
    }
  });

  it("is found in a view of a larger buffer", () => {
    const bytes = Uint8Array.of(9, 9, 0x12, 0x34, 9).subarray(2, 4);
    expect(of(field("type: u16be"), bytes)).toBe(0x1234);
    expect(() => of(field("type: u24be"), bytes)).toThrow("2 bytes, 3 wanted");
  });
});

describe("a floating point number", () => {
  it.each([
    ["f32", "00000000", 0],
    ["f32", "3F800000", 1],
    ["f32", "C2F6E979", -123.456],
    ["f32", "7F7FFFFF", 3.402823e38],
    ["f32", "00000001", 1.401298e-45],
    ["f64", "3FF0000000000000", 1],
    ["f64", "C05EDD2F1A9FBE77", -123.456],
    ["f64", "7FEFFFFFFFFFFFFF", Number.MAX_VALUE],
  ])("%s of %s is %d in either order", (type, hex, expected) => {
    expect(read(`type: ${type}be`, hex)).toBe(expected);
    expect(read(`type: ${type}le`, reversed(hex))).toBe(expected);
  });

  it.each(["7FC00000", "FFC00000", "7F800000", "FF800000"])("that is none is not available: %s", (hex) => {
    expect(read("type: f32be", hex)).toBeNull();
    expect(read("type: f32le", reversed(hex))).toBeNull();
  });

  it("that overflows by its scale is not available", () => {
    expect(read("type: f64be, scale: 1e10", "7FEFFFFFFFFFFFFF")).toBeNull();
  });
});

describe("bits", () => {
  it("of a word, window by window, are those of the number written in binary", () => {
    const word = 0xdead_beef;
    const binary = word.toString(2).padStart(32, "0");
    for (const [shift, width] of [
      [0, 1],
      [0, 32],
      [1, 31],
      [4, 8],
      [13, 7],
      [31, 1],
      [30, 2],
      [16, 16],
    ] as const) {
      const expected = Number.parseInt(binary.slice(32 - shift - width, 32 - shift), 2);
      const bits = `bits: { shift: ${shift}, width: ${width} }`;
      expect(read(`type: u32be, ${bits}`, "DEADBEEF")).toBe(expected);
      expect(read(`type: u32le, ${bits}`, "EFBEADDE")).toBe(expected);
      // A sign is a bit like any other.
      expect(read(`type: i32be, ${bits}`, "DEADBEEF")).toBe(expected);
    }
  });

  it("of the longest words are exact to the last, where a number would lose them", () => {
    expect(read("type: u64be, bits: { shift: 0, width: 8 }", "FF000000000000AB")).toBe(0xab);
    expect(read("type: u64le, bits: { shift: 0, width: 8 }", "AB000000000000FF")).toBe(0xab);
    expect(read("type: i64be, bits: { shift: 0, width: 16 }", "800000000000BEEF")).toBe(0xbeef);
    expect(read("type: u64be, bits: { shift: 56, width: 8 }", "FF000000000000AB")).toBe(0xff);
    expect(read("type: u64be, bits: { shift: 11, width: 53 }", "FFFFFFFFFFFFFFFF")).toBe(Number.MAX_SAFE_INTEGER);
    expect(read("type: u64be, bits: { shift: 63, width: 1 }", "8000000000000000")).toBe(1);
  });

  it("may be scaled, compared and limited like any raw value", () => {
    const voltage = "bits: { shift: 5, width: 11 }, scale: 0.001, offset: 1.6, unit: V";
    expect(read(`type: u16be, ${voltage}`, "AC36")).toBe(2.977);
    expect(read(`type: u16be, ${voltage}, invalid: 2047`, "FFFF")).toBeNull();
    expect(read(`type: u16be, ${voltage}, range: [2, 3]`, "0000")).toBeNull();
  });
});

describe("a raw value", () => {
  it("becomes a value by scale and offset, exact to the last decimal", () => {
    expect(read("type: u16be, scale: 0.1", "0001")).toBe(0.1);
    expect(read("type: u16be, scale: 0.1", "0003")).toBe(0.3);
    expect(read("type: u16be, scale: 0.1, offset: -40", "01C9")).toBe(5.7);
    expect(read("type: i16be, scale: 0.005", "8001")).toBe(-163.835);
    expect(read("type: u16be, scale: 0.0025", "9C40")).toBe(100);
    expect(read("type: u8, scale: -1, offset: 0", "7F")).toBe(-127);
    expect(read("type: u8, scale: 0", "7F")).toBe(0);
    expect(read("type: u8, offset: 1e-3", "01")).toBe(1.001);
    expect(read("type: u32be, scale: 1e-16", "00000001")).toBe(1e-16);
  });

  it("is never further from the decimal than its last digit, for every value of a byte and every usual scale", () => {
    for (const scale of [0.1, 0.01, 0.001, 0.005, 0.02, 0.25, 0.35]) {
      const device = field(`type: u8, scale: ${scale}`);
      const digits = String(scale).split(".")[1]!.length;
      for (let raw = 0; raw < 256; raw++)
        expect(of(device, Uint8Array.of(raw))).toBe(Number((raw * scale).toFixed(digits)));
    }
  });

  it.each([
    ["type: u16be, invalid: 0xFFFF", "FFFF", null],
    ["type: u16be, invalid: 0xFFFF", "FFFE", 65_534],
    ["type: i16be, invalid: -32768", "8000", null],
    ["type: u64be, invalid: 0xFFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF", null],
    ["type: ascii, length: 3, invalid: N/A", "4E2F41", null],
    ["type: hex, length: 2, invalid: ffff", "FFFF", null],
    ["type: mac, invalid: 'FF:FF:FF:FF:FF:FF'", "FFFFFFFFFFFF", null],
    ["type: f32be, invalid: -999.5", "C479E000", null],
    ["type: u8, range: [1, 3]", "00", null],
    ["type: u8, range: [1, 3]", "01", 1],
    ["type: u8, range: [1, 3]", "03", 3],
    ["type: u8, range: [1, 3]", "04", null],
    ["type: u8, scale: 0.1, range: [1, 3]", "0A", 1],
    ["type: ascii, length: 1, range: [1, 3]", "32", null],
    ["type: ascii, length: 1, scale: 2", "32", null],
  ])("%s of %s is %s", (spec, hex, expected) => {
    expect(read(spec, hex)).toBe(expected);
  });

  it.each([
    ["{ '0': false, '1': true }", "00", false],
    ["{ '0': false, '1': true }", "01", true],
    ["{ '0': false, '1': true }", "02", null],
    ["{ '1': 0.5 }", "01", 0.5],
    ["{ '1': '' }", "01", ""],
    ["{ constructor: 1 }", "01", null],
  ])("by the map %s: %s is %s", (map, hex, expected) => {
    expect(read(`type: u8, map: ${map}`, hex)).toBe(expected);
  });
});

describe("text in bytes", () => {
  it.each([
    ["41 42 43", "ABC"],
    ["41 00 43", "A"],
    ["20 41 20", "A"],
    ["00 00 00", ""],
    ["41 07 43", "AC"],
    ["41 C3 A9", "A"],
    ["7F 7E 41", "~A"],
  ])("is what can be printed up to the first zero: %s", (hex, expected) => {
    expect(read("type: ascii, length: 3", hex)).toBe(expected);
  });
});

describe("a payload cut short", () => {
  it("is refused for every type, whatever of the field is missing", () => {
    for (const [type, width] of [
      ["u8", 1],
      ["i16le", 2],
      ["u24be", 3],
      ["f32le", 4],
      ["mac.le", 6],
      ["i64be", 8],
      ["f64le", 8],
      ["sm16be", 2],
      ["ascii, length: 5", 5],
      ["hex, length: 4", 4],
      ["u64be, bits: { shift: 0, width: 1 }", 8],
      ["u16be, bits: { shift: 0, width: 1 }", 2],
    ] as const) {
      const device = field(`type: ${type}`);
      for (let length = 0; length < width; length++)
        expect(() => of(device, new Uint8Array(length))).toThrow(new DecodeError(`${length} bytes, ${width} wanted`));
      expect(of(device, new Uint8Array(width))).toBeDefined();
    }
  });
});
