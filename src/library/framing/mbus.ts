/** M-Bus long frames (EN 13757-2 and -3): what heat, water, gas and electricity meters answer when they are asked. */

import { ByteReader, DecodeError, toHex } from "../../base/bytes.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, type Telegram } from "./keyed.ts";
import { readInformation, type Information } from "./mbus-information.ts";

/** 68 L L 68, at most 255 bytes, the sum, 16. */
const MAX_FRAME = 261;
const MAX_RECORDS = 100;

/**
 * Names are quantities, such as `volume`; what qualifies them follows: `:max`, `@1` for storage 1, `#2` for tariff 2,
 * `.1` for subunit 1, `+7f` for an extension that we do not know. Of equal names the first counts.
 */
export const mbusFraming = (): Framing<Telegram> =>
  keyedFraming((frame) => parseLongFrame(bytesOf(frame, MAX_FRAME)), "M-Bus frames");

/** @throws DecodeError if it is cut, changed on its way, encrypted, or no answer with data. */
export function parseLongFrame(bytes: Uint8Array): Telegram {
  const length = bytes[1] ?? 0;
  if (bytes[0] !== 0x68 || bytes[3] !== 0x68 || bytes[2] !== length || length < 3)
    throw new DecodeError("no M-Bus long frame: it begins with 68 L L 68");
  if (bytes.length !== length + 6 || bytes[length + 5] !== 0x16)
    throw new DecodeError(`${bytes.length} bytes in an M-Bus frame of ${length + 6}`);
  let sum = 0;
  for (let i = 4; i < length + 4; i++) sum = (sum + (bytes[i] ?? 0)) & 0xff;
  if (sum !== bytes[length + 4]) throw new DecodeError(`checksum mismatch: ${sum.toString(16)} computed`);
  const reader = new ByteReader(bytes.subarray(4, length + 4));
  const control = reader.u8();
  // RSP_UD, with or without the bits ACD and DFC (EN 13757-2 §5.3).
  if ((control & 0xcf) !== 0x08) throw new DecodeError("an M-Bus frame that is no answer with data");
  const telegram = new Map<string, Keyed>([["address", { value: reader.u8() }]]);
  readHeader(reader, reader.u8(), telegram);
  readRecords(reader, telegram);
  return telegram;
}

/** CI 72 has a header of 12 bytes, 7A one of 4, 78 none (EN 13757-3 §5). */
function readHeader(reader: ByteReader, control: number, telegram: Map<string, Keyed>): void {
  if (control === 0x78) return;
  if (control !== 0x72 && control !== 0x7a)
    throw new DecodeError(`M-Bus data of a kind that is not read: CI ${control.toString(16)}`);
  if (control === 0x72) {
    const id = toHex(reader.bytes(4).toReversed()).toUpperCase();
    const maker = reader.u8() | (reader.u8() << 8);
    // Eight digits; some makers count on in letters, and it is their number all the same.
    telegram.set("id", { value: /^F+$/.test(id) ? null : id });
    telegram.set("manufacturer", { value: letters(maker) });
    telegram.set("version", { value: reader.u8() });
    const medium = reader.u8();
    telegram.set("medium", { value: MEDIA[medium] ?? `0x${medium.toString(16).padStart(2, "0")}` });
  }
  telegram.set("access", { value: reader.u8() });
  telegram.set("status", { value: reader.u8() });
  const signature = reader.u8() | (reader.u8() << 8);
  // Modes of encryption stand in bits 8 to 12 (EN 13757-3 §5.10).
  if ((signature >> 8) & 0x1f) throw new DecodeError("the M-Bus frame is encrypted");
}

/** Three letters of five bits each (EN 13757-3 §5.6). */
const letters = (maker: number) =>
  String.fromCharCode(...[10, 5, 0].map((shift) => 64 + ((maker >> shift) & 0x1f))).replaceAll(/[^A-Z]/g, "?");

/** EN 13757-3 table 3. */
const MEDIA: Readonly<Record<number, string>> = {
  ...{ 0x00: "other", 0x01: "oil", 0x02: "electricity", 0x03: "gas", 0x04: "heat", 0x05: "steam", 0x06: "warm water" },
  ...{ 0x07: "water", 0x08: "heat cost allocator", 0x09: "compressed air", 0x0a: "cooling", 0x0b: "cooling" },
  ...{ 0x0c: "heat", 0x0d: "heat and cooling", 0x15: "hot water", 0x16: "cold water", 0x28: "waste water" },
};

function readRecords(reader: ByteReader, telegram: Map<string, Keyed>): void {
  for (let records = 0; !reader.done; records++) {
    if (records >= MAX_RECORDS) throw reader.error(`more than ${MAX_RECORDS} records`);
    const dif = reader.u8();
    if (dif === 0x2f) continue;
    // What follows is the maker's own business; 1F says besides that there is more to ask for.
    if (dif === 0x0f || dif === 0x1f) {
      telegram.set("more", { value: dif === 0x1f });
      return;
    }
    readRecord(reader, dif, telegram);
  }
}

function readRecord(reader: ByteReader, dif: number, telegram: Map<string, Keyed>): void {
  const suffix = readQualifiers(reader, dif);
  const information = readInformation(reader);
  const value = readData(reader, dif & 0x0f, information);
  if (information.quantity === undefined || value === undefined) return;
  const name = information.quantity + suffix + information.extensions;
  if (!telegram.has(name)) telegram.set(name, value);
}

const FUNCTIONS = ["", ":max", ":min", ":error"] as const;

/** Storage, tariff and subunit are spread over the DIF and up to ten DIFEs (EN 13757-3 §6.3). */
function readQualifiers(reader: ByteReader, dif: number): string {
  let storage = (dif >> 6) & 1;
  let [tariff, subunit, more] = [0, 0, dif];
  for (let i = 0; more & 0x80; i++) {
    if (i >= 10) throw reader.error("more than ten extensions of a DIF");
    more = reader.u8();
    // Beyond 32 bits nobody counts.
    storage += (more & 0x0f) * 2 ** (1 + 4 * i);
    tariff += ((more >> 4) & 3) * 4 ** i;
    subunit += ((more >> 6) & 1) * 2 ** i;
  }
  const function_ = FUNCTIONS[(dif >> 4) & 3] ?? "";
  return (
    function_ +
    (storage > 0 ? `@${storage}` : "") +
    (tariff > 0 ? `#${tariff}` : "") +
    (subunit > 0 ? `.${subunit}` : "")
  );
}

/** How many bytes a data field has, by the low half of its DIF; 13 says it itself (EN 13757-3 table 4). */
const LENGTHS = [0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6] as const;

/** Undefined for data that mean nothing by themselves: none at all, or a request to choose. */
function readData(reader: ByteReader, field: number, information: Information): Keyed | undefined {
  if (field === 13) return variable(reader, information);
  const bytes = reader.bytes(LENGTHS[field] ?? 0);
  if (field === 0 || field === 8) return undefined;
  const kind = field === 5 ? "real" : field >= 9 ? "bcd" : "integer";
  return information.meaning(bytes, kind);
}

/** LVAR: text up to BF, numbers beyond (EN 13757-3 §6.4). */
function variable(reader: ByteReader, information: Information): Keyed | undefined {
  const size = reader.u8();
  if (size < 0xc0) {
    // Text goes out last character first.
    const text = String.fromCharCode(...Uint8Array.from(reader.bytes(size)).reverse());
    return { value: text.replaceAll(/[^\x20-\x7e]/g, "").trim() };
  }
  if (size >= 0xe0 && size <= 0xef) return information.meaning(reader.bytes(size - 0xe0), "integer");
  if (size >= 0xc0 && size <= 0xc9) return information.meaning(reader.bytes(size - 0xc0), "bcd");
  if (size >= 0xd0 && size <= 0xd9) {
    const positive = information.meaning(reader.bytes(size - 0xd0), "bcd");
    return typeof positive.value === "number" ? { ...positive, value: -positive.value } : positive;
  }
  throw reader.error("data of a length that is not known");
}
