/** The types of binary payloads beyond plain integers: decimals in nibbles, floats of medicine, text. */

import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { binaryProblems, readField } from "../../support/binary-device.ts";

const reversed = (hex: string) => toHex(fromHex(hex).reverse());

describe("packed decimals", () => {
  it.each([
    ["00", 0],
    ["99", 99],
    ["12 34", 1234],
    ["00 12 34 56", 123_456],
    ["12 34 56 78 90 12 34", 12_345_678_901_234],
    ["99 99 99 99 99 99 99", 99_999_999_999_999],
  ])("%s are %d, in either order", (hex, expected) => {
    const length = fromHex(hex).length;
    expect(readField(`at: 0, type: bcd, length: ${length}`, hex)).toBe(expected);
    expect(readField(`at: 0, type: bcd.le, length: ${length}`, reversed(hex))).toBe(expected);
  });

  it.each(["A0 00", "0A 00", "00 1F", "FF FF", "EE EE"])("with a digit above nine are not available: %s", (hex) => {
    expect(readField("at: 0, type: bcd, length: 2", hex)).toBeNull();
    expect(readField("at: 0, type: bcd.le, length: 2", hex)).toBeNull();
  });

  it("are scaled like any raw value", () => {
    expect(readField("at: 0, type: bcd, length: 3, scale: 0.01, unit: kWh", "01 23 45")).toBe(123.45);
  });

  it.each([
    ["at: 0, type: bcd", '"length" is missing'],
    ["at: 0, type: bcd, length: 8", "packed decimals have 7 bytes at most"],
    ["at: 0, type: bcd, length: 2, bits: { shift: 0, width: 4 }", "bits can be taken from integers only"],
  ])("are not told as { %s }", (spec, message) => {
    expect(binaryProblems("bytes: payload", [`f: { ${spec} }`])).toEqual([message]);
  });
});

describe("floats of medical devices (IEEE 11073-20601)", () => {
  it.each([
    // The example of the Bluetooth Health Thermometer Service: 36.4 is FF 00 01 6C.
    ["medfloat32", "FF00016C", 36.4],
    ["medfloat32", "FE000E4C", 36.6],
    ["medfloat32", "00000000", 0],
    ["medfloat32", "02000001", 100],
    ["medfloat32", "FFFFFFFF", -0.1],
    ["medfloat32", "80000001", 1e-128],
    ["medfloat32", "007FFFFD", 8_388_605],
    ["medfloat32", "FF7FFFFF", 838_860.7],
    ["medfloat16", "F16C", 36.4],
    ["medfloat16", "0072", 114],
    ["medfloat16", "B3E8", 0.01],
    ["medfloat16", "1001", 10],
    ["medfloat16", "FFFF", -0.1],
    ["medfloat16", "07FD", 2045],
    ["medfloat16", "F7FF", 204.7],
  ])("%s: %s is %d", (type, hex, expected) => {
    expect(readField(`at: 0, type: ${type}`, reversed(hex))).toBe(expected);
  });

  it.each([
    ["medfloat32", "007FFFFF", "NaN"],
    ["medfloat32", "00800000", "NRes"],
    ["medfloat32", "007FFFFE", "+INFINITY"],
    ["medfloat32", "00800002", "-INFINITY"],
    ["medfloat32", "00800001", "reserved"],
    ["medfloat16", "07FF", "NaN"],
    ["medfloat16", "0800", "NRes"],
    ["medfloat16", "07FE", "+INFINITY"],
    ["medfloat16", "0802", "-INFINITY"],
    ["medfloat16", "0801", "reserved"],
  ])("%s: %s is %s, not available", (type, hex) => {
    expect(readField(`at: 0, type: ${type}`, reversed(hex))).toBeNull();
  });
});

describe("floats of half precision (IEEE 754 binary16)", () => {
  it.each([
    ["0000", 0],
    ["3C00", 1],
    ["C000", -2],
    ["3555", 0.3333],
    ["4D40", 21],
    ["CD40", -21],
    ["7BFF", 65_500],
    ["0400", 0.00006104],
    ["0001", 5.96e-8],
  ])("%s is %d, with the four digits that it has", (hex, expected) => {
    expect(readField("at: 0, type: f16be", hex)).toBe(expected);
    expect(readField("at: 0, type: f16le", reversed(hex))).toBe(expected);
  });

  it.each(["7C00", "FC00", "7E00", "FFFF"])("%s is not available", (hex) => {
    expect(readField("at: 0, type: f16be", hex)).toBeNull();
  });
});

describe("integers of six bytes", () => {
  it.each([
    ["000000000000", 0],
    ["0000FFFFFFFF", 4_294_967_295],
    ["000100000000", 4_294_967_296],
    ["123456789ABC", 0x1234_5678_9abc],
    ["FFFFFFFFFFFF", 281_474_976_710_655],
  ])("%s is %d", (hex, expected) => {
    expect(readField("at: 0, type: u48be", hex)).toBe(expected);
    expect(readField("at: 0, type: u48le", reversed(hex))).toBe(expected);
  });

  it("give bits to the last", () => {
    expect(readField("at: 0, type: u48be, bits: { shift: 0, width: 12 }", "123456789ABC")).toBe(0xabc);
    expect(readField("at: 0, type: u48be, bits: { shift: 36, width: 12 }", "123456789ABC")).toBe(0x123);
    expect(readField("at: 0, type: u48le, bits: { shift: 36, width: 12 }", "BC9A78563412")).toBe(0x123);
  });
});

describe("text and bytes", () => {
  it.each([
    ["utf8", "C3A9 74 C3A9", "été"],
    ["utf8", "E2 84 83 00 41", "℃"],
    ["utf8", "41 0A 42 20 20", "AB"],
    ["utf8", "00 41 42 43 44", ""],
    ["hex", "01 02 03 AB CD", "010203abcd"],
    ["hex.le", "01 02 03 AB CD", "cdab030201"],
    ["ascii", "41 42 C3 A9 00", "AB"],
  ])("%s of %s is %j", (type, hex, expected) => {
    expect(readField(`at: 0, type: ${type}, length: 5`, hex)).toBe(expected);
  });

  it("that is no UTF-8 is not available", () => {
    expect(readField("at: 0, type: utf8, length: 3", "41 C3 41")).toBeNull();
    expect(readField("at: 0, type: utf8, length: 3", "FF FE FD")).toBeNull();
  });

  it("may be cut out of the middle, and is not changed by that", () => {
    expect(readField("at: 1, type: hex.le, length: 2", "01 02 03 04")).toBe("0302");
    expect(readField("at: -2, type: hex.le, length: 2", "01 02 03 04")).toBe("0403");
  });
});

describe("a type", () => {
  it.each([
    ["u16", "u16 in which order? there are u16be and u16le"],
    ["f32", "f32 in which order? there are f32be and f32le"],
    ["bool", "bool is no type of binary payloads"],
    ["nmea.lat", "nmea.lat is no type of binary payloads"],
    ["utf8", '"length" is missing'],
    ["hex.le", '"length" is missing'],
  ])("%s is refused with a word about what would be right", (type, message) => {
    expect(binaryProblems("bytes: payload", [`f: { at: 0, type: ${type} }`])).toEqual([message]);
  });
});

describe("a curve", () => {
  const of = (hex: string, more = "") =>
    readField(`at: 0, type: u16be, table: [[2000, 0], [2500, 20], [3000, 100]]${more}`, hex);

  it("is straight between its points, and its ends beyond them", () => {
    expect(of("07D0")).toBe(0);
    expect(of("09C4")).toBe(20);
    expect(of("0BB8")).toBe(100);
    expect(of("08CA")).toBe(10);
    expect(of("0ABE")).toBe(60);
    expect(of("0000")).toBe(0);
    expect(of("FFFF")).toBe(100);
  });

  it("comes before scale, unit and range", () => {
    expect(of("08CA", ", scale: 0.01")).toBe(0.1);
    expect(of("0000", ", range: [1, 100]")).toBeNull();
    expect(of("FFFF", ", invalid: 65535")).toBeNull();
  });

  it("makes nothing of words", () => {
    expect(readField("at: 0, type: ascii, length: 2, table: [[0, 0], [1, 1]]", "41 42")).toBeNull();
  });

  it.each(["[[2, 0], [1, 1]]", "[[1, 0], [2, 1], [2, 2]]"])("that does not rise is a mistake: %s", (table) => {
    expect(binaryProblems("bytes: payload", [`f: { at: 0, type: u8, table: ${table} }`])).toEqual([
      "the points of a table rise: raw values from low to high",
    ]);
  });
});
