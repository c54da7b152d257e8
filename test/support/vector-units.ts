/** Published vectors name a field by what it is and its unit: `temperature_celsius`. What that is in a reading. */

import { convert } from "../../src/model/units.ts";

/** Ending of a name, and the unit it stands for. */
const UNITS: readonly (readonly [ending: string, unit: string])[] = [
  ["_us_per_cm", "uS/cm"],
  ["_celsius", "Cel"],
  ["_percent", "%"],
  ["_ampere", "A"],
  ["_pascal", "Pa"],
  ["_bq_m3", "Bq/m3"],
  ["_ug_m3", "ug/m3"],
  ["_mg_m3", "mg/m3"],
  ["_nsv_h", "nSv/h"],
  ["_m_s2", "m/s2"],
  ["_kvarh", "kvarh"],
  ["_m3_h", "m3/h"],
  ["_volt", "V"],
  ["_watt", "W"],
  ["_kwh", "kWh"],
  ["_lux", "lx"],
  ["_ppm", "ppm"],
  ["_ohm", "Ohm"],
  ["_m_s", "m/s"],
  ["_dps", "deg/s"],
  ["_deg", "deg"],
  ["_min", "min"],
  ["_nsv", "nSv"],
  ["_dbm", "dBm"],
  ["_rpm", "rpm"],
  ["_bpm", "beat/min"],
  ["_var", "var"],
  ["_kg", "kg"],
  ["_mm", "mm"],
  ["_m3", "m3"],
  ["_ah", "Ah"],
  ["_va", "VA"],
  ["_db", "dB"],
  ["_hz", "Hz"],
  ["_ms", "ms"],
  ["_m", "m"],
  ["_l", "l"],
  ["_g", "gn"],
  ["_s", "s"],
];

/** Shares, whatever they are shares of. */
const SHARES: ReadonlySet<string> = new Set(["%", "%RH", "%EL", "/100"]);

/** The field's name and its unit, if its name ends in one. */
export function nameAndUnit(key: string): readonly [name: string, unit: string | undefined] {
  // The number of several comes after the unit there, and after the name here: apparent_power_va_1.
  const number = /_\d+$/.exec(key)?.[0] ?? "";
  const plain = key.slice(0, key.length - number.length);
  const numbered = UNITS.find(([ending]) => number !== "" && plain.endsWith(ending));
  if (numbered) return [plain.slice(0, -numbered[0].length) + number, numbered[1]];
  const found = UNITS.find(([ending]) => key.endsWith(ending));
  return found ? [key.slice(0, -found[0].length), found[1]] : [key, undefined];
}

/** A value of a reading in the unit that a vector speaks; undefined if it cannot be. */
export function inUnit(value: number, from: string | undefined, to: string | undefined): number | undefined {
  if (to === undefined || from === undefined || from === to) return value;
  if (SHARES.has(from) && SHARES.has(to)) return value;
  if (SHARES.has(to) && from === "/") return value * 100;
  // SenML counts places in degrees under names of their own.
  if (to === "deg" && (from === "lat" || from === "lon")) return value;
  return convert(value, from, to);
}

/** What a number of single precision carries: a vector that shows more of its digits asks for too much. */
const SINGLE = 1e-7;

/** Half a unit of the last decimal shown, and a little for the arithmetic. */
export function tolerance(expected: number): number {
  const [, decimals = ""] = String(expected).split(".");
  return Math.max(0.5 * 10 ** -decimals.length * 1.000_001, Math.abs(expected) * SINGLE);
}
