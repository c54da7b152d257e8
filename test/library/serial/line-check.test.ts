/** Lines that end in a sum: what is not as it was sent never becomes a value. */

import { describe, expect, it } from "vitest";
import { deviceOf, shown, load, values } from "../../support/definitions.ts";

const definition = (frame: string, fields: string) => `schema: device/v1
id: acme.line
vendor: Acme
model: Line
match: { serial: { line: "^" } }
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields: ${fields}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, hex: "00" }]
`;
const read = (frame: string, fields: string, text: string) =>
  values(deviceOf(definition(frame, fields)), { kind: "text", text });

const CSV = "{ csv: { columns: [id, t] }, check: { kind: xor8, after: '*', from: 1 } }";
const FIELDS = "{ id: {}, t: { unit: Cel } }";

describe("a line with a sum", () => {
  it.each([
    // The check values that catalogues of sums give for these nine digits.
    ["xor8", "31"],
    ["sum8", "DD"],
    ["crc16.modbus", "4B37"],
    ["crc16.arc", "BB3D"],
    ["crc16.x25", "906E"],
    ["crc16.ccitt", "29B1"],
  ])("of kind %s is believed if it is right", (kind, sum) => {
    const frame = `{ csv: { columns: [n] }, check: { kind: ${kind}, after: '#' } }`;
    expect(read(frame, "{ n: { type: number } }", `123456789#${sum}`)).toEqual({ n: 123456789 });
    expect(read(frame, "{ n: { type: number } }", `123456789#${sum.toLowerCase()}\r\n`)).toEqual({ n: 123456789 });
    expect(() => read(frame, "{ n: { type: number } }", `123456780#${sum}`)).toThrow("checksum mismatch");
  });

  it("has columns before it, and may leave out how it begins", () => {
    expect(read(CSV, FIELDS, "$W,21.5*63")).toEqual({ id: "$W", t: 21.5 });
    expect(() => read(CSV, FIELDS, "$W,21.6*63")).toThrow("checksum mismatch: 60 computed");
  });

  it("is refused without one, and with one that is cut", () => {
    for (const line of ["$W,21.5", "$W,21.5*", "$W,21.5*4", "$W,21.5*4X", "$W,21.5*0049", "*49"])
      expect(() => read(CSV, FIELDS, line)).toThrow('no checksum of 2 hexadecimal digits after "*"');
  });

  it("is taken apart by an expression only if the sum is right", () => {
    const frame = "{ line: '^W=(?<w>[0-9]+);[0-9A-F]{2}$', check: { kind: sum8, after: ';' } }";
    expect(read(frame, "{ w: { unit: kg } }", "W=12;F7")).toEqual({ w: 12 });
    expect(() => read(frame, "{ w: { unit: kg } }", "W=13;F7")).toThrow("checksum mismatch: F8 computed");
  });

  it("is nothing for frames that are no lines", () => {
    const { problems } = load(definition("{ json: true, check: { kind: xor8, after: '*' } }", "{ t: { json: $.t } }"));
    expect(problems.map(shown)[0]).toContain('only csv and line have "check"; that of binary frames stands in packet');
  });
});
