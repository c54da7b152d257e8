/** How payloads become named values: bytes, JSON, lines and registers, with what they refuse. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../src/base/bytes.ts";
import type { Payload } from "../../src/sdk/adapter.ts";
import { deviceOf, frameOf, message, values } from "../support/definitions.ts";

/** A device whose frames are of one kind, with the given fields. */
function device(frame: string, ...fields: readonly string[]) {
  return deviceOf(`schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields.map((field) => `  ${field}`).join("\n")}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, hex: "00" }]
`);
}

const bytes = (hex: string): Payload => ({ kind: "bytes", bytes: fromHex(hex) });
const text = (line: string): Payload => ({ kind: "text", text: line });

/** What a single field `f` of binary payloads reads from the bytes. */
const read = (spec: string, hex: string) => values(device("{ bytes: payload }", `f: { ${spec} }`), bytes(hex))?.["f"];

describe("a binary payload", () => {
  it.each([
    ["u8", "FF", 255],
    ["i8", "FF", -1],
    ["u16be", "8001", 32_769],
    ["u16le", "0180", 32_769],
    ["i16be", "8001", -32_767],
    ["i16le", "0180", -32_767],
    ["u24be", "800001", 8_388_609],
    ["u24le", "010080", 8_388_609],
    ["i24be", "FFFFFE", -2],
    ["i24le", "FEFFFF", -2],
    ["i24be", "7FFFFF", 8_388_607],
    ["u32be", "80000001", 2_147_483_649],
    ["u32le", "01000080", 2_147_483_649],
    ["i32be", "FFFFFFFE", -2],
    ["i32le", "FEFFFFFF", -2],
    ["u64be", "0000000100000000", 4_294_967_296],
    ["u64le", "0000000001000000", 4_294_967_296],
    ["i64be", "FFFFFFFFFFFFFFFE", -2],
    ["i64le", "FEFFFFFFFFFFFFFF", -2],
    ["f32be", "43663333", 230.2],
    ["f32le", "33336643", 230.2],
    ["f64be", "4036E66666666666", 22.9],
    ["f64le", "666666666 6E63640".replaceAll(" ", ""), 22.9],
    ["sm8", "85", -5],
    ["sm8", "7F", 127],
    ["sm16be", "8102", -258],
    ["sm16le", "0281", -258],
  ])("holds %s: %s is %d", (type, hex, expected) => {
    expect(read(`at: 0, type: ${type}`, hex)).toBe(expected);
  });

  it("holds text up to the first zero, bytes as hex, and addresses both ways round", () => {
    expect(read("at: 1, length: 8, type: ascii", "00 41424300 FFFF4141")).toBe("ABC");
    expect(read("at: 0, length: 3, type: hex", "0A0B0C")).toBe("0a0b0c");
    expect(read("at: 0, type: mac", "A4C1380283F4")).toBe("A4:C1:38:02:83:F4");
    expect(read("at: 0, type: mac.le", "F4830238C1A4")).toBe("A4:C1:38:02:83:F4");
  });

  it("cuts bits out of words, however wide", () => {
    expect(read("at: 0, type: u16be, bits: { shift: 5, width: 11 }", "AC36")).toBe(0b101_0110_0001);
    expect(read("at: 0, type: u16be, bits: { shift: 0, width: 5 }", "AC36")).toBe(0b1_0110);
    expect(read("at: 0, type: u32be, bits: { shift: 31, width: 1 }", "80000000")).toBe(1);
    expect(read("at: 0, type: u64le, bits: { shift: 40, width: 8 }", "0000000000AB0000")).toBe(0xab);
    expect(read("at: 0, type: i8, bits: { shift: 4, width: 4 }", "F0")).toBe(15);
  });

  it("gives decimals without binary dust", () => {
    expect(read("at: 0, type: i16be, scale: 0.005", "12FC")).toBe(24.3);
    expect(read("at: 0, type: u16be, scale: 0.0025", "5394")).toBe(53.49);
    expect(read("at: 0, type: u16be, scale: 0.001, offset: 1.6", "0561")).toBe(2.977);
    expect(read("at: 0, type: u8, scale: 0.1", "03")).toBe(0.3);
    expect(read("at: 0, type: i32be, scale: 0.000001", "FFDF9940")).toBe(-2.123456);
    expect(read("at: 0, type: u32be, scale: 1e-7", "0000007B")).toBe(0.000_012_3);
    for (let raw = 0; raw < 65_536; raw += 7) {
      const hex = raw.toString(16).padStart(4, "0");
      expect(String(read("at: 0, type: u16be, scale: 0.01", hex)).length).toBeLessThanOrEqual(6);
      if (raw > 2000) break;
    }
  });

  it("takes markers and impossible values for not available", () => {
    expect(read("at: 0, type: u16be, invalid: 0xFFFF, scale: 0.1", "FFFF")).toBeNull();
    expect(read("at: 0, type: u8, invalid: [254, 255]", "FE")).toBeNull();
    expect(read("at: 0, type: u8, range: [0, 100]", "65")).toBeNull();
    expect(read("at: 0, type: f32be", "7FC00000")).toBeNull();
    expect(read("at: 0, type: f64be", "7FF0000000000000")).toBeNull();
  });

  it("compares markers with the raw value, before scaling", () => {
    expect(read("at: 0, type: u8, invalid: 100, scale: 0.5", "64")).toBeNull();
    expect(read("at: 0, type: u8, invalid: 100, scale: 0.5", "C8")).toBe(100);
  });

  it("translates by a map, and knows nothing beyond it", () => {
    expect(read("at: 0, type: u8, map: { '0': closed, '1': open }", "01")).toBe("open");
    expect(read("at: 0, type: u8, map: { '0': closed, '1': open }", "02")).toBeNull();
    expect(read("at: 0, type: u8, map: { '1': 10, '2': 20 }, scale: 0.1", "02")).toBe(2);
  });

  it("is refused where a field lies beyond its end", () => {
    for (const type of ["u16be", "mac", "u32le", "f64be"])
      expect(() => read(`at: 1, type: ${type}`, "0000")).toThrow(DecodeError);
    expect(() => read("at: 0, length: 3, type: ascii", "4141")).toThrow("2 bytes, 3 wanted");
    expect(() => read("at: 3, type: u16be, bits: { shift: 0, width: 4 }", "000000")).toThrow("3 bytes, 5 wanted");
  });

  it("computes fields from fields above, some of them for nobody else", () => {
    const sum = device(
      "{ bytes: payload }",
      "_a: { at: 0, type: u8 }",
      "_b: { at: 1, type: u8, invalid: 255 }",
      'sum: { expr: "_a + _b / 10", range: [0, 20], unit: Cel }',
    );
    expect(values(sum, bytes("0203"))).toEqual({ sum: 2.3 });
    expect(values(sum, bytes("02FF"))).toEqual({ sum: null });
    expect(values(sum, bytes("1E00"))).toEqual({ sum: null });
  });

  it("makes a field depend on others", () => {
    const flagged = device(
      "{ bytes: payload }",
      "flags: { at: 0, type: u8 }",
      'light: { at: 1, type: u8, when: "flags & 1 == 1" }',
    );
    expect(values(flagged, bytes("0107"))).toEqual({ flags: 1, light: 7 });
    expect(values(flagged, bytes("0207"))).toEqual({ flags: 2, light: null });
  });
});

describe("a JSON document", () => {
  const json = (spec: string, body: unknown) => values(device("{ json: true }", `f: { ${spec} }`), message("t", body));

  it("is read by path", () => {
    expect(json("json: $.a.b", { a: { b: 5 } })).toEqual({ f: 5 });
    expect(json("json: $.a", { a: "ON" })).toEqual({ f: "ON" });
    expect(json("json: $.a, map: { 'true': 1 }", { a: true })).toEqual({ f: 1 });
    expect(json("json: $.AHT1X-0x38.T", { "AHT1X-0x38": { T: 1.5 } })).toEqual({ f: 1.5 });
  });

  it("does not speak of what it does not hold", () => {
    for (const body of [{}, { a: 1 }, { a: { c: 1 } }, [], 5, null]) expect(json("json: $.a.b", body)).toBeUndefined();
    expect(json("json: $.constructor", {})).toBeUndefined();
    expect(json("json: $.__proto__.x", {})).toBeUndefined();
  });

  it("means not available by null, by nothing, and by what is no number", () => {
    for (const a of [null, "", "n/a", true, [1], { b: 1 }])
      expect(json("json: $.a, unit: Cel", { a })).toEqual({ f: null });
  });

  it("may write numbers as text", () => {
    expect(json("json: $.a, unit: Cel", { a: " -3.5 " })).toEqual({ f: -3.5 });
    expect(json("json: $.a, type: number", { a: "1e2" })).toEqual({ f: 100 });
    expect(json("json: $.a", { a: "0x10" })).toEqual({ f: "0x10" });
  });

  it("converts what the device speaks into what the field says", () => {
    expect(json("json: $.a, unit: Pa, given: hPa", { a: 1013.25 })).toEqual({ f: 101_325 });
    expect(json("json: $.a, unit: Cel, given: Far", { a: 98.6 })).toEqual({ f: 37 });
    expect(json("json: $.a, unit: m/s, given: kn", { a: 22.4 })).toEqual({ f: 11.5235555556 });
  });

  it("may name the unit of its values", () => {
    const spec = "json: $.a, unit: Cel, given: { json: $.u, map: { C: Cel, F: Far } }";
    expect(json(spec, { a: 212, u: "F" })).toEqual({ f: 100 });
    expect(json(spec, { a: 21, u: "C" })).toEqual({ f: 21 });
    expect(json(spec, { a: 21 })).toEqual({ f: 21 });
    expect(json(spec, { a: 21, u: "R" })).toEqual({ f: null });
  });

  it("gives a field for every component that has it", () => {
    expect(json("json: $.*.T, unit: Cel", { A: { T: 1 }, B: { U: 2 }, C: { T: "x" }, D: 5 })).toEqual({
      "A/f": 1,
      "C/f": null,
    });
    expect(json("json: $.s.*.T, unit: Cel", { s: { A: { T: 1 } }, B: { T: 2 } })).toEqual({ "A/f": 1 });
    expect(json("json: $.*.T, unit: Cel", { A: { T: [1, 2, null] } })).toEqual({
      "A/f_1": 1,
      "A/f_2": 2,
      "A/f_3": null,
    });
  });

  it("gives no more than so many of them", () => {
    const body = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`s${i}`, { T: i }]));
    expect(Object.keys(json("json: $.*.T, unit: Cel", body) ?? {})).toHaveLength(32);
  });

  it("may be wrapped", () => {
    const wrapped = device("{ json: true, root: Status }", "f: { json: $.a }");
    expect(values(wrapped, message("t", { Status: { a: 1 } }))).toEqual({ f: 1 });
    expect(values(wrapped, message("t", { a: 2 }))).toEqual({ f: 2 });
  });

  it("is refused if it is none, is no text, or is too long", () => {
    expect(() => json("json: $.a", "{")).toThrow("no JSON");
    expect(() => json("json: $.a", `"${"x".repeat(70_000)}"`)).toThrow("JSON of 70002 bytes");
    const notText = { kind: "message", topic: "t", body: Uint8Array.of(0x22, 0xff, 0x22) } as const;
    expect(() => values(device("{ json: true }", "f: { json: $.a }"), notText)).toThrow("no JSON");
    expect(() => values(device("{ json: true }", "f: { json: $.a }"), { kind: "fields", fields: {} })).toThrow(
      DecodeError,
    );
  });

  it("comes on lines and in bytes too", () => {
    const any = device("{ json: true }", "f: { json: $.a }");
    expect(values(any, text('{"a":1}'))).toEqual({ f: 1 });
    expect(values(any, { kind: "bytes", bytes: new TextEncoder().encode('{"a":2}') })).toEqual({ f: 2 });
  });
});

describe("a line", () => {
  const csv = device(
    "{ csv: { columns: [id, t, b] } }",
    "id: {}",
    "t: { unit: Cel, invalid: [-999, 85.0] }",
    "battery: { column: b, unit: V, given: mV }",
  );

  it("has columns", () => {
    expect(values(csv, text("T1,21.5,3021\r\n"))).toEqual({ id: "T1", t: 21.5, battery: 3.021 });
    expect(values(csv, text(" T1 , 21.5 , 3021"))).toEqual({ id: "T1", t: 21.5, battery: 3.021 });
  });

  it("means not available by an empty column and by markers", () => {
    expect(values(csv, text("T1,,"))).toEqual({ id: "T1", t: null, battery: null });
    expect(values(csv, text("T1,-999,1"))?.["t"]).toBeNull();
    expect(values(csv, text("T1,85.0,1"))?.["t"]).toBeNull();
  });

  it("is refused with too few or too many columns, and with letters for numbers", () => {
    expect(() => values(csv, text("T1,21.5"))).toThrow("2 columns, 3 wanted");
    expect(() => values(csv, text("T1,21.5,3,4"))).toThrow("4 columns, 3 wanted");
    expect(() => values(csv, text("T1,hot,3"))).toThrow('t: "hot" is no number');
    expect(() => values(csv, text("x".repeat(5000)))).toThrow("line of 5000 characters");
  });

  it("may have another separator", () => {
    const other = device("{ csv: { columns: [a, b], separator: ';' } }", "a: { type: number }", "b: {}");
    expect(values(other, text("1;2,5"))).toEqual({ a: 1, b: "2,5" });
  });

  it("is taken apart by an expression with groups", () => {
    const line = device("{ line: '^W=(?<weight>[-\\d.]+) ?(kg|g)$' }", "weight: { unit: kg }", "unit: { group: 2 }");
    expect(values(line, text("W=12.50 kg"))).toEqual({ weight: 12.5, unit: "kg" });
    expect(() => values(line, text("ERR"))).toThrow("the line is not as expected");
  });

  it("comes in messages and bytes too", () => {
    expect(values(csv, message("t", "T2,1,2"))?.["id"]).toBe("T2");
    expect(values(csv, { kind: "bytes", bytes: new TextEncoder().encode("T3,1,2\n") })?.["id"]).toBe("T3");
    expect(() => csv.decode(frameOf({ kind: "fields", fields: {} }))).toThrow(DecodeError);
  });
});

describe("registers", () => {
  const meter = device(
    "{ registers: true }",
    "voltage: { fc: 4, address: 0x0000, type: f32be, unit: V, range: [0, 500] }",
    "serial: { fc: 3, address: 0xFC00, type: u32be }",
    "on: { fc: 1, address: 0x10, type: bool }",
  );
  const registers = (entries: Readonly<Record<string, string>>): Payload => ({
    kind: "registers",
    values: new Map(Object.entries(entries).map(([key, hex]) => [key, fromHex(hex)])),
  });

  it("are read by function code and address", () => {
    expect(values(meter, registers({ "4:0x0000": "43663333", "3:0xfc00": "0001E240", "1:0x0010": "01" }))).toEqual({
      voltage: 230.2,
      serial: 123_456,
      on: true,
    });
  });

  it("that were not read are not spoken of", () => {
    expect(values(meter, registers({ "4:0x0000": "43663333" }))).toEqual({ voltage: 230.2 });
    expect(values(meter, registers({}))).toBeUndefined();
  });

  it("are refused if too short, and if they are none", () => {
    expect(() => values(meter, registers({ "4:0x0000": "4366" }))).toThrow("2 bytes, 4 wanted");
    expect(() => values(meter, bytes("00"))).toThrow("no registers in a frame of bytes");
  });
});

describe("named values", () => {
  const named = device("{ fields: true }", "temperature: { name: temp, unit: Cel }", "label: {}");

  it("are taken as they are", () => {
    const fields = { temp: 21.5, label: "x", other: 3 };
    expect(values(named, { kind: "fields", fields })).toEqual({ temperature: 21.5, label: "x" });
    expect(values(named, { kind: "fields", fields: { temp: "21.5" } })).toEqual({ temperature: 21.5 });
    expect(values(named, { kind: "fields", fields: { temp: true } })).toEqual({ temperature: null });
    expect(values(named, { kind: "fields", fields: {} })).toBeUndefined();
  });

  it("are refused if they are none", () => {
    expect(() => values(named, text("x"))).toThrow("no named values in a frame of text");
  });
});
