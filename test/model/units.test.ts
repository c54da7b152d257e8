import { describe, expect, it } from "vitest";
import { convert, isSourceUnit, isUnit, sourceUnits } from "../../src/model/units.ts";

/** Value, unit, and the same in another unit. */
const CONVERSIONS: readonly (readonly [number, string, number, string])[] = [
  [22.5, "Cel", 295.65, "K"],
  [295.65, "K", 22.5, "Cel"],
  [68, "Far", 20, "Cel"],
  [-40, "Far", -40, "Cel"],
  [32, "Far", 273.15, "K"],
  [2929, "mV", 2.929, "V"],
  [3, "V", 3000, "mV"],
  [250, "mA", 0.25, "A"],
  [1013.25, "hPa", 101_325, "Pa"],
  [101_325, "Pa", 1013.25, "hPa"],
  [1013.25, "mbar", 101_325, "Pa"],
  [101.3, "kPa", 101_300, "Pa"],
  [2.5, "bar", 250_000, "Pa"],
  [1, "kWh", 1000, "Wh"],
  [0.1, "kWh", 100, "Wh"],
  [1, "Wh", 3600, "J"],
  [1.5, "kW", 1500, "W"],
  [2, "Ah", 7200, "C"],
  [500, "mAh", 0.5, "Ah"],
  [1, "kvarh", 3_600_000, "vars"],
  [80, "%EL", 80, "/100"],
  [80, "%EL", 0.8, "/"],
  [43, "%RH", 43, "%"],
  [43, "%RH", 430, "/1000"],
  [412, "ppm", 0.0412, "%"],
  [750, "ppb", 0.75, "ppm"],
  [0.98, "1", 0.98, "/"],
  [12, "ug/m3", 0.012, "mg/m3"],
  [5, "g", 0.005, "kg"],
  [1, "lb", 0.45359237, "kg"],
  [1, "gn", 9.80665, "m/s2"],
  [1000, "mgn", 9.80665, "m/s2"],
  [180, "deg", Math.PI, "rad"],
  [Math.PI, "rad", 180, "deg"],
  [90, "deg/s", Math.PI / 2, "rad/s"],
  [36, "km/h", 10, "m/s"],
  [10, "m/s", 36, "km/h"],
  [1, "kn", 1.852, "km/h"],
  [1, "mph", 1.609344, "km/h"],
  [3.6, "mm/h", 1e-6, "m/s"],
  [25.4, "mm", 1, "in"],
  [1, "ft", 30.48, "cm"],
  [1.5, "km", 1500, "m"],
  [1, "l", 0.001, "m3"],
  [60, "l/min", 1, "l/s"],
  [3.6, "m3/h", 1, "l/s"],
  [1500, "ms", 1.5, "s"],
  [2, "h", 120, "min"],
  [1, "d", 24, "h"],
  [600, "rpm", 10, "Hz"],
  [72, "beat/min", 1.2, "Hz"],
  [868, "MHz", 0.868, "GHz"],
  [0, "dBW", 30, "dBm"],
  [-90, "dBm", -120, "dBW"],
  [1000, "uS/cm", 0.1, "S/m"],
  [4.7, "kOhm", 4700, "Ohm"],
  [1, "KiB", 1024, "B"],
  [1, "GB", 1000, "MB"],
  [8, "Mbit/s", 1, "MB/s"],
];

describe("units", () => {
  it.each(CONVERSIONS)("%s %s is %s %s", (value, from, expected, to) => {
    const converted = convert(value, from, to);
    expect(converted).toBeDefined();
    expect(Math.abs(converted! - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-12);
  });

  it("convert a decimal reading without a tail of digits", () => {
    expect(convert(2929, "mV", "V")).toBe(2.929);
    expect(convert(1013.2, "hPa", "Pa")).toBe(101_320);
    expect(convert(68, "Far", "Cel")).toBe(20);
    expect(convert(230.1, "V", "mV")).toBe(230_100);
    for (let level = 0; level <= 100; level++) expect(convert(level, "%EL", "/100")).toBe(level);
  });

  it("convert there and back", () => {
    for (const from of sourceUnits())
      for (const to of sourceUnits()) {
        const there = convert(12.5, from, to);
        if (there === undefined) continue;
        expect(convert(there, to, from), `${from} -> ${to}`).toBeCloseTo(12.5, 6);
      }
  });

  it("stay as they are in their own unit", () => {
    for (const unit of sourceUnits()) expect(convert(0.1, unit, unit)).toBe(0.1);
  });

  it.each([
    ["Cel", "Pa"],
    ["V", "A"],
    ["Wh", "W"],
    ["W", "VA"],
    ["VA", "var"],
    ["%EL", "%RH"],
    ["%RH", "%EL"],
    ["EL", "%EL"],
    ["lat", "lon"],
    ["lat", "deg"],
    ["dB", "dBW"],
    ["m3", "kg"],
    ["ppm", "ug/m3"],
    ["Hz", "Bq"],
    ["count", "/"],
  ])("do not turn %s into %s", (from, to) => {
    expect(convert(1, from, to)).toBeUndefined();
    expect(convert(1, to, from)).toBeUndefined();
  });

  it("do not know what they do not know", () => {
    for (const name of ["", "cel", "C°", "°C", "celsius", "constructor", "__proto__", "toString"]) {
      expect(isUnit(name)).toBe(false);
      expect(isSourceUnit(name)).toBe(false);
      expect(convert(1, name, name)).toBeUndefined();
      expect(convert(1, name, "Cel")).toBeUndefined();
      expect(convert(1, "Cel", name)).toBeUndefined();
    }
  });

  it("are of SenML if RFC 8428 or RFC 8798 list them", () => {
    const primary = "m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2";
    const more =
      "m3/s l/s W/m2 cd/m2 bit bit/s lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m";
    const rfc8798 = "B VA VAs var vars J/m kg/m3 deg ms min h MHz kW kVA kvar Ah Wh kWh varh kvarh kVAh Wh/km KiB GB";
    const rest = "Mbit/s B/s MB/s mV mA dBm ug/m3 mm/h m/h ppm /100 /1000 hPa mm cm km km/h";
    for (const name of `${primary} ${more} ${rfc8798} ${rest}`.split(" ")) expect(isUnit(name), name).toBe(true);
  });

  it("that only devices speak may be read, and never shown", () => {
    for (const name of ["Far", "bar", "mbar", "psi", "gn", "kn", "rpm", "uS/cm", "mAh", "1"]) {
      expect(isUnit(name), name).toBe(false);
      expect(isSourceUnit(name), name).toBe(true);
    }
  });
});
