/**
 * What a Bluetooth LE advertisement says: its AD structures, strictly (Core 5.4, Vol 3, Part C, §11).
 *
 *   +--------+------+----------------+--------+------+-----
 *   | Length | Type | Length-1 bytes | Length | Type | ...    a Length of 0 ends the data early
 *   +--------+------+----------------+--------+------+-----
 */

import { DecodeError } from "../base/bytes.ts";

export interface AdvertData {
  readonly name?: string;
  /** In the order heard: two sections are legal. */
  readonly manufacturer: readonly (readonly [company: number, data: Uint8Array])[];
  /** By 128-bit UUID in lower case with dashes. */
  readonly services: ReadonlyMap<string, Uint8Array>;
  readonly serviceUuids: readonly string[];
}

/** Assigned Numbers §2.3. */
const AdType = {
  Incomplete16: 0x02,
  Complete16: 0x03,
  Incomplete32: 0x04,
  Complete32: 0x05,
  Incomplete128: 0x06,
  Complete128: 0x07,
  ShortName: 0x08,
  CompleteName: 0x09,
  ServiceData16: 0x16,
  ServiceData32: 0x20,
  ServiceData128: 0x21,
  Manufacturer: 0xff,
} as const;

const NO_SERVICES: ReadonlyMap<string, Uint8Array> = new Map();
const NOTHING: readonly never[] = [];
const text = new TextDecoder();

/** @throws DecodeError if a structure reaches beyond the data, or is shorter than its type demands. */
export function decodeAdvertData(data: Uint8Array): AdvertData {
  const found = new Findings();
  let at = 0;
  while (at < data.length) {
    const length = data[at]!;
    // §11: a length of zero ends the significant part; what follows is padding.
    if (length === 0) break;
    const end = at + 1 + length;
    if (end > data.length)
      throw new DecodeError(`AD structure of ${length} bytes at byte ${at}, ${data.length} in all`);
    found.add(data[at + 1]!, data.subarray(at + 2, end));
    at = end;
  }
  return found.result();
}

class Findings {
  #name: string | undefined;
  #nameIsWhole = false;
  #manufacturer: [number, Uint8Array][] | undefined;
  #services: Map<string, Uint8Array> | undefined;
  #uuids: string[] | undefined;

  add(type: number, value: Uint8Array): void {
    switch (type) {
      case AdType.Manufacturer:
        need(value, 2, "manufacturer data");
        (this.#manufacturer ??= []).push([u16(value, 0), value.subarray(2)]);
        break;
      case AdType.ServiceData16:
        this.#service(value, 2);
        break;
      case AdType.ServiceData32:
        this.#service(value, 4);
        break;
      case AdType.ServiceData128:
        this.#service(value, 16);
        break;
      case AdType.Incomplete16:
      case AdType.Complete16:
        this.#list(value, 2);
        break;
      case AdType.Incomplete32:
      case AdType.Complete32:
        this.#list(value, 4);
        break;
      case AdType.Incomplete128:
      case AdType.Complete128:
        this.#list(value, 16);
        break;
      case AdType.ShortName:
      case AdType.CompleteName:
        if (this.#nameIsWhole) break;
        this.#name = readName(value);
        this.#nameIsWhole = type === AdType.CompleteName;
    }
  }

  result(): AdvertData {
    const data = {
      manufacturer: this.#manufacturer ?? NOTHING,
      services: this.#services ?? NO_SERVICES,
      serviceUuids: this.#uuids ?? NOTHING,
    };
    return this.#name === undefined || this.#name === "" ? data : { name: this.#name, ...data };
  }

  #service(value: Uint8Array, size: number): void {
    need(value, size, "service data");
    (this.#services ??= new Map()).set(readUuid(value, 0, size), value.subarray(size));
  }

  #list(value: Uint8Array, size: number): void {
    if (value.length % size !== 0) throw new DecodeError(`list of ${size}-byte UUIDs with ${value.length} bytes`);
    for (let at = 0; at < value.length; at += size) (this.#uuids ??= []).push(readUuid(value, at, size));
  }
}

function need(value: Uint8Array, length: number, what: string): void {
  if (value.length < length) throw new DecodeError(`${what} of ${value.length} bytes`);
}

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** Short UUIDs stand for long ones with the Bluetooth Base UUID (Core 5.4, Vol 3, Part B, §2.5.1). */
const BASE_UUID_TAIL = "-0000-1000-8000-00805f9b34fb";

/** Bytes travel in reverse: least significant first. */
function readUuid(bytes: Uint8Array, at: number, size: number): string {
  let hex = "";
  for (let i = at + size - 1; i >= at; i--) hex += bytes[i]!.toString(16).padStart(2, "0");
  if (size < 16) return hex.padStart(8, "0") + BASE_UUID_TAIL;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Some devices pad their names with zeros; control characters have no business in a name, nor in a log, and what turns
 * the order of letters would make a name look like another.
 */
function readName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return text.decode(end < 0 ? bytes : bytes.subarray(0, end)).replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "");
}
