/** Telegrams of named values: their units become those of the field, and what is no number never does. */

import { describe, expect, it } from "vitest";
import { deviceOf, load, shown, values } from "../../support/definitions.ts";

const definition = (fields: string, frame = "{ dsmr: true }") => `schema: device/v1
id: acme.keyed
vendor: Acme
model: K-1
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
  ${fields}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, text: "x" }]
`;

/** What a field `f` says of a telegram of one line. */
const read = (spec: string, line: string) =>
  values(deviceOf(definition(`f: { name: "1-0:1.8.0", ${spec} }`)), {
    kind: "text",
    text: `/X5\r\n\r\n${line}\r\n!\r\n`,
  })?.["f"];

describe("a value with its unit", () => {
  it.each([
    ["unit: kWh, range: [0, 1000]", "1-0:1.8.0(001.500*kWh)", 1.5],
    ["unit: Wh, range: [0, 10000]", "1-0:1.8.0(001.500*kWh)", 1_500],
    ["unit: J, range: [0, 10000000]", "1-0:1.8.0(001.500*kWh)", 5_400_000],
    ["unit: kWh, given: Wh, range: [0, 1000]", "1-0:1.8.0(001.500*kWh)", 1.5],
    ["unit: kWh, given: Wh, range: [0, 1000]", "1-0:1.8.0(1500)", 1.5],
    ["unit: W, range: [0, 1000]", "1-0:1.8.0(001.500*kWh)", null],
    ["unit: kWh, range: [0, 1]", "1-0:1.8.0(001.500*kWh)", null],
    ["unit: kWh, range: [0, 1]", "1-0:1.8.0(abc*kWh)", null],
    ["unit: kWh, range: [0, 1]", "1-0:1.8.0()", null],
    ["unit: kWh, range: [0, 1]", "1-0:2.8.0(001.500*kWh)", undefined],
    ["type: number", "1-0:1.8.0(00017)", 17],
    ["type: text", "1-0:1.8.0(00017)", "00017"],
    ['map: { "0002": high }', "1-0:1.8.0(0002)", "high"],
    ['map: { "0002": high }', "1-0:1.8.0(0003)", null],
  ])("for a field of %s: %s is %s", (spec, line, expected) => {
    expect(read(spec, line)).toBe(expected);
  });
});

describe("a field of telegrams", () => {
  it("stands under its own name unless it says another", () => {
    const device = deviceOf(definition("volume: { unit: m3, range: [0, 10] }", "{ mbus: true }"));
    const bytes = Buffer.from("680b0b6808017a0500000001130002000016", "hex");
    expect(() => values(device, { kind: "bytes", bytes })).toThrow("M-Bus");
    const sound = Uint8Array.from([0x68, 10, 10, 0x68, 8, 1, 0x7a, 5, 0, 0, 0, 1, 0x13, 7, 0, 0x16]);
    sound[14] = sound.subarray(4, 14).reduce((sum, byte) => sum + byte, 0) & 0xff;
    expect(values(device, { kind: "bytes", bytes: sound })).toEqual({ volume: 0.007 });
  });

  it("is of no type of bytes", () => {
    const problems = load(definition("f: { type: u16be }")).problems.map(shown);
    expect(problems.join()).toContain("u16be is no type of P1 telegrams");
  });

  it("is not looked for where there are no bytes", () => {
    const device = deviceOf(definition("f: { type: text }", "{ sml: true }"));
    expect(() => values(device, { kind: "fields", fields: {} })).toThrow("no bytes in a frame of fields");
    expect(() => values(device, { kind: "bytes", bytes: new Uint8Array(9_000) })).toThrow("telegram of 9000 bytes");
  });
});

describe("a line with groups that had no part in it", () => {
  const device = deviceOf(
    definition(
      "a: { group: a, type: number }\n  b: { group: b, type: number }",
      '{ line: "^(?:A(?<a>[0-9]+)|B(?<b>[0-9]*))$" }',
    ),
  );

  it("does not speak of them", () => {
    expect(values(device, { kind: "text", text: "A1" })).toEqual({ a: 1 });
    expect(values(device, { kind: "text", text: "B2" })).toEqual({ b: 2 });
  });

  it("says that there is no value where a group is empty", () => {
    expect(values(device, { kind: "text", text: "B" })).toEqual({ b: null });
  });
});
