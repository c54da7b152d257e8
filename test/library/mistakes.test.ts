/** Every mistake in a definition is named with its place and, where possible, with what was meant. */

import { describe, expect, it } from "vitest";
import { changed, load, ofFields, problemsOf, shown, THERMOMETER } from "../support/definitions.ts";

type Change = readonly [from: string, to: string];

/** Each row: what is wrong, the change that makes it so, and all that is said about it. */
function each(rows: readonly (readonly [what: string, change: Change, ...said: string[]])[]): void {
  it.each(rows.map(([what, change, ...said]) => [what, change, said] as const))("names %s", (_what, change, said) => {
    expect(problemsOf(changed(change))).toEqual(said);
  });
}

describe("a sound definition", () => {
  it("has no problems", () => {
    expect(problemsOf(THERMOMETER)).toEqual([]);
  });
});

describe("the words of a definition", () => {
  each([
    [
      "an unknown key",
      ["frame:  ", "frames: "],
      '1:1 "frame" is missing',
      '8:1 unknown key "frames" (did you mean "frame"?)',
    ],
    ["an unknown key deep inside", ["scale: 0.01", "scal: 0.01"], '12:55 unknown key "scal" (did you mean "scale"?)'],
    [
      "an unknown key of a match",
      ["manufacturer:", "manufacterer:"],
      '6:20 unknown key "manufacterer" (did you mean "manufacturer"?)',
    ],
    ["an unknown key of a golden frame", ["hex:", "hexx:"], '20:5 unknown key "hexx" (did you mean "hex"?)'],
    [
      "an unknown key that resembles nothing",
      ["vendor: Acme", "vendor: Acme\nzzzzzzzz: 1"],
      '4:1 unknown key "zzzzzzzz"',
    ],
    ["a missing key", ["model: T-1\n", ""], '1:1 "model" is missing'],
    [
      "a word that is not known",
      ["i16be", "i16eb"],
      '12:25 "i16eb" is not one of u8, i8, u16be, u16le, i16be, i16le, u24be, u24le, ... (did you mean "i16be"?)',
    ],
    [
      "another version of the language",
      ["device/v1", "device/v2"],
      '1:1 "device/v2" is not one of device/v1 (did you mean "device/v1"?)',
    ],
    [
      "a medium that there is not",
      ["{ ble: {", "{ bel: {"],
      '6:13 unknown key "bel" (there are ble, serial, mqtt, fields)',
    ],
    [
      "a key without a blank behind its colon",
      ["at: 0", "at:0"],
      '12:18 unknown key "at:0" (a colon is followed by a blank)',
    ],
    ["half a number", ["at: 0", "at: 0.5"], "12:18 a whole number expected, not 0.5"],
    ["a number in quotes", ["scale: 0.01", 'scale: "0.01"'], '12:55 a number expected, not "0.01" (without quotes)'],
    ["a range of one", ["range: [-40, 85]", "range: 85"], "12:79 a list of two, such as [0, 100], expected, not 85"],
    [
      "a duration that is a number",
      ["expect: 10s", "expect: 10"],
      "9:13 text expected, not 10 (a duration has a unit, such as 10s)",
    ],
    ["no version of the language", ["schema: device/v1\n", ""], '1:1 "schema" is missing (write schema: device/v1)'],
    ["a tab", ["  counter:", "\tcounter:"], "13:1 a tab before the first word of a line (indent with blanks)"],
    [
      "a key that stands too far to the right",
      ["  counter:", "   counter:"],
      "13:1 the indentation is wrong (keys of one part begin in the same column)",
    ],
    [
      "a text that begins with a percent sign",
      ["unit: Cel", "unit: %RH"],
      '12:74 a text cannot begin with this sign (put it in quotes, such as "%EL")',
    ],
    [
      "a second definition",
      ["tests:", "---\ntests:"],
      "18:1 a second definition begins here (one file, one definition: no --- in it)",
    ],
    ["a value of the wrong type", ["at: 0", "at: zero"], '12:18 a number expected, not "zero"'],
    ["a duration without unit", ["10s", "10 seconds"], '9:13 "10 seconds" is not a duration such as 10s, 5m, 1h'],
    [
      "an id with blanks",
      ["acme.thermometer", "Acme Thermometer"],
      '2:1 "Acme Thermometer" is not lower-case words joined by dots or dashes',
    ],
    ["half a byte of hex", ["01 00", "01 0"], '20:5 "08F2 01 0" is not bytes in hex, blanks allowed'],
    [
      "YAML that is none",
      ["{ at: 2,", "{ at: 2"],
      "13:22 what stands between { } or [ ] cannot be read (each { and [ is closed on its line, parts stand between commas, and text with signs in it in quotes)",
    ],
    [
      "a key that stands twice",
      ["  counter:", "  temperature:"],
      "13:3 this key stands here twice (keep one of the two)",
    ],
    [
      "a file without golden frames",
      ["tests:\n  - name: a room\n    hex: 08F2 01 00\n    expect: { temperature: 22.9, counter: 1 }", "tests: []"],
      "18:1 at least one golden frame is needed",
    ],
  ]);

  it("names what is no definition at all", () => {
    expect(problemsOf("")).toEqual(["1:1 a definition expected: keys with values, such as schema: device/v1"]);
    expect(problemsOf("- a\n- b\n")).toEqual([
      "1:1 a definition expected: keys with values, such as schema: device/v1",
    ]);
    expect(problemsOf("just words")).toEqual([
      "1:1 a definition expected: keys with values, such as schema: device/v1",
    ]);
    expect(problemsOf("x".repeat(200_001))).toEqual([
      "1:1 longer than 200000 characters (one file holds one definition)",
    ]);
  });

  it("refuses a document that grows when its aliases are followed", () => {
    const row = (name: string, of: string) => `${name}: &${name} [${Array.from({ length: 8 }, () => of).join(",")}]\n`;
    const [problem = ""] = problemsOf(row("a", "x") + row("b", "*a") + row("c", "*b") + row("d", "*c"));
    expect(problem).toContain("aliases (*) that repeat too much (write it out)");
  });

  it("lists all mistakes at once, each with its place", () => {
    const text = changed(
      ["vendor: Acme", "vendor: 7"],
      ["unit: Cel,", "unit: Cel, foo: 1,"],
      ["gone: 15m", "gone: never"],
    );
    expect(problemsOf(text)).toEqual([
      "3:1 text expected, not 7 (put what looks like a number in quotes)",
      '9:38 "never" is not a duration such as 10s, 5m, 1h',
      '12:79 unknown key "foo"',
    ]);
  });
});

describe("the fields of a definition", () => {
  each([
    [
      "a unit as people say it",
      ["unit: Cel", "unit: celsius"],
      '12:68 unknown unit "celsius" (did you mean "Cel"?)',
      '16:13 celsius does not convert to Cel, the unit of Resource 5700 (Sensor Value) (the unit of the field: did you mean "Cel"?)',
    ],
    [
      "a coulomb that was meant to be a degree",
      ["unit: Cel", "unit: C"],
      '16:13 C does not convert to Cel, the unit of Resource 5700 (Sensor Value) (the unit of the field: did you mean "Cel"?)',
    ],
    [
      "a unit nobody knows",
      ["unit: Cel", "unit: Cell"],
      '12:68 unknown unit "Cell" (did you mean "Cel"?)',
      "16:13 Cell does not convert to Cel, the unit of Resource 5700 (Sensor Value)",
    ],
    [
      "a field without a place",
      ["{ at: 2, type: u8 }", "{ type: u8 }"],
      '13:3 "at" is missing: where in the bytes does it stand?',
    ],
    ["bytes without a type", ["{ at: 2, type: u8 }", "{ at: 2 }"], '13:3 "type" is missing'],
    [
      "two places for one field",
      ["{ at: 2, type: u8 }", "{ at: 2, json: $.a, type: u8 }"],
      '13:25 "at" and "json" say two places',
    ],
    [
      "a type of another kind of payload",
      ["{ at: 2, type: u8 }", "{ at: 2, type: nmea.lat }"],
      "13:3 nmea.lat is no type of binary payloads",
    ],
    ["text without a length", ["{ at: 2, type: u8 }", "{ at: 2, type: ascii }"], '13:3 "length" is missing'],
    [
      "bits beyond the word",
      ["{ at: 2, type: u8 }", "{ at: 2, type: u8, bits: { shift: 4, width: 8 } }"],
      "13:3 bits 4 to 12 of 8",
    ],
    [
      "bits of something without bits",
      ["{ at: 2, type: u8 }", "{ at: 2, type: mac, bits: { shift: 0, width: 8 } }"],
      "13:3 bits can be taken from integers only",
    ],
    ["units that do not convert", ["unit: Cel,", "unit: Cel, given: V,"], "12:79 V does not convert to Cel"],
    [
      "a unit to convert from but none to convert to",
      ["unit: Cel,", "given: Far,"],
      '12:68 "unit" is missing: what shall the value be given in?',
    ],
    [
      "a condition that cannot be read",
      ["type: u8 }", 'type: u8, when: "counter > " }'],
      '13:35 "counter > ": ends too early',
    ],
    [
      "a condition over fields that stand below",
      ["range: [-40, 85]", "when: counter > 3"],
      '12:79 unknown name "counter" in "counter > 3" (it stands further below: move it up)',
    ],
    [
      "a name of a field with capitals",
      ["  counter:", "  Counter:"],
      '13:3 "Counter" cannot be a key here (lower-case letters, digits and _)',
    ],
  ]);

  it("names JSON paths, columns, groups and registers that are none", () => {
    const of = (frame: string, field: string) =>
      problemsOf(
        changed(
          ["{ bytes: ble.manufacturer }", frame],
          ["  temperature: { at: 0, type: i16be, invalid: -32768, scale: 0.01, unit: Cel, range: [-40, 85] }\n", ""],
          ["{ at: 2, type: u8 }", field],
          ["3303/0: { value: temperature }", "3/0: { 9: counter }"],
        ),
      );
    expect(of("{ json: true }", "{ json: $.a..b }")).toEqual(['12:3 "$.a..b" is no path']);
    expect(of("{ json: true }", "{ json: $.*.a.* }")).toEqual(["12:3 one * is enough"]);
    expect(of("{ json: true }", "{ at: 1 }")).toEqual(['12:3 "json" is missing: what is its path?']);
    expect(of("{ csv: { columns: [a] } }", "{ column: b }")).toEqual(['12:3 no column "b"']);
    expect(of("{ line: '(?<a>.)' }", "{ group: b }")).toEqual(['12:3 no group "b" in the line\'s expression']);
    expect(of("{ line: '(' }", "{ group: 1 }")).toEqual(["8:13 Invalid regular expression: /(/: Unterminated group"]);
    expect(of("{ nmea: true }", "{ at: 1 }")).toEqual(['12:3 "nmea" is missing: which part of which sentence?']);
    expect(of("{ registers: true }", "{ fc: 3 }")).toEqual(['12:3 "fc" and "address" are missing: which register?']);
  });
});

describe("the objects of a definition", () => {
  each([
    [
      "an Object that the registry lacks",
      ["3303/0", "33003/0"],
      '16:3 no Object 33003 in the registry (did you mean "3300"?)',
    ],
    [
      "a Resource that the Object lacks",
      ["{ value: temperature }", "{ 5699: temperature }"],
      '16:13 no Resource 5699 in Object 3303 (Temperature) (did you mean "5601"?)',
    ],
    [
      "an Object without an Instance",
      ["3303/0:", "3303:"],
      '16:3 "3303" cannot be a key here (an Object and an Instance, such as 3303/0 or 3303/*)',
    ],
    [
      "a field that does not exist",
      ["value: temperature", "value: temprature"],
      '16:13 no field "temprature" (did you mean "temperature"?)',
    ],
    [
      "a misspelt word between Resources",
      ["{ value: temperature }", "{ valeu: temperature }"],
      '16:13 unknown key "valeu" (did you mean "value"?)',
    ],
    [
      "a unit that the Object cannot show",
      ["unit: Cel", "unit: V"],
      "16:13 V does not convert to Cel, the unit of Resource 5700 (Sensor Value)",
    ],
    [
      "a Resource Instance where there is only one",
      ["  3303/0:", "  3/0: { 9/0: counter }\n  3303/0:"],
      "16:10 Resource 9 (Battery Level) has no Instances of its own",
    ],
    [
      "a Resource without Instance where there are several",
      ["  3303/0:", "  3/0: { 7: counter }\n  3303/0:"],
      "16:10 Resource 7 (Power Source Voltage) has several Instances: 7/0",
    ],
    [
      "a second Instance of an Object that has one",
      ["  3303/0:", "  3/1: { 9: counter }\n  3303/0:"],
      "16:3 Object 3 has one Instance only: 3/0",
    ],
    [
      "a mandatory Resource that nothing feeds",
      ["  3303/0:", "  6/0: { 0: counter }\n  3303/0:"],
      "16:3 Resource 1 (Longitude) is mandatory in Object 6",
      "16:3 Resource 5 (Timestamp) is mandatory in Object 6",
    ],
    ["many Instances that are always there", ["3303/0:", "3303/*:"], "16:3 * needs when: present"],
    [
      "many Instances of nothing",
      ["3303/0: { value: temperature }", "3303/*: { 5700: temperature, when: present }"],
      '16:3 "value" is missing: which field has many Instances?',
    ],
    [
      "a constant of the wrong type",
      ["{ value: temperature }", "{ value: temperature, 5601: { const: x } }"],
      '16:3 Resource 5601 of Object 3303 cannot be "x"',
    ],
    [
      "two sources of one value",
      ["{ value: temperature }", "{ value: temperature, 5601: { const: 1, field: counter } }"],
      "16:33 one of const, field, expr, count, pulse, time, quality, read, write, execute says where the value comes from",
    ],
    [
      "no source of a value",
      ["{ value: temperature }", "{ value: temperature, 5601: {} }"],
      "16:33 one of const, field, expr, count, pulse, time, quality, read, write, execute says where the value comes from",
    ],
    [
      "a time that is none",
      ["{ value: temperature }", "{ value: temperature, 5601: { time: true } }"],
      "16:33 Resource 5601 is no time",
    ],
    [
      "a value of an Object that has none",
      ["  3303/0:", "  3/0: { value: counter }\n  3303/0:"],
      "16:10 Object 3 has no value of its own (name the Resources one by one)",
    ],
    [
      "a write to what cannot be written",
      ["{ value: temperature }", "{ value: temperature, 5601: { field: counter, write: go } }"],
      '16:57 no command "go"',
      "16:57 Resource 5601 (Min Measured Value) takes no write",
    ],
  ]);
});

describe("the rest of a definition", () => {
  each([
    ["stale before expected", ["stale: 90s", "stale: 9s"], "9:26 stale before the next message is expected"],
    ["gone before stale", ["gone: 15m", "gone: 15s"], "9:38 gone before stale"],
    [
      "two ways to read a payload",
      ["ble.manufacturer }\nalive", "ble.manufacturer, json: true }\nalive"],
      "8:1 exactly one of bytes, json, csv, line, nmea, registers, fields, dsmr, sml, mbus, vedirect, d0, teleinfo, codec says how " +
        "a payload is read",
    ],
    [
      "bytes of a service that is not named",
      ["ble.manufacturer }\nalive", "ble.service_data }\nalive"],
      "8:13 of which service? match.ble.service_data is missing",
    ],
    [
      "a counter that is no field",
      ["ble.manufacturer }\nalive", "ble.manufacturer, sequence: count }\nalive"],
      '8:38 no field "count" (did you mean "counter"?)',
    ],
    [
      "a name in a template that does not exist",
      ["{address}", "{adress}"],
      '7:32 unknown name "adress" in "acme-{adress}" (did you mean "address"?)',
    ],
    ["a brace that does not close", ["{address}", "{address"], '7:32 "acme-{address": a lone "{": write it twice'],
    [
      "a source that does not exist",
      ["ble.address", "ble.adress"],
      '7:13 "ble.adress" is unknown (did you mean "ble.address"?)',
    ],
    [
      "a match of everything",
      ["manufacturer: 0x1234, length", "length"],
      "6:13 matches everything: name a manufacturer, service_data, services or a name",
      "8:13 of which company? match.ble.manufacturer is missing",
    ],
    [
      "a name that is no regular expression",
      ["0x1234, length: 4", "0x1234, name: '('"],
      "6:42 Invalid regular expression: /(/: Unterminated group",
    ],
    ["a UUID that is none", ["0x1234, length: 4", "0x1234, service_data: xyz"], "6:42 no UUID"],
    [
      "a report about no field",
      ["tests:", "report: { temprature: { delta: 1 } }\ntests:"],
      '18:11 no field "temprature" (did you mean "temperature"?)',
    ],
    [
      "a time from no field",
      ["tests:", "time: { from: conter, within: 5s }\ntests:"],
      '18:9 no field "conter" (did you mean "counter"?)',
    ],
    [
      "a command that sends two things",
      ["tests:", "commands:\n  go: { send: x, fields: { a: 1 } }\ntests:"],
      "19:3 exactly one of publish, send, bytes, modbus, fields says what is sent",
    ],
    [
      "a message without a body",
      ["tests:", "commands:\n  go: { publish: { topic: x } }\ntests:"],
      "19:9 either text or json is the body",
    ],
    [
      "a command with names that do not exist",
      ["tests:", "commands:\n  go: { send: '{valu}', confirm: { field: conter, within: 5s } }\ntests:"],
      '19:9 unknown name "valu" in "{valu}" (did you mean "value"?)',
      '19:36 no field "conter"',
    ],
  ]);

  it("names topics that are none", () => {
    const text = changed([
      "{ ble: { manufacturer: 0x1234, length: 4 } }",
      "{ mqtt: { topic: 'a/#/b', json: { has: [a..b] } } }",
    ]);
    expect(problemsOf(text).slice(0, 2)).toEqual([
      '6:21 "a/#/b" is no topic (levels are words, + or +name; # may end it)',
      '6:45 "a..b" is no path',
    ]);
  });
});

describe("a library with a bad definition in it", () => {
  const bad = changed(["id: acme.thermometer", "id: acme.bad"], ["unit: Cel", "unit: Celsius"]);

  it("leaves out that definition alone, and says in which file it is", () => {
    const { library, problems } = load(bad, THERMOMETER);
    expect([...library.devices()].map(({ id }) => id)).toEqual(["acme.thermometer"]);
    expect(problems.map(({ file }) => file)).toEqual(["acme.yaml", "acme.yaml"]);
  });

  it("keeps the first of two definitions with one id", () => {
    const { library, problems } = load(THERMOMETER, changed(["model: T-1", "model: T-2"]));
    expect(library.get("acme.thermometer")?.model).toBe("T-1");
    expect(problems.map(shown)).toEqual(['2:1 "acme.thermometer" is already taken (by acme.yaml: rename one of them)']);
    expect(problems[0]?.file).toBe("acme-2.yaml");
  });

  it("does not take one bad definition's id for taken", () => {
    const { library } = load(changed(["unit: Cel", "unit: Celsius"]), THERMOMETER);
    expect(library.get("acme.thermometer")).toBeDefined();
  });

  it("accepts source units of fields that no Resource shows", () => {
    expect(problemsOf(ofFields("a: { unit: km/h, given: mph }"))).toEqual([]);
  });
});
