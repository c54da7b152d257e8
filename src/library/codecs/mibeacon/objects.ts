/**
 * Objects of MiBeacon: what is measured, and what is open, wet or moving (Xiaomi's definition of objects; those from
 * 0x48xx on are of single products, as Bluetooth-Devices/xiaomi-ble and custom-components/ble_monitor list them).
 */

import { significant } from "../../language/decimal.ts";
import { HAPPENINGS } from "./events.ts";
import type { MiObject, Put } from "./object.ts";

/** Seconds without motion up to which the vendor's app still shows some. */
const STILL_MOVING = 30;

type Raw = (value: DataView) => number;
const u8: Raw = (value) => value.getUint8(0);
const i16: Raw = (value) => value.getInt16(0, true);
const u16: Raw = (value) => value.getUint16(0, true);
const u24: Raw = (value) => value.getUint16(0, true) + value.getUint8(2) * 0x1_0000;
const u32: Raw = (value) => value.getUint32(0, true);
const f32: Raw = (value) => significant(Math.round(value.getFloat32(0, true) * 100) / 100);
const LENGTHS = new Map([
  [u8, 1],
  [i16, 2],
  [u16, 2],
  [u24, 3],
  [u32, 4],
  [f32, 4],
]);

/** Type, name, how it lies there, what it is divided by. */
const NUMBERS: readonly (readonly [type: number, name: string, raw: Raw, divisor?: number])[] = [
  [0x1004, "temperature", i16, 10],
  [0x1006, "humidity", u16, 10],
  [0x1008, "moisture", u8],
  [0x1009, "conductivity", u16],
  [0x100a, "battery", u8],
  [0x1010, "formaldehyde", u16, 0.1],
  [0x1013, "consumable", u8],
  [0x4801, "temperature", f32],
  [0x4802, "humidity", u8],
  [0x4803, "battery", u8],
  [0x4805, "illuminance", f32],
  [0x4808, "humidity", f32],
  [0x483d, "present_duration", u32],
  [0x483e, "absent_duration", u32],
  [0x4c01, "temperature", f32],
  [0x4c02, "humidity", u8],
  [0x4c03, "battery", u8],
  [0x4c08, "humidity", f32],
  [0x5003, "battery", u8],
  [0x5403, "battery", u8],
  [0x6012, "humidity", u8],
  [0x605d, "temperature", u8],
];

/** Type, name, the bytes that mean true; any but zero if not told. */
const SWITCHES: readonly (readonly [type: number, name: string, on?: number])[] = [
  [0x0008, "armed", 0],
  [0x1012, "power_on"],
  [0x1014, "moisture_detected"],
  [0x1015, "smoke"],
  [0x1016, "gas_detected"],
  [0x1018, "light_detected"],
  [0x4806, "moisture_detected"],
  [0x487b, "splash_detected"],
  [0x480c, "opening", 0],
  [0x483c, "occupancy"],
  [0x4810, "sleeping", 1],
  [0x4811, "snoring"],
  [0x4a01, "battery_low"],
  [0x4e01, "battery_low"],
  [0x5010, "sleeping", 1],
  [0x5011, "snoring"],
  [0x5413, "occupancy_near"],
  [0x5422, "battery_charging", 0],
  [0x5601, "battery_low"],
  [0x5810, "sleeping", 0],
  [0x6461, "worn", 0],
];

/** Products whose light value only tells light from dark. */
const TELLS_LIGHT: ReadonlySet<string> = new Set(["MJYD02YL", "MCCGQ02HL", "RTCGQ02LM"]);
const LIT = 100;

function illuminated(put: Put, value: number, model: string | undefined): void {
  if (model !== undefined && TELLS_LIGHT.has(model)) put("light_detected", value >= LIT);
  else put("illuminance", value);
}

function motionless(put: Put, seconds: number): void {
  put("motion", seconds <= STILL_MOVING);
  put("no_motion_duration", seconds);
}

/** Open, closed, left open. Others are of no concern to a door. */
function opening(put: Put, state: number, [open, closed, left]: readonly [number, number, number?]): void {
  if (state === open || state === left) put("opening", true);
  if (state === closed) put("opening", false);
  if (state === closed || state === left) put("door_left_open", state === left);
}

/** What the door of a lock does: open, closed, left open, knocked at, pried open, stuck. */
function door(put: Put, value: DataView): void {
  const state = u8(value);
  if (state > 5) return;
  put("door", state === 0 || state === 2 || state === 4);
  if (state === 1 || state === 2) put("door_left_open", state === 2);
  if (state === 0 || state === 3) put("knock", state === 3);
  if (state === 1 || state === 4) put("door_pried", state === 4);
  if (state === 0 || state === 5) put("door_stuck", state === 5);
}

/** Two skin sensors and a curve that the vendor's app follows between 36.5 and 37.8 °C. */
function bodyTemperature(put: Put, value: DataView): void {
  const [skin, outer] = [i16(value) / 100, value.getInt16(2, true) / 100];
  const body = 3.71934e-11 * Math.exp(0.69314 * skin) - 1.02801e-8 * Math.exp(0.53871 * outer) + 36.413;
  if (Number.isFinite(body)) put("temperature", Math.round(body * 100) / 100);
  put("battery", value.getUint8(4));
}

/** Scale with heart rate and two impedances: 11 bits tenths of kg, 7 bits beats over 50, 14 bits tenths of ohm. */
function bodyScale(put: Put, value: DataView): void {
  const packed = value.getUint32(1, true);
  const [mass, beats, impedance] = [packed & 0x7ff, (packed >>> 11) & 0x7f, packed >>> 18];
  if (packed === 0) return;
  put("profile", u8(value));
  if (mass > 0) put("mass", mass / 10);
  if (beats > 0 && beats < 0x7f) put("heart_rate", beats + 50);
  if (impedance > 0) put(mass === 0 && beats === 0 ? "impedance_high" : "impedance_low", impedance / 10);
}

const STATES: readonly (readonly [type: number, lengths: readonly number[], read: MiObject["read"]])[] = [
  [0x0003, [1], (put) => put("motion", true)],
  [0x0007, [1, 5], door],
  [0x000a, [2], (put, value) => i16(value) !== 0 && put("temperature", i16(value) / 100)],
  [
    0x000f,
    [3],
    (put, value, model) => {
      put("motion", true);
      if (model === "CGPR1" || (model !== undefined && TELLS_LIGHT.has(model))) illuminated(put, u24(value), model);
    },
  ],
  [
    0x0010,
    [1, 2],
    (put, value) => {
      put("brushing", u8(value) === 0);
      if (value.byteLength > 1) put("brush_count", value.getUint8(1));
    },
  ],
  [
    0x1005,
    [2],
    (put, value) => {
      put("power_on", u8(value) !== 0);
      put("temperature", value.getUint8(1));
    },
  ],
  [0x1007, [3], (put, value, model) => illuminated(put, u24(value), model)],
  [
    0x100d,
    [4],
    (put, value) => {
      put("temperature", i16(value) / 10);
      put("humidity", value.getUint16(2, true) / 10);
    },
  ],
  [0x1017, [4], (put, value) => motionless(put, u32(value))],
  [0x1019, [1], (put, value) => opening(put, u8(value), [0, 1, 2])],
  [0x101b, [1, 2, 4], (put) => put("motion", false)],
  [0x2000, [5], bodyTemperature],
  [
    0x3003,
    [5, 6],
    (put, value) => {
      if (u8(value) < 2) put("brushing", u8(value) === 0);
      if (value.byteLength > 5) put("brush_score", value.getUint8(5));
    },
  ],
  [0x4804, [1], (put, value) => opening(put, u8(value), [1, 2])],
  [0x4818, [2], (put, value) => motionless(put, u16(value))],
  [0x484e, [1], (put, value, model) => put("occupancy", model === "XMOSB01XS" ? u8(value) === 1 : u8(value) > 0)],
  [0x4851, [1], (put, value) => put("present_duration", u8(value) * 60)],
  [0x4852, [1], (put, value) => put("absent_duration", u8(value) * 60)],
  [
    0x4a08,
    [4],
    (put, value) => {
      put("motion", true);
      put("illuminance", f32(value));
    },
  ],
  [
    0x4a0f,
    [1],
    (put, value) => {
      if (u8(value) === 1) put("opening", true);
      put("tamper", u8(value) === 1);
    },
  ],
  [0x4a12, [1], (put, value) => opening(put, u8(value), [1, 2])],
  [0x4a1a, [1], (put, value) => u8(value) === 1 && opening(put, 1, [0, 2, 1])],
  [
    0x4a68,
    [1],
    (put, value) => {
      if (u8(value) < 4) put(u8(value) < 2 ? "moisture_detected" : "splash_detected", u8(value) % 2 === 0);
    },
  ],
  [0x4e16, [9], (put, value) => value.getUint32(1, true) > 0 && put("mass", value.getUint32(1, true) / 100)],
  [0x4e17, [1], (put, value) => u8(value) === 1 && put("occupancy", false)],
  [
    0x5a16,
    [1],
    (put, value) => {
      if (u8(value) === 1 || u8(value) === 2) put("occupancy", u8(value) === 1);
      if (u8(value) === 3) put("button", "double_press");
    },
  ],
  [0x6e16, [9], bodyScale],
];

export const OBJECTS: ReadonlyMap<number, MiObject> = new Map<number, MiObject>([
  ...NUMBERS.map(([type, name, raw, divisor = 1]): readonly [number, MiObject] => [
    type,
    {
      lengths: [LENGTHS.get(raw) ?? 1],
      read(put, value) {
        const number = raw(value);
        if (Number.isFinite(number)) put(name, number / divisor);
      },
    },
  ]),
  ...SWITCHES.map(([type, name, on]): readonly [number, MiObject] => [
    type,
    { lengths: [1, 5], read: (put, value) => put(name, on === undefined ? u8(value) !== 0 : u8(value) === on) },
  ]),
  ...STATES.map(([type, lengths, read]): readonly [number, MiObject] => [type, { lengths, read }]),
  ...HAPPENINGS,
]);
