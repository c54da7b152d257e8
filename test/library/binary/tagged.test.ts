/** Payloads whose fields are announced: by tags with lengths, or by flags. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { binaryDevice, binaryProblems, readAll } from "../../support/binary-device.ts";
import { values } from "../../support/definitions.ts";

describe("tags, lengths and values", () => {
  // Qingping: a head of eight bytes, then tags: 1 temperature and humidity, 2 battery, 7 pressure, 8 motion and light.
  const qingping = binaryDevice("bytes: payload, tlv: { at: 8, tag: u8, length: u8 }", [
    "temperature: { tag: 0x01, type: i16le, scale: 0.1, unit: Cel }",
    "humidity: { tag: 0x01, at: 2, type: u16le, scale: 0.1, unit: '%RH' }",
    "battery: { tag: 0x02, type: u8, bits: { shift: 0, width: 7 }, unit: '%EL' }",
    "pressure: { tag: 0x07, type: u16le, scale: 10, unit: Pa }",
  ]);
  const head = "88 16 5E D8 00 34 2D 58";

  it("are read wherever they stand; what is not there is not spoken of", () => {
    expect(readAll(qingping, `${head} 01 04 DB 00 09 02 02 01 55`)).toEqual({
      temperature: 21.9,
      humidity: 52.1,
      battery: 85,
    });
    expect(readAll(qingping, `${head} 02 01 AA 07 02 5F 27`)).toEqual({ battery: 42, pressure: 100_790 });
    expect(readAll(qingping, `${head} 99 03 010203 02 01 64`)).toEqual({ battery: 100 });
    expect(readAll(qingping, head)).toBeUndefined();
  });

  it("twice are two values, the second with a number", () => {
    expect(readAll(qingping, `${head} 02 01 01 02 01 02 02 01 03`)).toEqual({ battery: 1, battery_2: 2, battery_3: 3 });
  });

  it("too short for a field do not speak of it", () => {
    expect(readAll(qingping, `${head} 01 02 DB 00 02 00`)).toEqual({ temperature: 21.9 });
  });

  it.each([
    [`${head} 01`, "9 bytes, 10 wanted"],
    [`${head} 01 04 DB 00 09`, "13 bytes, 14 wanted"],
    [`${head} 02 FF 55`, "11 bytes, 265 wanted"],
  ])("cut short are refused: %s", (hex, message) => {
    expect(() => readAll(qingping, hex)).toThrow(new DecodeError(message));
  });

  it("are no more than sixteen of one tag, however many there are", () => {
    const many = readAll(qingping, head + "02 01 07".repeat(100));
    expect(Object.keys(many ?? {})).toHaveLength(16);
    expect(many?.["battery_16"]).toBe(7);
  });

  it("may have lengths that the tag tells; then an unknown tag is the end", () => {
    const device = binaryDevice("bytes: payload, tlv: { at: 0, tag: u8, length: { 0x01: 2, 0x02: 1 } }", [
      "a: { tag: 1, type: u16be }",
      "b: { tag: 2, type: u8 }",
    ]);
    expect(readAll(device, "01 0102 02 03")).toEqual({ a: 0x0102, b: 3 });
    expect(readAll(device, "02 03 77 01 0102")).toEqual({ b: 3 });
    expect(() => readAll(device, "01 01")).toThrow(new DecodeError("2 bytes, 3 wanted"));
  });

  it.each([
    ["u16be", "0102 01 07"],
    ["u16le", "0201 01 07"],
  ])("may have tags of two bytes: %s", (tag, hex) => {
    const device = binaryDevice(`bytes: payload, tlv: { at: 0, tag: ${tag}, length: u8 }`, [
      "a: { tag: 0x0102, type: u8 }",
    ]);
    expect(readAll(device, hex)).toEqual({ a: 7 });
  });

  it("count from the end of their value where the place says so, and repeat within it", () => {
    const device = binaryDevice("bytes: payload, tlv: { at: 0, tag: u8, length: u8 }", [
      "last: { tag: 1, at: -1, type: u8 }",
      "probe: { tag: 2, type: u8, repeat: 3 }",
    ]);
    expect(readAll(device, "01 03 0A0B0C 02 02 0102 02 01 09")).toEqual({ last: 0x0c, probe_1: 1, probe_2: 2 });
  });

  it("are announced by the frame", () => {
    expect(binaryProblems("bytes: payload", ["f: { tag: 1, type: u8 }"])).toEqual([
      '"tag" without frame.tlv: where do the tags stand?',
    ]);
    const frame = "bytes: payload, tlv: { at: 0, tag: u8, length: u8 }";
    expect(binaryProblems(frame, ["f: { tag: 1, type: u8, in: manufacturer }"])).toEqual([
      '"tag" and "in" say two places',
    ]);
  });

  it("at random end in values or in DecodeError, in time that follows their length", () => {
    const random = new SeededRandom(5);
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(8 + random.below(40));
      try {
        const read = values(qingping, { kind: "bytes", bytes }) ?? {};
        for (const [name, value] of Object.entries(read)) {
          expect(name).toMatch(/^(?:temperature|humidity|battery|pressure)(?:_\d+)?$/);
          expect(Number.isFinite(value)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("fields that flags announce", () => {
  // Teltonika EYE, as its maker describes it: version, flags, then what they announce, in their order.
  const eye = binaryDevice("bytes: payload, flags: { at: 1, type: u8, start: 2 }", [
    "version: { at: 0, type: u8 }",
    "temperature: { flag: 0, type: i16be, scale: 0.01, unit: Cel }",
    "humidity: { flag: 1, type: u8, unit: '%RH' }",
    "_movement: { flag: 4, type: u16be }",
    'moving: { expr: "_movement >> 15 == 1" }',
    'movements: { expr: "_movement & 0x7FFF" }',
    "pitch: { flag: 5, type: i8, unit: deg }",
    "roll: { flag: 5, type: i16be, unit: deg }",
    "voltage: { flag: 7, type: u8, scale: 0.01, offset: 2, unit: V }",
  ]);

  it("stand one after the other", () => {
    expect(readAll(eye, "01 B7 08B4 12 0CCB 0B FFC7 67")).toEqual({
      version: 1,
      temperature: 22.28,
      humidity: 18,
      moving: false,
      movements: 3275,
      pitch: 11,
      roll: -57,
      voltage: 3.03,
    });
  });

  it("that are not announced take no room", () => {
    expect(readAll(eye, "01 82 12 67")).toEqual({ version: 1, humidity: 18, voltage: 3.03 });
    expect(readAll(eye, "01 00")).toEqual({ version: 1 });
    expect(readAll(eye, "01 08 FF")).toEqual({ version: 1 });
  });

  it("that were cut off are not spoken of, nor what would follow them", () => {
    expect(readAll(eye, "01 83 08B4")).toEqual({ version: 1, temperature: 22.28 });
    expect(readAll(eye, "01 83 08")).toEqual({ version: 1 });
    expect(readAll(eye, "01 21 08B4 0B FF")).toEqual({ version: 1, temperature: 22.28, pitch: 11 });
  });

  it("start afresh with every frame", () => {
    for (let i = 0; i < 3; i++) expect(readAll(eye, "01 02 12")).toEqual({ version: 1, humidity: 18 });
  });

  it("are refused without their flags", () => {
    expect(() => readAll(eye, "01")).toThrow(new DecodeError("1 bytes, 2 wanted"));
  });

  it.each([
    ["u8", 7, "80"],
    ["u16be", 15, "8000"],
    ["u16le", 15, "0080"],
    ["u24be", 23, "800000"],
    ["u32be", 31, "80000000"],
    ["u32le", 31, "00000080"],
  ])("may be up to the highest bit of %s", (type, flag, hex) => {
    const start = fromHex(hex).length;
    const device = binaryDevice(`bytes: payload, flags: { at: 0, type: ${type}, start: ${start} }`, [
      `f: { flag: ${flag}, type: u8 }`,
    ]);
    expect(readAll(device, `${hex} 05`)).toEqual({ f: 5 });
    expect(readAll(device, `${"00".repeat(start)} 05`)).toBeUndefined();
  });

  it.each([
    ["flag: 8, type: u8", "there is no bit 8 in frame.flags"],
    ["flag: 1, at: 3, type: u8", '"at" and "flag" say two places'],
    ["flag: 1, type: ascii", '"length" is missing'],
    [
      "flag: 1, type: u8, repeat: 2",
      "a field with a flag follows the one before it: it has no tag, no section and is not repeated",
    ],
  ])("are not told as { %s }", (spec, message) => {
    expect(binaryProblems("bytes: payload, flags: { at: 0, type: u8, start: 1 }", [`f: { ${spec} }`])[0]).toBe(message);
  });

  it("are announced by the frame", () => {
    expect(binaryProblems("bytes: payload", ["f: { flag: 1, type: u8 }"])).toEqual([
      '"flag" without frame.flags: where do the flags stand?',
    ]);
  });
});
