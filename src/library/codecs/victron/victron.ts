/**
 * Victron Instant Readout, in manufacturer data of the company 02E1 (Victron, "Extra manufacturer data").
 *
 *     10 | readout 1 | model 2 | record 1 | counter 2 | first byte of the key 1 | record, sealed with AES-CTR, 16 at most
 *
 * Nothing proves who sealed it: all that tells a wrong key is its first byte; ranges in the definitions catch what cannot be.
 */

import { DecodeError } from "../../../base/bytes.ts";
import type { Definition } from "../../definition/definition.ts";
import { significant } from "../../language/decimal.ts";
import { advertBytes } from "../../matching/advert.ts";
import type { Quantity } from "../../reading.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "../codec.ts";
import { KeySession, openCtr, sessionFor } from "../seal.ts";
import { MODELS } from "./models.ts";
import { type BitField, HAS_MIDDLE, RECORDS, UNITS } from "./records.ts";

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
    createSession: (key) => new KeySession(key, KEY),
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
  const keeper = sessionFor(session);
  const opened = keeper.open({ counter, bits: 16, authentic: false }, (key) => {
    if (key[0] !== bytes[7]) return undefined;
    const block = new Uint8Array(BLOCK);
    block.set(bytes.subarray(5, 7));
    return openCtr(key, block, sealed);
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

/** Least significant bit first. */
function bitsAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; ) {
    const [byte, shift] = [(at + i) >> 3, (at + i) & 7];
    const take = Math.min(8 - shift, width - i);
    value += ((bytes[byte]! >> shift) & ((1 << take) - 1)) * 2 ** i;
    i += take;
  }
  return value;
}

function valueOf(field: BitField, raw: number): Quantity | undefined {
  const { width, scale = 1, offset = 0, map, name = "" } = field;
  const missing = field.signed ? 2 ** (width - 1) - 1 : 2 ** width - 1;
  if (!field.always && raw === missing) return undefined;
  const number = field.signed && raw > missing ? raw - 2 ** width : raw;
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
