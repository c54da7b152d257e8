/** The objects of BTHome (bthome.io/format): their ids, names, widths, factors and units; of both versions. */

import { linear } from "../language/decimal.ts";
import type { Quantity } from "../reading.ts";
import type { FieldInfo } from "./codec.ts";

type Read = (view: DataView, at: number) => Quantity;

export interface Thing {
  readonly name: string;
  /** Bytes after the id. */
  readonly length: number;
  readonly read: Read;
  /** What a number of any width means, where it is one: version 1 tells the width in each message. */
  readonly number?: (raw: number) => Quantity;
}

export const DIMMER = 0x3c;
export const TEXT = 0x53;
export const RAW = 0x54;

/** id, name, type, factor, unit: numbers. Types: sign, bytes. */
const NUMBERS: readonly (readonly [id: number, name: string, type: string, factor?: number, unit?: string])[] = [
  [0x00, "packet_id", "u1"],
  [0x01, "battery", "u1", 1, "%EL"],
  [0x02, "temperature", "i2", 0.01, "Cel"],
  [0x03, "humidity", "u2", 0.01, "%RH"],
  [0x04, "pressure", "u3", 1, "Pa"],
  [0x05, "illuminance", "u3", 0.01, "lx"],
  [0x06, "mass", "u2", 0.01, "kg"],
  [0x07, "mass", "u2", 0.0045359237, "kg"],
  [0x08, "dew_point", "i2", 0.01, "Cel"],
  [0x09, "count", "u1"],
  [0x0a, "energy", "u3", 0.001, "kWh"],
  [0x0b, "power", "u3", 0.01, "W"],
  [0x0c, "voltage", "u2", 0.001, "V"],
  [0x0d, "pm2_5", "u2", 1, "ug/m3"],
  [0x0e, "pm10", "u2", 1, "ug/m3"],
  [0x12, "co2", "u2", 1, "ppm"],
  [0x13, "tvoc", "u2", 1, "ug/m3"],
  [0x14, "moisture", "u2", 0.01, "%"],
  [0x2e, "humidity", "u1", 1, "%RH"],
  [0x2f, "moisture", "u1", 1, "%"],
  [0x3d, "count", "u2"],
  [0x3e, "count", "u4"],
  [0x3f, "rotation", "i2", 0.1, "deg"],
  [0x40, "distance", "u2", 0.001, "m"],
  [0x41, "distance", "u2", 0.1, "m"],
  [0x42, "duration", "u3", 0.001, "s"],
  [0x43, "current", "u2", 0.001, "A"],
  [0x44, "speed", "u2", 0.01, "m/s"],
  [0x45, "temperature", "i2", 0.1, "Cel"],
  [0x46, "uv_index", "u1", 0.1],
  [0x47, "volume", "u2", 0.1, "l"],
  [0x48, "volume", "u2", 0.001, "l"],
  [0x49, "volume_flow_rate", "u2", 0.001, "m3/h"],
  [0x4a, "voltage", "u2", 0.1, "V"],
  [0x4b, "gas", "u3", 0.001, "m3"],
  [0x4c, "gas", "u4", 0.001, "m3"],
  [0x4d, "energy", "u4", 0.001, "kWh"],
  [0x4e, "volume", "u4", 0.001, "l"],
  [0x4f, "water", "u4", 0.001, "l"],
  [0x51, "acceleration", "u2", 0.001, "m/s2"],
  [0x52, "gyroscope", "u2", 0.001, "deg/s"],
  [0x55, "volume_storage", "u4", 0.001, "l"],
  [0x56, "conductivity", "u2", 0.0001, "S/m"],
  [0x57, "temperature", "i1", 1, "Cel"],
  [0x58, "temperature", "i1", 0.35, "Cel"],
  [0x59, "count", "i1"],
  [0x5a, "count", "i2"],
  [0x5b, "count", "i4"],
  [0x5c, "power", "i4", 0.01, "W"],
  [0x5d, "current", "i2", 0.001, "A"],
  [0x5e, "direction", "u2", 0.01, "deg"],
  [0x5f, "precipitation", "u2", 0.1, "mm"],
  [0x60, "channel", "u1"],
  [0x61, "rotational_speed", "u2", 1, "1/min"],
  [0x62, "speed", "i4", 0.000001, "m/s"],
  [0x63, "acceleration", "i4", 0.000001, "m/s2"],
  [0x64, "light_level", "u1"],
  [0xf0, "device_type", "u2"],
];

/** Two-valued objects from 0x0f on, in order; 1 is on, open, detected, low. Gaps are numbers above. */
const SWITCHES: Readonly<Record<string, readonly string[]>> = {
  "15": ["generic", "power_on", "opening"],
  "21": ["battery_low", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door", "garage_door"],
  "28": ["gas_detected", "heat", "light_detected", "lock", "moisture_detected", "motion", "moving", "occupancy"],
  "36": ["plug", "presence", "problem", "running", "safety", "smoke", "sound", "tamper", "vibration", "window"],
};

const BUTTON: Readonly<Record<number, string>> = {
  0: "none",
  1: "press",
  2: "double_press",
  3: "triple_press",
  4: "long_press",
  5: "long_double_press",
  6: "long_triple_press",
  0x80: "hold_press",
};
export const ROTATION = ["none", "rotate_left", "rotate_right"] as const;

export const INTEGERS: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  u1: (view, at) => view.getUint8(at),
  u2: (view, at) => view.getUint16(at, true),
  u3: (view, at) => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000,
  u4: (view, at) => view.getUint32(at, true),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at) => view.getInt16(at, true),
  i4: (view, at) => view.getInt32(at, true),
};

export const THINGS: ReadonlyMap<number, Thing> = catalogue();

const EVENTS: ReadonlySet<string> = new Set(["button", "dimmer", "dimmer_steps"]);

/** The names that readings may have, each perhaps followed by `_2`, `_3`, ... */
export const bthomeFields: ReadonlyMap<string, string | undefined> = new Map([
  ...[...THINGS.values()].map(({ name }) => [name, undefined] as const),
  ...NUMBERS.map(([, name, , , unit]) => [name, unit] as const),
  ...["dimmer_steps", "text", "raw"].map((name) => [name, undefined] as const),
]);

export const fieldInfos: ReadonlyMap<string, FieldInfo> = new Map(
  [...bthomeFields].map(([name, unit]) => [name, { unit, many: true, ...(EVENTS.has(name) && { event: true }) }]),
);

function catalogue(): Map<number, Thing> {
  const things = new Map<number, Thing>();
  for (const [id, name, type, factor = 1, unit] of NUMBERS) {
    const integer = INTEGERS[type]!;
    const scale = linear(factor, 0);
    const number = (raw: number): Quantity =>
      unit === undefined ? { value: scale(raw) } : { value: scale(raw), unit };
    things.set(id, { name, length: Number(type[1]), read: (view, at) => number(integer(view, at)), number });
  }
  for (const [first, names] of Object.entries(SWITCHES))
    for (const [i, name] of names.entries())
      things.set(Number(first) + i, { name, length: 1, read: (view, at) => ({ value: view.getUint8(at) !== 0 }) });
  const text = (id: number, name: string, length: number, read: (view: DataView, at: number) => string) =>
    things.set(id, { name, length, read: (view, at) => ({ value: read(view, at) }) });
  text(0x3a, "button", 1, (view, at) => BUTTON[view.getUint8(at)] ?? "unknown");
  text(0x50, "timestamp", 4, (view, at) =>
    new Date(view.getUint32(at, true) * 1000).toISOString().replace(".000Z", "+00:00"),
  );
  text(0xf1, "firmware", 4, (view, at) => version(view, at, 4));
  text(0xf2, "firmware", 3, (view, at) => version(view, at, 3));
  things.set(DIMMER, { name: "dimmer", length: 2, read: (view, at) => ({ value: view.getUint8(at) }) });
  return things;
}

/** Least significant byte first: 3.2.1 travels as 01 02 03. */
function version(view: DataView, at: number, length: number): string {
  const parts = Array.from({ length }, (_, i) => view.getUint8(at + length - 1 - i));
  return parts.join(".");
}
