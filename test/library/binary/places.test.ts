/** Where a field may stand in binary payloads, and what may not be said of its place. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { binaryDevice, binaryProblems, readAll, readField } from "../../support/binary-device.ts";
import { values } from "../../support/definitions.ts";

describe("a place from the end", () => {
  it("counts from the last byte, whatever the length", () => {
    expect(readField("at: -1, type: u8", "01 02 03")).toBe(3);
    expect(readField("at: -1, type: u8", "09")).toBe(9);
    expect(readField("at: -2, type: u16be", "FF 01 02")).toBe(0x0102);
    expect(readField("at: -2, length: 2, type: ascii", "00 41 42")).toBe("AB");
  });

  it("refuses a payload that does not reach so far", () => {
    expect(() => readField("at: -2, type: u16be", "01")).toThrow(new DecodeError("1 bytes, 2 wanted"));
    expect(() => readField("at: -1, type: u8", "")).toThrow(new DecodeError("0 bytes, 1 wanted"));
  });

  it("is a mistake where the value would go beyond the end", () => {
    expect(binaryProblems("bytes: payload", ["f: { at: -1, type: u16be }"])).toEqual([
      "2 bytes from -1 on go beyond the end",
    ]);
    expect(binaryProblems("bytes: payload", ["f: { at: -4, type: u16be, repeat: 3 }"])).toEqual([
      "6 bytes from -4 on go beyond the end",
    ]);
    expect(binaryProblems("bytes: payload", ["f: { at: -6, type: u16be, repeat: 3 }"])).toEqual([]);
  });
});

describe("a section of an advert", () => {
  const match = "match: { ble: { service_data: 0xFD3D } }";
  const fields = [
    "own: { at: 0, type: u8 }",
    "other: { in: manufacturer, at: 0, type: u8 }",
    "raw: { in: manufacturer.raw, at: 0, type: u16le }",
  ];
  const device = binaryDevice("bytes: ble.service_data", fields, match);
  const service = "0000fd3d-0000-1000-8000-00805f9b34fb";
  const advert = (manufacturer: [number, string][], data?: string): Payload => ({
    kind: "advert",
    manufacturer: manufacturer.map(([company, hex]) => [company, fromHex(hex)]),
    services: new Map(data === undefined ? [] : [[service, fromHex(data)]]),
    serviceUuids: [],
  });

  it("may be another than that of the frame", () => {
    expect(values(device, advert([[0x0969, "07"]], "63"))).toEqual({ own: 0x63, other: 7, raw: 0x0969 });
  });

  it("that is not there is not spoken of, nor one that is too short", () => {
    expect(values(device, advert([], "63"))).toEqual({ own: 0x63 });
    expect(values(device, advert([[0x0969, ""]], "63"))).toEqual({ own: 0x63, raw: 0x0969 });
    expect(values(device, advert([[0x0969, "07"]]))).toEqual({ other: 7, raw: 0x0969 });
    expect(values(device, advert([]))).toBeUndefined();
  });

  it("that the frame names must be long enough", () => {
    expect(() => values(device, advert([[0x0969, "07"]], ""))).toThrow(DecodeError);
  });

  it("is the last of two, for the last is the newest", () => {
    expect(
      values(
        device,
        advert([
          [0x0969, "01"],
          [0x0969, "02"],
        ]),
      ),
    ).toEqual({ other: 2, raw: 0x0969 });
  });

  it("is nothing where bytes came without an advert: these are the section of the frame", () => {
    expect(readAll(device, "63")).toEqual({ own: 0x63 });
  });

  it("has its company identifier before it where that is data: ThermoPro says 21.6 there", () => {
    // TP357: company C2 D8 00 as in the air, least significant byte first.
    const raw = binaryDevice(
      "bytes: ble.manufacturer.raw",
      ["temperature: { at: 1, type: i16le, scale: 0.1, unit: Cel }", "humidity: { at: 3, type: u8, unit: '%RH' }"],
      "match: { ble: { manufacturer: any, length: 4 } }",
    );
    expect(values(raw, advert([[0xd8c2, "00 2A 02 2C"]]))).toEqual({ temperature: 21.6, humidity: 42 });
  });
});

describe("slices", () => {
  const of = (slices: string, hex: string, more = "") => readField(`slices: [${slices}]${more}`, hex);

  it("are joined, the most significant first", () => {
    expect(of("{ at: 0 }, { at: 2 }", "12 FF 34")).toBe(0x1234);
    expect(of("{ at: 1, shift: 4, width: 4 }, { at: 0 }", "34 5F")).toBe(0x534);
    expect(of("{ at: 0, width: 7 }", "FF")).toBe(0x7f);
    expect(of("{ at: -1 }, { at: 0 }", "01 00 02")).toBe(0x0201);
  });

  it("may have a sign over all of their bits", () => {
    expect(of("{ at: 0, width: 4 }, { at: 1 }", "0F FF", ", signed: true")).toBe(-1);
    expect(of("{ at: 0, width: 4 }, { at: 1 }", "08 00", ", signed: true")).toBe(-2048);
    expect(of("{ at: 0, width: 4 }, { at: 1 }", "07 FF", ", signed: true")).toBe(2047);
  });

  it("of SwitchBot: a tenth in one byte, degrees and their sign in the next", () => {
    const device = binaryDevice("bytes: payload", [
      "_tenths: { slices: [{ at: 3, width: 4 }] }",
      "_degrees: { slices: [{ at: 4, width: 7 }] }",
      "_above: { slices: [{ at: 4, shift: 7, width: 1 }] }",
      'temperature: { expr: "(_degrees + _tenths / 10) * (_above ? 1 : -1)", unit: Cel }',
    ]);
    expect(readAll(device, "54 00 64 01 96 B0")).toEqual({ temperature: 22.1 });
    expect(readAll(device, "54 00 64 05 03 30")).toEqual({ temperature: -3.5 });
  });

  it("refuse a payload that lacks one of them", () => {
    expect(() => of("{ at: 0 }, { at: 2 }", "12 FF")).toThrow(new DecodeError("2 bytes, 3 wanted"));
    expect(() => of("{ at: 0 }, { at: -3 }", "12 FF")).toThrow(new DecodeError("2 bytes, 3 wanted"));
  });

  it.each([
    ["slices: [{ at: 0 }], bits: { shift: 0, width: 1 }", '"slices" and "bits" both say which bits'],
    ["slices: [{ at: 0 }], at: 1", '"at" and "slices" say two places'],
    ["slices: [{ at: 0 }], type: u8", "a field of slices has no type: it is a number of as many bits as they have"],
    ["slices: [{ at: 0, shift: 4, width: 5 }]", "bits 4 to 9 of a byte"],
    [`slices: [${"{ at: 0 }, ".repeat(7)}]`, "56 bits: a number has 53 at most"],
    ["at: 0, type: u8, signed: true", '"signed" is for slices: an integer has it in its type'],
  ])("are not told as { %s }", (spec, message) => {
    const problems = binaryProblems("bytes: payload", [`f: { ${spec} }`]);
    expect(problems[0]).toBe(message);
  });
});

describe("bits with a sign", () => {
  it.each([
    ["at: 0, type: u16be, bits: { shift: 4, width: 12, signed: true }", "FFF0", -1],
    ["at: 0, type: u16be, bits: { shift: 4, width: 12, signed: true }", "7FF0", 2047],
    ["at: 0, type: u24le, bits: { shift: 2, width: 22, signed: true }", "FCFFFF", -1],
    ["at: 0, type: u32le, bits: { shift: 0, width: 32, signed: true }", "00000080", -2_147_483_648],
    ["at: 0, type: u64be, bits: { shift: 11, width: 53, signed: true }", "FFFFFFFFFFFFFFFF", -1],
    ["at: 0, type: u8, bits: { shift: 7, width: 1, signed: true }", "80", -1],
  ])("%s of %s are %d", (spec, hex, expected) => {
    expect(readField(spec, hex)).toBe(expected);
  });
});

describe("fields that repeat", () => {
  const probes = binaryDevice("bytes: payload", [
    "probe: { at: 1, type: i16le, repeat: 4, scale: 0.1, unit: Cel, invalid: -10 }",
  ]);

  it("are numbered from 1, as many as there are", () => {
    expect(readAll(probes, "00 0A00 1400 F6FF 2800")).toEqual({ probe_1: 1, probe_2: 2, probe_3: null, probe_4: 4 });
    expect(readAll(probes, "00 0A00 1400")).toEqual({ probe_1: 1, probe_2: 2 });
    expect(readAll(probes, "00 0A00 14")).toEqual({ probe_1: 1 });
    expect(readAll(probes, "00")).toBeUndefined();
  });

  it("may stand further apart than they are wide", () => {
    const device = binaryDevice("bytes: payload", [
      "a: { at: 0, type: u8, repeat: 2, step: 3 }",
      "b: { at: 1, type: u16be, repeat: 2, step: 3 }",
    ]);
    expect(readAll(device, "01 0002 03 0004")).toEqual({ a_1: 1, a_2: 3, b_1: 2, b_2: 4 });
  });

  it("may be of bits, and of slices", () => {
    const device = binaryDevice("bytes: payload", [
      "high: { at: 0, type: u8, bits: { shift: 4, width: 4 }, repeat: 2 }",
      "low: { slices: [{ at: 0, width: 4 }], repeat: 2 }",
    ]);
    expect(readAll(device, "12 34")).toEqual({ high_1: 1, high_2: 3, low_1: 2, low_2: 4 });
  });

  it("can be shown one by one, by their numbers", () => {
    const text = ["probe: { at: 0, type: u8, repeat: 2, unit: Cel }"];
    const objects = (name: string) => `report: { ${name}: { max: 15m } }`;
    expect(binaryProblems("bytes: payload", text, objects("probe_2"))).toEqual([]);
    expect(binaryProblems("bytes: payload", text, objects("probe_x"))[0]).toContain('"probe_x"');
  });

  it.each([
    ["at: 0, length: 2, type: ascii, repeat: 2", "only numbers are repeated"],
    ["at: 0, type: u8, step: 2", '"step" without "repeat"'],
  ])("are not told as { %s }", (spec, message) => {
    expect(binaryProblems("bytes: payload", [`f: { ${spec} }`])).toEqual([message]);
  });
});

describe("a field with an index", () => {
  const device = binaryDevice("bytes: payload", [
    "_channel: { at: 0, type: u8 }",
    'probe: { at: 1, type: i16be, scale: 0.1, unit: Cel, index: "_channel + 1" }',
  ]);

  it("is one of many, by the number that the payload says", () => {
    expect(readAll(device, "00 00D7")).toEqual({ probe_1: 21.5 });
    expect(readAll(device, "0F 00D7")).toEqual({ probe_16: 21.5 });
  });

  it("is nothing where the number is none of 1 to 16", () => {
    expect(readAll(device, "10 00D7")).toBeUndefined();
    expect(readAll(device, "FF 00D7")).toBeUndefined();
    const half = binaryDevice("bytes: payload", [
      "_n: { at: 0, type: u8, scale: 0.5 }",
      "f: { at: 1, type: u8, index: _n }",
    ]);
    expect(readAll(half, "03 01")).toBeUndefined();
    expect(readAll(half, "00 01")).toBeUndefined();
    expect(readAll(half, "01 01")).toBeUndefined();
    expect(readAll(half, "02 01")).toEqual({ f_1: 1 });
  });

  it("may be computed", () => {
    const computed = binaryDevice("bytes: payload", ["_n: { at: 0, type: u8 }", "f: { expr: _n * 2, index: _n }"]);
    expect(readAll(computed, "03")).toEqual({ f_3: 6 });
  });

  it("has one number only", () => {
    const fields = ["_n: { at: 0, type: u8 }", "f: { at: 1, type: u8, repeat: 2, index: _n }"];
    expect(binaryProblems("bytes: payload", fields)).toEqual(["a field that stands for many has no index of its own"]);
    expect(binaryProblems("bytes: payload", ["f: { at: 1, type: u8, index: _x }"])).toEqual([
      'unknown name "_x" in "_x"',
    ]);
  });
});

describe("a condition", () => {
  it("excuses a payload that is too short", () => {
    const device = binaryDevice("bytes: payload", [
      "_kind: { at: 0, type: u8 }",
      'long: { at: 1, type: u16be, when: "_kind == 1" }',
      "kind: { expr: _kind }",
    ]);
    expect(readAll(device, "01 0002")).toEqual({ long: 2, kind: 1 });
    expect(readAll(device, "00 0002")).toEqual({ long: null, kind: 0 });
    expect(readAll(device, "00")).toEqual({ kind: 0 });
  });
});

describe("a key that other payloads have", () => {
  it.each([
    ["bytes: payload", "at: 0, type: u8, poll: 5s", '"poll" is for registers only'],
    ["bytes: payload", "at: 0, type: u8, order: cdab", '"poll" is for registers only'.replace("poll", "order")],
    ["bytes: payload", "at: 0, type: u8, topic: x", '"topic" is for JSON only'],
    ["json: true", "json: $.a, index: '1'", '"index" is for binary payloads only'],
    ["json: true", "json: $.a, in: manufacturer", '"in" is for binary payloads only'],
    ["json: true", "json: $.a, bits: { shift: 0, width: 1 }", '"bits" is for binary payloads only'],
    ["csv: { columns: [f] }", "repeat: 2", '"repeat" is for binary payloads only'],
    ["fields: true", "expr: '1', index: '1'", '"index" is for binary payloads only'],
    ["fields: true", "tag: 1", '"tag" is for binary payloads only'],
  ])("{ %s }: { %s } is a mistake at that key", (frame, spec, message) => {
    expect(binaryProblems(frame, [`f: { ${spec} }`])).toEqual([message]);
  });

  it.each([
    ["json: true, packet: { start: AA }", "json: $.a", 'only bytes has "packet"'],
    ["json: true, flags: { at: 0, type: u8, start: 1 }", "json: $.a", 'only bytes has "flags"'],
    ["bytes: payload, root: a", "at: 0, type: u8", 'only json has "root"'],
    ["fields: true, tlv: { at: 0, tag: u8, length: u8 }", "unit: Cel", 'only bytes has "tlv"'],
  ])("of the frame: { %s }", (frame, spec, message) => {
    expect(binaryProblems(frame, [`f: { ${spec} }`])).toEqual([message]);
  });
});
