/**
 * EnOcean's Bluetooth devices: switches that live on being pressed (PTM 215B), sensors that live on light (EMDCB, STM
 * 550B). Formats: EnOcean's user manuals of the modules; reelyactive/advlib-ble-manufacturers.
 *
 *     counter, 4 | status of the switch                  | signature, 4
 *     counter, 4 | size and type, value | size and type, value | ... | signature, 4
 *
 * What they say is open, and signed: with the key of the device it is proven, without it is read all the same.
 */

import { ByteReader, DecodeError } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import { linear } from "../language/decimal.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import { addressOf, reversed } from "./address.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "./codec.ts";
import { KeySession, markOf, openCcm } from "./seal.ts";

type Found = Map<string, Quantity | undefined>;

const COUNTER = 4;
const SIGNATURE = 4;
const SWITCH_LENGTH = 9;
const PRESSED = 0x01;
const BUTTONS = ["button_a0", "button_a1", "button_b0", "button_b1"] as const;
const NOTHING = new Uint8Array(0);
/** Types from here on are commands and commissioning, a key among them: nothing to read. */
const FIRST_COMMAND = 0x30;
const ACCELERATION = 0x0a;
const OCCUPANCY = 0x20;
const MAGNET = 0x23;
/** The two highest bits of an acceleration: its sensor is off. */
const SENSOR_OFF = 3;

/** type, name, signed, factor, unit. The two highest values of each size stand for too much and for not available. */
const QUANTITIES: readonly (readonly [type: number, name: string, signed: boolean, factor: number, unit?: string])[] = [
  [0x00, "temperature", true, 0.01, "Cel"],
  [0x01, "voltage", true, 0.0005, "V"],
  [0x02, "battery", false, 0.5, "%EL"],
  [0x04, "illuminance_solar", false, 1, "lx"],
  [0x05, "illuminance", false, 1, "lx"],
  [0x06, "humidity", false, 0.5, "%RH"],
  [0x07, "pressure", false, 1, "hPa"],
];

interface Reading {
  readonly name: string;
  readonly signed: boolean;
  readonly scale: (raw: number) => number;
  readonly unit: string | undefined;
}

const READINGS: ReadonlyMap<number, Reading> = new Map(
  QUANTITIES.map(([type, name, signed, factor, unit]) => [type, { name, signed, scale: linear(factor, 0), unit }]),
);

const AXES = ["acceleration_x", "acceleration_y", "acceleration_z"] as const;
const toAcceleration = linear(0.0980665, -50.210048);

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map<string, FieldInfo>([
  ["sequence", { unit: undefined, many: false }],
  ...QUANTITIES.map(([, name, , , unit]) => [name, { unit, many: false }] as const),
  ...AXES.map((name) => [name, { unit: "m/s2", many: false }] as const),
  ["motion", { unit: undefined, many: false }],
  ["contact", { unit: undefined, many: false }],
  ...BUTTONS.map((name) => [name, { unit: undefined, many: false, event: true }] as const),
]);

const KEY: KeyNeed = {
  lengths: [16],
  optional: true,
  where: "Printed on the device as a code to scan (DMC), or read over NFC.",
};

export function enocean({ match }: Definition): Codec {
  const payload = advertBytes("manufacturer", match?.ble);
  return {
    fields: FIELDS,
    key: KEY,
    createSession: (key) => new KeySession(key, KEY),
    decode(frame, session) {
      const bytes = payload(frame);
      if (!bytes) return undefined;
      if (bytes.length < SWITCH_LENGTH) throw new DecodeError(`EnOcean: ${bytes.length} bytes, 9 are the least`);
      return proven(frame, bytes, session) ? decodeEnocean(bytes) : undefined;
    },
  };
}

/** False for a message heard again. @throws SealedError if there is a key, and the signature is not by it. */
function proven(frame: Frame, bytes: Uint8Array, session: Session | undefined): boolean {
  if (!(session instanceof KeySession) || !session.key) return true;
  const counter = lowFirst(bytes.subarray(0, COUNTER));
  const tag = bytes.subarray(bytes.length - SIGNATURE);
  const opened = session.open({ counter, bits: 32, authentic: true, mark: markOf(tag) }, (key) => {
    const nonce = Uint8Array.of(...reversed(addressOf(frame)), ...bytes.subarray(0, COUNTER), 0, 0, 0);
    const signed = bytes.subarray(0, bytes.length - SIGNATURE);
    // What is signed begins with the advert's own length, type and company (0x03DA).
    const aad = Uint8Array.of(bytes.length + 3, 0xff, 0xda, 0x03, ...signed);
    return openCcm(key, { nonce, sealed: NOTHING, tag, aad });
  });
  return opened !== undefined;
}

/** Undefined for commands and commissioning. @throws DecodeError if a value ends in the signature. */
export function decodeEnocean(bytes: Uint8Array): Found | undefined {
  const reader = new ByteReader(bytes.subarray(0, bytes.length - SIGNATURE));
  const found: Found = new Map([["sequence", { value: lowFirst(reader.bytes(COUNTER)) }]]);
  if (bytes.length === SWITCH_LENGTH) return putSwitch(found, reader.u8());
  while (reader.remaining > 0) {
    const descriptor = reader.u8();
    const type = descriptor & 0x3f;
    if (type >= FIRST_COMMAND) return undefined;
    const size = descriptor >> 6;
    const value = reader.bytes(size === 3 ? reader.u8() : 2 ** size);
    put(found, type, value);
  }
  return found;
}

function putSwitch(found: Found, status: number): Found | undefined {
  if (status >> 5 !== 0) return undefined;
  for (const [i, name] of BUTTONS.entries())
    if ((status & PRESSED) !== 0 && (status & (2 << i)) !== 0) found.set(name, { value: true });
  return found;
}

function put(found: Found, type: number, value: Uint8Array): void {
  const reading = READINGS.get(type);
  if (reading && (value.length === 1 || value.length === 2)) found.set(reading.name, quantity(reading, value));
  else if (type === ACCELERATION && value.length === 4) putAcceleration(found, lowFirst(value));
  else if (type === OCCUPANCY && value.length === 1) found.set("motion", twoStates(value[0]));
  else if (type === MAGNET && value.length === 1) found.set("contact", twoStates(value[0]));
}

function quantity({ signed, scale, unit }: Reading, value: Uint8Array): Quantity | undefined {
  const bits = value.length * 8;
  const raw = lowFirst(value);
  const number = signed && raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;
  const marks = signed ? [2 ** (bits - 1) - 1, -(2 ** (bits - 1))] : [2 ** bits - 1, 2 ** bits - 2];
  if (marks.includes(number)) return undefined;
  return { value: scale(number), ...(unit !== undefined && { unit }) };
}

/** Three tens of bits, in hundredths of g around 512. */
function putAcceleration(found: Found, packed: number): void {
  const off = packed >>> 30 === SENSOR_OFF;
  for (const [i, name] of AXES.entries())
    found.set(name, off ? undefined : { value: toAcceleration((packed >>> (10 * i)) & 0x3ff), unit: "m/s2" });
}

const lowFirst = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);

/** 1: no, 2: yes; anything else is not known. */
function twoStates(value: number | undefined): Quantity | undefined {
  return value === 1 || value === 2 ? { value: value === 2 } : undefined;
}
