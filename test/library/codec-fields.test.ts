/** A definition on top of a codec: what it computes, what it refines, and what it may not say. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { FieldNames } from "../../src/library/fields/names.ts";
import { changed, deviceOf, problemsOf, serviceAdvert, values } from "../support/definitions.ts";

const UUID = "0000fcd2-0000-1000-8000-00805f9b34fb";

const definition = (fields: string, more: readonly (readonly [string, string])[] = []) =>
  changed(
    ["{ ble: { manufacturer: 0x1234, length: 4 } }", "{ ble: { service_data: 0xFCD2 } }"],
    ["{ bytes: ble.manufacturer }", "{ codec: bthome.v2 }"],
    [
      "  temperature: { at: 0, type: i16be, invalid: -32768, scale: 0.01, unit: Cel, range: [-40, 85] }\n  counter:     { at: 2, type: u8 }",
      fields,
    ],
    ...more,
  );

const read = (fields: string, hex: string) => values(deviceOf(definition(fields)), serviceAdvert(UUID, fromHex(hex)));

describe("names of fields that come several times", () => {
  it("are known by their numbers, from 1 to 99, where the plain one is known to come so", () => {
    const names = new FieldNames([
      ["probe", { unit: "Cel", many: true }],
      ["state", { unit: undefined, many: false }],
    ]);
    expect(names.get("probe_1")).toEqual({ unit: "Cel", many: false });
    expect([...names.keys()]).toEqual(["probe", "state"]);
    for (const known of ["probe", "probe_2", "probe_10", "probe_99", "state"])
      expect(names.has(known), known).toBe(true);
    for (const strange of ["probe_0", "probe_01", "probe_100", "probe_", "probe_x", "state_2", "other_1"])
      expect(names.has(strange), strange).toBe(false);
  });
});

describe("a codec with fields", () => {
  it("has its own values, and what is computed from them", () => {
    const fields = '  far: { expr: "temperature * 1.8 + 32" }';
    expect(read(fields, "40 02C409 03BF13")).toEqual({ temperature: 25, humidity: 50.55, far: 77 });
    expect(read(fields, "40 03BF13")).toEqual({ humidity: 50.55 });
  });

  it("may refine a value under its own name: limits, scale, another unit", () => {
    expect(read("  temperature: { range: [-40, 20] }", "40 02C409")).toEqual({ temperature: null });
    expect(read("  temperature: { offset: -0.5 }", "40 02C409")).toEqual({ temperature: 24.5 });
    expect(read("  temperature: { unit: K }", "40 02C409")).toEqual({ temperature: 298.15 });
    expect(read("  temperature: { range: [-40, 20] }", "40 03BF13")).toEqual({ humidity: 50.55 });
  });

  it("may give a value another name, with the unit that it has", () => {
    const device = deviceOf(definition("  soil: { name: temperature, range: [-20, 50] }"));
    const reading = device.decode({
      source: "02:00:00:00:00:01",
      at: { ms: 0, trusted: true },
      payload: serviceAdvert(UUID, fromHex("40 02C409")),
    });
    expect(reading?.fields.get("soil")).toEqual({ value: 25, unit: "Cel" });
    expect(reading?.fields.get("temperature")).toEqual({ value: 25, unit: "Cel" });
  });

  it("knows the second of a kind by its number", () => {
    const fields = "  outside: { name: temperature_2 }";
    expect(read(fields, "40 02CA09 02CA08")).toEqual({ temperature: 25.06, temperature_2: 22.5, outside: 22.5 });
    expect(read(fields, "40 02CA09")).toEqual({ temperature: 25.06 });
  });

  it("keeps to itself what only other fields should know", () => {
    expect(read("  _t: { name: temperature }\n  t: { expr: _t + 1 }", "40 02C409")).toEqual({ temperature: 25, t: 26 });
  });

  it("may show both in objects", () => {
    const more = [["3303/0: { value: temperature }", "3303/0: { value: temperature_2 }"]] as const;
    expect(problemsOf(definition("  far: { expr: temperature * 2 }", more))).toEqual([]);
    const wrong = [["3303/0: { value: temperature }", "3303/0: { value: far_2 }"]] as const;
    expect(problemsOf(definition("  far: { expr: temperature * 2 }", wrong))[0]).toContain('"far_2"');
  });

  it.each([
    ["  x: { name: temprature }", 'the codec has no field "temprature": did you mean "temperature"?'],
    ["  temperature: { type: u8 }", "the codec knows the type"],
    ["  temperature: { at: 0 }", '"at" is for binary payloads only'],
    ['  x: { expr: "1", name: temperature }', '"name" and "expr" say two places'],
  ])("is not told as %s", (fields, message) => {
    expect(problemsOf(definition(fields))[0]).toContain(message);
  });
});
