/**
 * Victron Instant Readout, in manufacturer data of the company 02E1 (Victron, "Extra manufacturer data").
 *
 *     10 | readout 1 | model 2 | record 1 | counter 2 | first byte of the key 1 | record, sealed with AES-CTR, 16 at most
 *
 * Nothing proves who sealed it. What tells a wrong key: its first byte, and that what it opens looks like no device, or
 * not like the message before (docs/decisions/022).
 */

import { DecodeError } from "../../../base/bytes.ts";
import type { Definition } from "../../definition/definition.ts";
import { significant } from "../../language/decimal.ts";
import { advertBytes } from "../../matching/advert.ts";
import type { Quantity } from "../../reading.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "../codec.ts";
import { openCtr } from "../seal.ts";
import { WeighedSession, weighedFor } from "../weighed.ts";
import { MODELS } from "./models.ts";
import { bitsAt, numberOf, steadyPart } from "./plausible.ts";
import { type BitField, HAS_MIDDLE, messagesToBelieve, RECORDS, UNITS } from "./records.ts";

const HEAD = 8;
const BLOCK = 16;
const KELVIN = 273.15;

const KEY: KeyNeed = {
  lengths: [16],
  optional: false,
  where: "In VictronConnect, under product info of the device, Instant readout details.",
};

const names = [
  ...[...RECORDS.values()].flatMap((fields) => fields.map(({ name }) => name)),
  ...["model", "starter_voltage", "midpoint_voltage", "temperature"],
].filter((name) => name !== undefined && !name.startsWith("_"));

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map(
  names.flatMap((name) => (name === undefined ? [] : [[name, { unit: UNITS[name], many: false }] as const])),
);

type Found = Map<string, Quantity | undefined>;

export function victron({ match }: Definition): Codec {
  const payload = advertBytes("manufacturer", match?.ble);
  return {
    fields: FIELDS,
    key: KEY,
    createSession: (key) => new WeighedSession(key, KEY),
    decode(frame, session) {
      const bytes = payload(frame);
      return bytes && openRecord(bytes, session);
    },
  };
}

/** @throws DecodeError if it is of no known record, or too short for it. */
function openRecord(bytes: Uint8Array, session: Session | undefined): Found | undefined {
  if (bytes.length < HEAD) throw new DecodeError("Instant Readout without a record");
  const record = bytes[4]!;
  const fields = RECORDS.get(record);
  if (!fields) throw new DecodeError(`Instant Readout of record ${record}, which nobody knows`);
  const sealed = bytes.subarray(HEAD);
  const bits = fields.reduce((sum, { width }) => sum + width, 0);
  if (sealed.length * 8 < bits || sealed.length > BLOCK)
    throw new DecodeError(`Instant Readout: a record of ${sealed.length} bytes`);
  const counter = bytes[5]! + bytes[6]! * 0x100;
  const opened = weighedFor(session).open(counter, messagesToBelieve(record), (key) => {
    if (key[0] !== bytes[7]) return undefined;
    const block = new Uint8Array(BLOCK);
    block.set(bytes.subarray(5, 7));
    const plain = openCtr(key, block, sealed);
    const steady = steadyPart(plain, fields);
    return steady === undefined ? undefined : { opened: plain, steady };
  });
  return opened && readRecord(opened, record, fields, bytes[2]! + bytes[3]! * 0x100);
}

function readRecord(opened: Uint8Array, record: number, fields: readonly BitField[], product: number): Found {
  const found: Found = new Map();
  const model = MODELS.get(product);
  if (model !== undefined) found.set("model", { value: model });
  let at = 0;
  let aux = 0;
  for (const field of fields) {
    const raw = bitsAt(opened, at, field.width);
    at += field.width;
    if (field.name === "_aux") aux = raw;
    else if (field.name === "_aux_mode") putAux(found, record, aux, raw);
    else if (field.name !== undefined) found.set(field.name, valueOf(field, raw));
  }
  return found;
}

function valueOf(field: BitField, raw: number): Quantity | undefined {
  const { scale = 1, offset = 0, map, name = "" } = field;
  const number = numberOf(field, raw);
  if (number === undefined) return undefined;
  if (map) return map[number] === undefined ? undefined : { value: map[number] };
  const value = significant(number * scale + offset);
  const unit = UNITS[name];
  return unit === undefined ? { value } : { value, unit };
}

/** What is wired to the auxiliary input, if anything. */
function putAux(found: Found, record: number, aux: number, mode: number): void {
  if (mode === 0) found.set("starter_voltage", volt(aux >= 0x8000 ? aux - 0x1_0000 : aux));
  if (mode === 1 && record === HAS_MIDDLE) found.set("midpoint_voltage", volt(aux));
  if (mode === 2) found.set("temperature", aux === 0xffff ? undefined : { value: celsius(aux), unit: "Cel" });
}

const volt = (hundredths: number): Quantity => ({ value: significant(hundredths * 0.01), unit: "V" });
const celsius = (hundredths: number) => significant(hundredths / 100 - KELVIN);
