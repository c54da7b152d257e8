/**
 * SensorPush: values packed into one number, each in a base of its own, the company identifier among its digits
 * (custom-components/ble_monitor, Bluetooth-Devices/sensorpush-ble).
 *
 *     page, 2 bits | kind, 6 bits | temperature + bases × (humidity + base × pressure), least significant byte first
 *
 * The first of them, the HT1, has the raw values of its sensor instead (Sensirion SHT21, data sheet §6.1 and §6.2).
 */

import { DecodeError } from "../../base/bytes.ts";
import type { Definition } from "../definition/definition.ts";
import { significant } from "../language/decimal.ts";
import { advertBytes, fullUuid } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import type { Codec, FieldInfo } from "./codec.ts";

const HT1_SERVICE = fullUuid("ef09000011d642ba93b89dd7ec090aa9");
const HT1_KIND = 1;

/** One digit of the packed number. */
interface Digit {
  readonly name: string;
  readonly unit: string;
  readonly least: number;
  readonly step: number;
  /** How many values it has. */
  readonly base: number;
}

const digit = (name: string, unit: string, [least, most]: readonly [number, number], step: number): Digit => {
  return { name, unit, least, step, base: Math.round((most - least) / step) + 1 };
};

const HUMIDITY = digit("humidity", "%RH", [0, 100], 0.0025);

/** By kind: the HTP.xw, the HT.w and the TC.x. */
const KINDS: readonly (readonly Digit[])[] = [
  [digit("temperature", "Cel", [-40, 140], 0.0025), HUMIDITY, digit("pressure", "Pa", [30_000, 125_000], 1)],
  [digit("temperature", "Cel", [-40, 125], 0.0025), HUMIDITY],
  [digit("temperature", "Cel", [-200, 1800], 0.0625)],
];
/** What the largest packed number needs, and what still is an exact one. */
const MAX_PACKED = 6;

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map(
  KINDS.flat().map(({ name, unit }) => [name, { unit, many: false }]),
);

export function sensorpush({ match }: Definition): Codec {
  const payload = advertBytes("manufacturer.raw", match?.ble);
  const first = match?.ble?.services?.some((uuid) => fullUuid(uuid) === HT1_SERVICE) === true;
  return {
    fields: FIELDS,
    decode(frame) {
      const bytes = payload(frame);
      return bytes && (first ? readHt1(bytes) : readPacked(bytes));
    },
  };
}

/** Undefined for pages with other things than values. @throws DecodeError if no such number can be. */
function readPacked(bytes: Uint8Array): Map<string, Quantity> | undefined {
  const head = bytes[0];
  if (head === undefined || bytes.length < 3) throw new DecodeError("SensorPush without values");
  const digits = KINDS[head >> 2];
  if ((head & 0x03) !== 0 || !digits) return undefined;
  let packed = 0;
  for (let i = Math.min(MAX_PACKED, bytes.length - 1); i > 0; i--) packed = packed * 0x100 + bytes[i]!;
  const found = new Map<string, Quantity>();
  for (const { name, unit, least, step, base } of digits) {
    found.set(name, { value: significant(least + (packed % base) * step), unit });
    packed = Math.floor(packed / base);
  }
  if (packed > 0) throw new DecodeError("SensorPush: a number that its digits cannot make");
  return found;
}

function readHt1(bytes: Uint8Array): Map<string, Quantity> {
  if (bytes.length < 4) throw new DecodeError("SensorPush HT1 of less than four bytes");
  const [a, b, c, d] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!];
  if ((d & 0x7c) >> 2 !== HT1_KIND) throw new DecodeError("SensorPush: not an HT1");
  const humidity = -6 + (125 * (a + ((b & 0x0f) << 8))) / 0x1000;
  const temperature = -46.85 + (175.72 * ((b >> 4) + (c << 4) + ((d & 0x03) << 12))) / 0x4000;
  return new Map([
    ["temperature", { value: Math.round(temperature * 100) / 100, unit: "Cel" }],
    ["humidity", { value: Math.round(Math.min(100, Math.max(0, humidity)) * 100) / 100, unit: "%RH" }],
  ]);
}
