/** More mistakes in definitions: one change of a sound definition for each, and all that is said about it. */

import { describe, expect, it } from "vitest";
import { changed, load, ofFields, problemsOf, shown, THERMOMETER } from "../support/definitions.ts";

/** What is said of one field `f` in payloads of a kind; the field stands at 8:3. */
function ofFrame(frame: string, field: string): string[] {
  return problemsOf(`schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: ${frame}
fields:
  f: { ${field} }
alive: { expect: 10s, stale: 90s, gone: 15m }
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, hex: "00" }]
`);
}

describe("a field in payloads of one kind", () => {
  it.each([
    ["{ json: true }", "json: $.a, type: u8", "8:3 u8 is no type of JSON"],
    ["{ json: true }", "json: $.a, type: nmea.lat", "8:3 nmea.lat is no type of JSON"],
    ["{ csv: { columns: [f] } }", "type: mac", "8:3 mac is no type of lines"],
    ["{ line: '(?<f>.)' }", "type: f32be", "8:3 f32be is no type of lines"],
    ["{ fields: true }", "type: ascii", "8:3 ascii is no type of named values"],
    ["{ nmea: true }", "nmea: { GLL: 1 }, type: u8", "8:3 u8 is no type of NMEA sentences"],
    ["{ bytes: payload }", "at: 0, type: number", "8:3 number is no type of binary payloads"],
    ["{ bytes: payload }", "at: 0, type: iso8601", "8:3 iso8601 is no type of binary payloads"],
    ["{ registers: true }", "fc: 3, address: 1, type: text", "8:3 text is no type of binary payloads"],
    ["{ registers: true }", "fc: 3, address: 1", '8:3 "type" is missing'],
    ["{ registers: true }", "address: 1, type: u8", '8:3 "fc" and "address" are missing: which register?'],
    ["{ nmea: true }", "nmea: { GLL: 1 }, type: nmea.lat", "8:3 nmea.lat takes 2 of the parts of GLL, not 1"],
    [
      "{ nmea: true }",
      "nmea: { RMC: [3, 4], GLL: [1, 2, 3] }, type: nmea.lon",
      "8:3 nmea.lon takes 2 of the parts of GLL, not 3",
    ],
    ["{ nmea: true }", "nmea: { RMC: 9 }, type: nmea.time", "8:3 nmea.time takes 2 of the parts of RMC, not 1"],
    ["{ nmea: true }", "nmea: { RMC: [1, 9] }, type: nmea.clock", "8:3 nmea.clock takes 1 of the parts of RMC, not 2"],
    [
      "{ nmea: true }",
      "nmea: { RMC: 10 }, type: nmea.variation",
      "8:3 nmea.variation takes 2 of the parts of RMC, not 1",
    ],
    ["{ line: '(a)(b)' }", "group: 3", '8:3 no group "3" in the line\'s expression'],
    ["{ line: 'ab' }", "group: 1", '8:3 no group "1" in the line\'s expression'],
    ["{ line: '(?<a>a)' }", "group: b", '8:3 no group "b" in the line\'s expression'],
    ["{ line: '(?<a>a)' }", "unit: Cel", '8:3 no group "f" in the line\'s expression'],
    ["{ csv: { columns: [a] } }", "unit: Cel", '8:3 no column "f"'],
    [
      "{ bytes: payload }",
      "at: 0, type: f32be, bits: { shift: 0, width: 8 }",
      "8:3 bits can be taken from integers only",
    ],
    [
      "{ bytes: payload }",
      "at: 0, type: sm8, bits: { shift: 0, width: 8 }",
      "8:3 bits can be taken from integers only",
    ],
    [
      "{ bytes: payload }",
      "at: 0, type: hex, length: 2, bits: { shift: 0, width: 8 }",
      "8:3 bits can be taken from integers only",
    ],
    ["{ bytes: payload }", "at: 0, type: u16le, bits: { shift: 9, width: 8 }", "8:3 bits 9 to 17 of 16"],
    ["{ bytes: payload }", "at: 0, type: ascii", '8:3 "length" is missing'],
    ["{ json: true }", "json: a.b", '8:8 "a.b" is not a path such as $.a.b'],
    ["{ json: true }", "json: $.a.*.b.*", "8:3 one * is enough"],
    ["{ json: true }", "json: $.", '8:3 "$." is no path'],
    ["{ json: true }", "json: $.a, at: 0", '8:8 "at" and "json" say two places'],
    ["{ json: true }", "json: $.a, expr: '1'", '8:19 "json" and "expr" say two places'],
  ])("%s with %s", (frame, field, expected) => {
    expect(ofFrame(frame, field)).toEqual([expected]);
  });

  it.each([
    ["{ line: '(a)(b)' }", "group: 2"],
    ["{ line: '(?<f>a)|b' }", "unit: Cel"],
    ["{ nmea: true }", "nmea: { RMC: [9, 1] }, type: nmea.time"],
    ["{ nmea: true }", "nmea: { GSA: [3, 4, 5] }"],
    ["{ json: true }", "json: $.a, type: iso8601"],
    ["{ json: true, root: Status }", "json: $.a"],
    ["{ fields: true }", "type: boolean"],
    ["{ bytes: payload }", "at: 0, type: i64le, bits: { shift: 10, width: 53 }"],
  ])("%s with %s is sound", (frame, field) => {
    expect(ofFrame(frame, field)).toEqual([]);
  });
});

describe("numbers and limits", () => {
  const of = (field: string) => problemsOf(ofFields(`x: { ${field} }`));

  it.each([
    ["range: [85, -40]", "10:8 the lower limit comes first"],
    ["range: [1]", "10:8 Too small: expected array to have >=2 items"],
    ["at: -70000", "10:8 Too small: expected number to be >=-65535"],
    ["length: 0", "10:8 Too small: expected number to be >=1"],
    ["scale: much", '10:8 a number expected, not "much"'],
    ["unit: 5", "10:8 text expected, not 5"],
    ["unit: Celsius", '10:8 unknown unit "Celsius"'],
    ["unit: cel", '10:8 unknown unit "cel" (did you mean "Cel"?)'],
    ["unit: Cel, given: Farenheit", '10:19 unknown unit "Farenheit"'],
    ["unit: Cel, given: Pa", "10:19 Pa does not convert to Cel"],
    ["unit: Cel, given: { json: $.u, map: { F: Far, P: Pa } }", "10:19 Pa does not convert to Cel"],
    ["given: Far", '10:8 "unit" is missing: what shall the value be given in?'],
    ["expr: 'y + 1'", '10:8 unknown name "y" in "y + 1"'],
    ["expr: 'x + 1'", '10:8 unknown name "x" in "x + 1"'],
    ["expr: '1 +'", '10:8 "1 +": ends too early'],
    ["expr: 'sin(1)'", '10:8 "sin(1)": no function "sin": there are min, max, clamp, round, floor, pow, abs'],
    ["when: '(1'", '10:8 "(1": ")" expected at the end'],
  ])("%s", (field, expected) => {
    const [first] = of(field);
    expect(first?.startsWith(expected.split(" (did")[0]!)).toBe(true);
    expect(of(field)).toHaveLength(1);
  });
});

describe("a definition of BTHome", () => {
  it("has no fields at places of its own: the codec has read the payload", () => {
    const text = changed(
      ["{ ble: { manufacturer: 0x1234, length: 4 } }", "{ ble: { service_data: 0xFCD2 } }"],
      ["{ bytes: ble.manufacturer }", "{ codec: bthome.v2 }"],
    );
    expect(problemsOf(text)).toEqual([
      "12:3 the codec knows the type",
      '13:3 the codec has no field "counter": did you mean "count"?',
    ]);
  });

  it("is of a codec that exists", () => {
    expect(problemsOf(changed(["{ bytes: ble.manufacturer }", "{ codec: bthome.v3 }"]))).toEqual([
      '8:13 "bthome.v3" is not one of bthome.v1, bthome.v2, mibeacon, pvvx, victron, ruuvi.df8, govee.h512x, ' +
        'sensorpush, ... (did you mean "bthome.v1"?)',
    ]);
  });
});

describe("what is not a definition of ours", () => {
  it.each([
    ["two documents", `${THERMOMETER}---\n${THERMOMETER}`],
    ["tabs for blanks", THERMOMETER.replace("  temperature", "\ttemperature")],
    ["an alias to nothing", THERMOMETER.replace("vendor: Acme", "vendor: *nobody")],
    ["quotes that do not close", THERMOMETER.replace("vendor: Acme", 'vendor: "Acme')],
    ["brackets that close too often", THERMOMETER.replace("u8 }", "u8 } }")],
  ])("%s: is left out, with a place", (_what, text) => {
    const { library, problems } = load(text);
    expect([...library.devices()]).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(shown(problem)).toMatch(/^\d+:\d+ \S/);
  });

  it("names that all objects are born with are names like others, or are refused", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const { problems, library } = load(changed(["  counter:", `  ${name}:`]));
      const device = library.get("acme.thermometer");
      expect(problems.length > 0 || device !== undefined).toBe(true);
      expect("type" in {}).toBe(false);
    }
  });
});
