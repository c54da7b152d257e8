/** Modbus registers: every type in every order of words, from the middle of a block, coils, and what is refused. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { deviceOf, frameOf, load, shown, values } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const definition = (fields: string, registers: string) => `schema: device/v1
id: acme.registers
vendor: Acme
model: R-1
identity: { endpoint: "acme-{source}" }
frame: { registers: ${registers} }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
  ${fields}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, registers: {} }]
`;

export const device = (fields: string, registers = "true") => deviceOf(definition(fields, registers));

const registers = (blocks: Readonly<Record<string, string>>): Payload => ({
  kind: "registers",
  values: new Map(Object.entries(blocks).map(([key, hex]) => [key, fromHex(hex)])),
});

/** What a field `f` at the beginning of a block of these bytes says. */
const read = (spec: string, hex: string, frame = "true") =>
  values(device(`f: { fc: 3, address: 0x0010, ${spec} }`, frame), registers({ "3:0x0010": hex }))?.["f"];

interface Typed {
  readonly registers_hex: string;
  readonly type: string;
  readonly word_order?: string;
  readonly expected: number;
}

const vectors = JSON.parse(readFileSync(new URL("../../vectors/modbus.json", import.meta.url), "utf8")) as {
  readonly typed_registers: readonly Typed[];
};
const ours = (type: string) => type.replace("uint", "u").replace("int", "i").replace("float", "f");

describe("published registers", () => {
  it.each(vectors.typed_registers.map((vector) => [vector.registers_hex, vector.type, vector] as const))(
    "%s are %s",
    (hex, type, { word_order, expected }) => {
      expect(read(`type: ${ours(type)}, order: ${word_order === "little" ? "cdab" : "abcd"}`, hex)).toBe(expected);
    },
  );
});

describe("a register", () => {
  it.each([
    ["u16", "abcd", "fffe", 65_534],
    ["u16", "badc", "feff", 65_534],
    ["u16", "cdab", "fffe", 65_534],
    ["i16", "dcba", "feff", -2],
    ["u32", "abcd", "0001e240", 123_456],
    ["u32", "cdab", "e2400001", 123_456],
    ["u32", "badc", "010040e2", 123_456],
    ["u32", "dcba", "40e20100", 123_456],
    ["i32", "cdab", "fffeffff", -2],
    ["f32", "abcd", "43663333", 230.2],
    ["f32", "cdab", "33334366", 230.2],
    ["f32", "badc", "66433333", 230.2],
    ["f32", "dcba", "33336643", 230.2],
    ["u64", "abcd", "000000000001e240", 123_456],
    ["u64", "cdab", "e240000100000000", 123_456],
    ["u64", "badc", "00000000010040e2", 123_456],
    ["u64", "dcba", "40e2010000000000", 123_456],
    ["i64", "cdab", "fffeffffffffffff", -2],
    ["f64", "abcd", "4036e66666666666", 22.9],
    ["f64", "cdab", "66666666e6664036", 22.9],
    ["f64", "dcba", "66666666" + "66e63640", 22.9],
    ["u16be", "dcba", "0102", 258],
    ["u16le", "abcd", "0201", 258],
    ["bool", "abcd", "0000", false],
    ["bool", "abcd", "0100", true],
  ])("of type %s in the order %s: %s is %s", (type, order, hex, expected) => {
    expect(read(`type: ${type}, order: ${order}`, hex)).toBe(expected);
    expect(read(`type: ${type}`, hex, `{ order: ${order} }`)).toBe(expected);
  });

  it("takes the order of its field before that of the frame", () => {
    expect(read("type: u32, order: abcd", "0001e240", "{ order: cdab }")).toBe(123_456);
  });

  it("may hold bits, scaled numbers and text", () => {
    expect(read("type: u16, bits: { shift: 4, width: 4 }", "12A4")).toBe(10);
    expect(read("type: i16, scale: 0.1, unit: Cel, invalid: -32768", "ffcb")).toBe(-5.3);
    expect(read("type: i16, scale: 0.1, unit: Cel, invalid: -32768", "8000")).toBeNull();
    expect(read("type: ascii, length: 6", "414243000000")).toBe("ABC");
    expect(read("type: f32", "7fc00000")).toBeNull();
  });
});

describe("a block", () => {
  const meter = device(
    "a: { fc: 4, address: 0x0100, type: u16 }\n  b: { fc: 4, address: 0x0103, type: u32 }\n  c: { fc: 3, address: 0x0100, type: u16 }",
  );

  it("may be longer than a field, and begin before it", () => {
    expect(values(meter, registers({ "4:0x00fe": "0000000000070000000000010002" }))).toEqual({ a: 7, b: 65_538 });
  });

  it("may be one of several", () => {
    expect(values(meter, registers({ "4:0x0103": "00000005", "3:0x0100": "0009" }))).toEqual({ b: 5, c: 9 });
  });

  it("that ends before a field does not speak of it", () => {
    expect(values(meter, registers({ "4:0x0100": "0001 0002" }))).toEqual({ a: 1 });
    expect(meter.decode(frameOf(registers({})))).toBeUndefined();
  });

  it("that ends within a field is refused", () => {
    expect(() => values(meter, registers({ "4:0x0103": "0000" }))).toThrow("2 bytes, 4 wanted");
    expect(() => values(meter, registers({ "4:0x0100": "0001 0002 0003 0004" }))).toThrow("2 bytes, 4 wanted");
    expect(() => values(meter, registers({ "4:0x0103": "" }))).toThrow(DecodeError);
  });

  it("of no known name is refused", () => {
    expect(() => values(meter, registers({ "5:0x0000": "00" }))).toThrow('"5:0x0000" names no registers');
    expect(() => values(meter, { kind: "text", text: "x" })).toThrow("no registers in a frame of text");
    const many = Object.fromEntries(
      Array.from({ length: 65 }, (_, i) => [`3:0x${i.toString(16).padStart(4, "0")}`, "00"]),
    );
    expect(() => values(meter, registers(many))).toThrow("65 blocks of registers");
  });

  it("of meaningless bytes is refused in words", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 2_000; i++) {
      const blocks = new Map([
        [random.pick(["4:0x0100", "4:0x00ff", "3:0x0100", "x"]), random.bytes(random.below(12))],
      ]);
      try {
        meter.decode(frameOf({ kind: "registers", values: blocks }));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("coils", () => {
  const relays = device(
    "r1: { fc: 1, address: 0x0000, type: bool }\n  r2: { fc: 1, address: 0x0001, type: bool }\n  r9: { fc: 1, address: 0x0008, type: bool }\n  in: { fc: 2, address: 0x0010, type: bool }",
  );

  it("are bits, the lowest of the first byte first", () => {
    expect(values(relays, registers({ "1:0x0000": "0201" }))).toEqual({ r1: false, r2: true, r9: true });
    expect(values(relays, registers({ "2:0x0010": "01" }))).toEqual({ in: true });
    expect(values(relays, registers({ "1:0x0000": "01" }))).toEqual({ r1: true, r2: false });
    expect(() => values(relays, registers({ "1:0x0000": "" }))).toThrow(DecodeError);
  });
});

describe("a definition of registers", () => {
  const problems = (field: string) => load(definition(field, "true")).problems.map(shown);

  it.each([
    ["f: { type: u16 }", '"fc" and "address" are missing: which register?'],
    ["f: { fc: 1, address: 0, type: u16 }", "coils and inputs are of type bool, not u16"],
    ["f: { fc: 3, address: 0 }", '"type" is missing'],
    ["f: { fc: 3, address: 0, type: nmea.lat }", "nmea.lat is no type of binary payloads"],
  ])("with a mistake is told so: %s", (field, words) => {
    expect(problems(field).join()).toContain(words);
  });
});

describe("a block that the device refuses", () => {
  const two = device(
    [
      "a: { fc: 3, address: 0x0010, type: u16 }",
      "b: { fc: 3, address: 0x0012, type: bool }",
      "c: { fc: 1, address: 0x0012, type: bool }",
    ].join("\n  "),
  );

  it("is not available, as far as it reaches, and nothing else is touched", () => {
    expect(values(two, registers({ "3:0x0010+2": "", "1:0x0010": "04" }))).toEqual({ a: null, c: true });
    expect(values(two, registers({ "3:0x0010": "0007", "3:0x0011+2": "" }))).toEqual({ a: 7, b: null });
    expect(values(two, registers({ "1:0x0000+19": "", "3:0x0010": "0007" }))).toEqual({ a: 7, c: null });
  });

  it("beside one that was told is no news", () => {
    expect(values(two, registers({ "3:0x0010": "000700000001", "3:0x0020+4": "" }))).toEqual({ a: 7, b: true });
  });

  it.each(["3:0x0010+", "3:0x0010+x", "3:0x0010+99999"])("with a count that is none is malformed: %s", (key) => {
    expect(() => values(two, registers({ [key]: "" }))).toThrow(DecodeError);
  });
});
