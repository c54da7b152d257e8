/** Quantities under one name each, whatever conventions call them, and the units that people write. */

import type { Scalar } from "../../base/outcome.ts";
import { convert } from "../../model/units.ts";
import type { FieldInfo } from "../codecs/codec.ts";
import { significant } from "../language/decimal.ts";

/** Name and SenML unit; those without one are counts, indexes and shares. */
const NUMBERS: Readonly<Record<string, string | undefined>> = {
  temperature: "Cel",
  humidity: "%RH",
  dew_point: "Cel",
  pressure: "Pa",
  battery: "%EL",
  voltage: "V",
  current: "A",
  power: "W",
  apparent_power: "VA",
  reactive_power: "var",
  energy: "kWh",
  reactive_energy: "kvarh",
  power_factor: "/",
  frequency: "Hz",
  illuminance: "lx",
  irradiance: "W/m2",
  co2: "ppm",
  co: "ppm",
  tvoc: "ppb",
  pm1: "ug/m3",
  pm2_5: "ug/m3",
  pm4: "ug/m3",
  pm10: "ug/m3",
  voc_mass: "ug/m3",
  nitrogen_dioxide: "ug/m3",
  nitrogen_monoxide: "ug/m3",
  ozone: "ug/m3",
  sulphur_dioxide: "ug/m3",
  distance: "m",
  mass: "kg",
  speed: "m/s",
  wind_speed: "m/s",
  wind_direction: "deg",
  precipitation: "mm",
  precipitation_intensity: "mm/h",
  moisture: "%",
  conductivity: "uS/cm",
  ph: "pH",
  duration: "s",
  sound_pressure: "dB",
  volume: "l",
  water: "m3",
  gas: "m3",
  volume_flow_rate: "m3/h",
  signal_strength: "dBm",
  rotation: "deg",
  uv_index: undefined,
  aqi: undefined,
  number: undefined,
  brightness: "/100",
  setpoint: undefined,
};

const BOOLEANS = [
  ...["motion", "occupancy", "presence", "opening", "door", "window", "garage_door", "moisture_detected", "smoke"],
  ...["gas_detected", "co_detected", "vibration", "tamper", "problem", "connectivity", "battery_low", "state"],
  ...["switch", "light"],
] as const;

const TEXTS = ["manufacturer", "model", "firmware", "text"] as const;

/** Every name that a convention may give; each may come several times, as `part/name`. */
export const quantityFields: ReadonlyMap<string, FieldInfo> = new Map<string, FieldInfo>([
  ["_online", { unit: undefined, many: false }],
  ...Object.entries(NUMBERS).map(([name, unit]) => [name, { unit, many: true }] as const),
  ...[...BOOLEANS, ...TEXTS].map((name) => [name, { unit: undefined, many: true }] as const),
]);

/** The truth that a word names; undefined if it is none. */
export function truthNamed(word: string): string | undefined {
  const plain = word.toLowerCase().replaceAll("-", "_");
  return BOOLEANS.find((name) => name === plain && name !== "switch" && name !== "light");
}

export const isNumber = (name: string): boolean => Object.hasOwn(NUMBERS, name);
export const unitOf = (name: string): string | undefined => (isNumber(name) ? NUMBERS[name] : undefined);

/** As devices write them, without blanks; the sign of micro comes in two ways, the angle of minutes in one. */
const WRITTEN: Readonly<Record<string, string>> = {
  ...{ "°C": "Cel", C: "Cel", "°F": "Far", F: "Far", K: "K", "%": "%", "%RH": "%RH", Pa: "Pa", hPa: "hPa", kPa: "kPa" },
  ...{ mbar: "mbar", cbar: "kPa", bar: "bar", psi: "psi", inHg: "inHg", mmHg: "mmHg", V: "V", mV: "mV", kV: "kV" },
  ...{ A: "A", mA: "mA", W: "W", mW: "mW", kW: "kW", MW: "MW", VA: "VA", kVA: "kVA", var: "var", kvar: "kvar" },
  ...{ Wh: "Wh", kWh: "kWh", MWh: "MWh", J: "J", kJ: "kJ", MJ: "MJ", GJ: "GJ", kvarh: "kvarh", varh: "varh" },
  ...{ Hz: "Hz", kHz: "kHz", MHz: "MHz", GHz: "GHz", lx: "lx", lux: "lx", "W/m²": "W/m2", "W/m2": "W/m2", ppm: "ppm" },
  ...{ ppb: "ppb", "µg/m³": "ug/m3", "ug/m3": "ug/m3", "µg/m3": "ug/m3", "mg/m³": "mg/m3", "g/m³": "g/m3" },
  ...{ m: "m", cm: "cm", mm: "mm", km: "km", in: "in", ft: "ft", kg: "kg", g: "g", mg: "mg", lb: "lb", lbs: "lb" },
  ...{ oz: "oz", "m/s": "m/s", "km/h": "km/h", mph: "mph", kn: "kn", "mm/s": "mm/s", "mm/h": "mm/h", L: "l", l: "l" },
  ...{ mL: "ml", ml: "ml", "m³": "m3", m3: "m3", "m³/h": "m3/h", "m3/h": "m3/h", "L/min": "l/min", "L/h": "l/h" },
  ...{ dB: "dB", dBA: "dB", dBm: "dBm", s: "s", ms: "ms", min: "min", h: "h", d: "d", "°": "deg", deg: "deg" },
  ...{ "µS/cm": "uS/cm", "uS/cm": "uS/cm", "mS/cm": "mS/cm", pH: "pH" },
};

/** The unit that a word stands for; undefined if nobody knows. */
export function writtenUnit(word: string): string | undefined {
  const plain = word.replaceAll(/\s/g, "").replaceAll("\u03bc", "µ").replaceAll("º", "°");
  return Object.hasOwn(WRITTEN, plain) ? WRITTEN[plain] : undefined;
}

/** What a unit alone says about what is measured. */
const BY_UNIT: Readonly<Record<string, string>> = {
  ...{ Cel: "temperature", Far: "temperature", hPa: "pressure", Pa: "pressure", kPa: "pressure", mbar: "pressure" },
  ...{ bar: "pressure", psi: "pressure", inHg: "pressure", mmHg: "pressure", V: "voltage", mV: "voltage" },
  ...{ A: "current", mA: "current", W: "power", kW: "power", mW: "power", MW: "power", VA: "apparent_power" },
  ...{ kVA: "apparent_power", var: "reactive_power", kvar: "reactive_power", Wh: "energy", kWh: "energy" },
  ...{ MWh: "energy", kvarh: "reactive_energy", Hz: "frequency", lx: "illuminance", "W/m2": "irradiance" },
  ...{ "%RH": "humidity", "uS/cm": "conductivity", "mS/cm": "conductivity", pH: "ph", dBm: "signal_strength" },
  ...{
    "m3/h": "volume_flow_rate",
    "l/min": "volume_flow_rate",
    "l/h": "volume_flow_rate",
    "mm/h": "precipitation_intensity",
  },
};

/** What people call quantities whose name here is another. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ temp: "temperature", hum: "humidity", rh: "humidity", relative_humidity: "humidity", battery_level: "battery" },
  ...{ carbon_dioxide: "co2", carbon_monoxide: "co", pm25: "pm2_5", lux: "illuminance", light_level: "illuminance" },
  ...{
    atmospheric_pressure: "pressure",
    weight: "mass",
    volatile_organic_compounds: "voc_mass",
    soil_moisture: "moisture",
  },
  ...{ volatile_organic_compounds_parts: "tvoc", volume_storage: "volume", energy_storage: "energy", voc: "tvoc" },
  ...{ rssi: "signal_strength" },
};

/** The name that we know a word by; undefined if it is no quantity. The unit at its end is no part of it. */
export function quantityNamed(word: string): string | undefined {
  const plain = word.toLowerCase().replaceAll("-", "_");
  const bare = plain.replace(/_(?:c|f|celsius|fahrenheit|percent|hpa|pa|ppm|lux|v|w|kwh)$/, "");
  for (const each of [plain, bare]) {
    const name = Object.hasOwn(ALIASES, each) ? ALIASES[each] : each;
    if (name !== undefined && name !== "number" && name !== "setpoint" && isNumber(name)) return name;
  }
  return undefined;
}

export const quantityInUnit = (unit: string): string | undefined =>
  Object.hasOwn(BY_UNIT, unit) ? BY_UNIT[unit] : undefined;

/** A number in the unit that its name has; undefined if it cannot be. Nothing said: as it should be. */
export function inOwnUnit(name: string, value: number, given: string | undefined): number | undefined {
  const unit = unitOf(name);
  if (unit === undefined || given === undefined || unit === given) return value;
  if (given === "%" && unit.startsWith("%")) return value;
  const converted = convert(value, given, unit);
  return converted === undefined ? undefined : significant(converted);
}

/** Whether numbers in a unit can be told under a name. */
export const suits = (name: string, unit: string | undefined): boolean => inOwnUnit(name, 1, unit) !== undefined;

/** What one part of a convention says, as a reading has it. `null`: not available. */
export type Told = Scalar | null;

/** The quantity's name in `part/name` and `name_2`. */
export const ownName = (name: string): string => name.slice(name.lastIndexOf("/") + 1).replace(/_\d{1,2}$/, "");
