/** Units: what devices say, in the unit of each Object that definitions show it in, and what cannot be one. */

import { describe, expect, it } from "vitest";
import { parsePath } from "../../src/model/path.ts";
import type { Scalar } from "../../src/sdk/adapter.ts";
import { deviceOf, frameOf, ofFields, problemsOf } from "../support/definitions.ts";

/** What an Object shows of a field `x`: the value, and the unit it says. */
function shown(field: string, object: string, value: Scalar) {
  const device = deviceOf(ofFields(`x: { ${field} }`, `${object}/0: { value: x }`));
  const mapping = device.createMapping();
  const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", x: value } }));
  const found = (id: number) => parsePath(`/${object}/0/${id}`);
  const values = new Map((reading ? mapping.updates(reading) : []).map((update) => [update.path, update.value]));
  const constants = new Map(mapping.constants.map((each) => [each.path, each.value]));
  const [main] = device.main;
  return [main && values.get(main), constants.get(found(5701)!)];
}

describe("an Object with one unit", () => {
  it.each<[object: string, unit: string, value: number, expected: number, shows: string]>([
    ["3301", "lx", 13_026.67, 13_026.67, "lx"],
    ["3301", "klx", 1.5, 1500, "lx"],
    ["3303", "Cel", -7.7, -7.7, "Cel"],
    ["3303", "K", 273.15, 0, "Cel"],
    ["3303", "Far", 212, 100, "Cel"],
    ["3303", "Far", -40, -40, "Cel"],
    ["3304", "'%RH'", 50.55, 50.55, "%RH"],
    ["3315", "Pa", 100_883, 100_883, "Pa"],
    ["3315", "hPa", 1008.83, 100_883, "Pa"],
    ["3315", "kPa", 100.883, 100_883, "Pa"],
    ["3315", "mbar", 1013.25, 101_325, "Pa"],
    ["3315", "bar", 1.01325, 101_325, "Pa"],
    ["3315", "inHg", 29.92, 101_320.75888, "Pa"],
    ["3315", "mmHg", 760, 101_325.014435, "Pa"],
    ["3316", "V", 2.977, 2.977, "V"],
    ["3316", "mV", 2977, 2.977, "V"],
    ["3317", "A", 0.0126, 0.0126, "A"],
    ["3317", "mA", 12.6, 0.0126, "A"],
    ["3318", "Hz", 49.98, 49.98, "Hz"],
    ["3318", "kHz", 1.5, 1500, "Hz"],
    ["3320", "'%'", 30.74, 30.74, "%"],
    ["3322", "kg", 80.3, 80.3, "kg"],
    ["3322", "g", 803, 0.803, "kg"],
    ["3322", "lb", 10, 4.5359237, "kg"],
    ["3323", "hPa", 5, 500, "Pa"],
    ["3324", "dB", -40.5, -40.5, "dB"],
    ["3326", "pH", 7.2, 7.2, "pH"],
    ["3327", "S/m", 0.1, 0.1, "S/m"],
    ["3327", "uS/cm", 1000, 0.1, "S/m"],
    ["3327", "mS/cm", 1, 0.1, "S/m"],
    ["3328", "W", 412.7, 412.7, "W"],
    ["3328", "kW", 0.4127, 412.7, "W"],
    ["3330", "m", 1.5, 1.5, "m"],
    ["3330", "mm", 12, 0.012, "m"],
    ["3330", "cm", 1.2, 0.012, "m"],
    ["3331", "Wh", 3200, 3200, "Wh"],
    ["3331", "kWh", 3.2, 3200, "Wh"],
    ["3331", "MWh", 0.0032, 3200, "Wh"],
    ["3331", "J", 3600, 1, "Wh"],
    ["3331", "kJ", 3.6, 1, "Wh"],
  ])("%s takes %s: %d is %d %s", (object, unit, value, expected, shows) => {
    expect(shown(`unit: ${unit}`, object, value)).toEqual([expected, shows]);
  });

  it("shows a number without a unit as it is, in its own unit", () => {
    expect(shown("type: number", "3303", 21.5)).toEqual([21.5, "Cel"]);
  });
});

describe("an Object with any unit", () => {
  it.each<[object: string, unit: string, value: number]>([
    ["3300", "l", 2215.1],
    ["3300", "m3", 1346.067],
    ["3300", "count", 96],
    ["3325", "ppm", 1250],
    ["3325", "ug/m3", 307],
    ["3346", "m/s", 133.9],
    ["3346", "km/h", 50],
  ])("%s shows %s as it is said: %d", (object, unit, value) => {
    expect(shown(`unit: ${unit}`, object, value)).toEqual([value, unit]);
  });

  it("shows no unit that SenML does not know, and says what to do", () => {
    expect(problemsOf(ofFields("x: { unit: psi }", "3300/0: { value: x }"))).toEqual([
      "13:13 psi is no SenML unit (give the field a unit of SenML)",
    ]);
  });
});

describe("units that do not belong together", () => {
  it.each([
    ["3303", "V"],
    ["3303", "'%RH'"],
    ["3304", "Cel"],
    ["3315", "m"],
    ["3316", "A"],
    ["3317", "mV"],
    ["3328", "kWh"],
    ["3331", "W"],
    ["3330", "s"],
    ["3322", "l"],
    ["3301", "cd"],
  ])("are a mistake before anything is heard: %s and %s", (object, unit) => {
    const [problem = ""] = problemsOf(ofFields(`x: { unit: ${unit} }`, `${object}/0: { value: x }`));
    expect(problem).toMatch(/^13:13 .+ does not convert to .+, the unit of Resource 5700 \(Sensor Value\)$/);
  });
});

describe("a field with the unit of its device", () => {
  it.each<[unit: string, given: string, value: number, expected: number]>([
    ["Cel", "Far", 98.6, 37],
    ["Cel", "K", 310.15, 37],
    ["m/s", "kn", 22.4, 11.5235555556],
    ["m/s", "km/h", 36, 10],
    ["m/s", "mph", 10, 4.4704],
    ["Pa", "hPa", 1013.25, 101_325],
    ["V", "mV", 3021, 3.021],
    ["A", "uA", 250, 0.00025],
    ["m", "ft", 100, 30.48],
    ["m", "in", 1, 0.0254],
    ["m/s2", "gn", 1, 9.80665],
    ["m/s2", "mgn", 1036, 10.1596894],
    ["kg", "oz", 16, 0.45359237],
    ["s", "ms", 1500, 1.5],
    ["s", "d", 2, 172_800],
    ["Wh", "kWh", 1.5, 1500],
    ["m3", "l", 250, 0.25],
  ])("is read in %s, given %s: %d is %d", (unit, given, value, expected) => {
    const device = deviceOf(ofFields(`x: { unit: ${unit}, given: ${given} }`));
    const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", x: value } }));
    expect(reading?.fields.get("x")).toEqual({ value: expected, unit });
  });

  it("is limited in its own unit, after it was converted", () => {
    const device = deviceOf(ofFields("x: { unit: Cel, given: Far, range: [0, 100] }"));
    const of = (x: number) =>
      device.decode(frameOf({ kind: "fields", fields: { model: "f", x } }))?.fields.get("x")?.value;
    expect([of(31), of(32), of(212), of(213)]).toEqual([undefined, 0, 100, undefined]);
  });
});

describe("the type of a Resource", () => {
  const float = (x: Scalar) => shown("unit: Cel", "3303", x)[0];
  const boolean = (x: Scalar) => shown("type: boolean", "3200", x)[0];

  it.each([
    [0.1, 0.1],
    [1e-12, 1e-12],
    ["21.5", 21.5],
    ["hot", undefined],
    [true, undefined],
  ])("float of %s is %s", (x, expected) => {
    expect(float(x)).toBe(expected);
  });

  it.each([
    [true, true],
    [false, false],
    [0, false],
    [1, true],
    [-1, true],
    ["true", undefined],
    ["", undefined],
  ])("boolean of %j is %s", (x, expected) => {
    expect(boolean(x)).toBe(expected);
  });
});
