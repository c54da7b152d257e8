/** SML, the Smart Message Language of German meters (BSI TR-03109-1 Annex IV): escaped transport, nested lists, OBIS codes. */

import { ByteReader, DecodeError, toHex } from "../../base/bytes.ts";
import { crc16, X25 } from "../../base/crc16.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, scaledByTen, type Telegram } from "./keyed.ts";

const MAX_FILE = 8_192;
/** Lists in lists: an entry stands in the list of values, in a body, in a message. */
const MAX_DEPTH = 8;
/** Elements of a whole file; meters have some hundred. */
const MAX_ELEMENTS = 4_000;
const MAX_EXPONENT = 24;
const GET_LIST_RESPONSE = 0x0701;
const ESCAPE = 0x1b;

/** Names are OBIS codes without medium and channel, such as `1.8.0`, or whole: `1-0:1.8.0*255`. */
export const smlFraming = (): Framing<Telegram> =>
  keyedFraming((frame) => parseSml(bytesOf(frame, MAX_FILE)), "SML files");

/** @throws DecodeError if it is cut, changed on its way, or no SML of version 1. */
export function parseSml(bytes: Uint8Array): Telegram {
  const reader = new Elements(unescaped(bytes));
  const telegram = new Map<string, Keyed>();
  while (!reader.done) {
    const message = reader.element(0);
    // Zeros fill the file up to a multiple of four.
    if (message === END) continue;
    const body = isList(message) ? message[3] : undefined;
    if (!isList(body)) throw new DecodeError("no message where one should begin");
    if (body[0] === GET_LIST_RESPONSE) readList(body[1], telegram);
  }
  return telegram;
}

/** The messages inside the transport: its beginning, its escapes, its end and its checksum are gone (§8.2). */
function unescaped(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 16 || !escapeAt(bytes, 0) || !bytes.subarray(4, 8).every((byte) => byte === 1))
    throw new DecodeError("no SML file of version 1");
  const content = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 8; i < bytes.length; ) {
    const escape = escapeAt(bytes, i);
    const doubled = escape && escapeAt(bytes, i + 4);
    // The end stands at a multiple of four: data may end with an 1B of its own right before it.
    if (!escape || (!doubled && i % 4 !== 0)) content[length++] = bytes[i++] ?? 0;
    else if (doubled) {
      content.fill(ESCAPE, length, length + 4);
      length += 4;
      i += 8;
    } else return content.subarray(0, length - fillBytes(bytes, i + 4));
  }
  throw new DecodeError("the SML file has no end");
}

/** How many bytes before the end are there only to fill. `at`: behind the escape that announces it. */
function fillBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x1a) throw new DecodeError("unknown escape in an SML file");
  const [fill = 0, low = 0, high = 0] = bytes.subarray(at + 1, at + 4);
  if (bytes.length !== at + 4 || fill > 3) throw new DecodeError("the end of the SML file is malformed");
  const computed = crc16(X25, bytes, 0, at + 2);
  if (computed !== (low | (high << 8)))
    throw new DecodeError(`checksum mismatch: ${computed.toString(16).toUpperCase().padStart(4, "0")} computed`);
  return fill;
}

const escapeAt = (bytes: Uint8Array, at: number) =>
  bytes[at] === ESCAPE && bytes[at + 1] === ESCAPE && bytes[at + 2] === ESCAPE && bytes[at + 3] === ESCAPE;

/** The end of a message, which is no value. */
const END = Symbol("end of message");
type Element = number | boolean | Uint8Array | undefined | typeof END | readonly Element[];

const isList = (element: Element | undefined): element is readonly Element[] => Array.isArray(element);

/** Takes elements off the bytes: a type and a length, then a value or a list (§6). */
class Elements {
  readonly #reader: ByteReader;
  #left = MAX_ELEMENTS;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  get done(): boolean {
    return this.#reader.done;
  }

  element(depth: number): Element {
    if (--this.#left < 0) throw this.#reader.error(`more than ${MAX_ELEMENTS} elements`);
    const start = this.#reader.offset;
    let byte = this.#reader.u8();
    if (byte === 0) return END;
    const type = (byte >> 4) & 0x7;
    let length = byte & 0x0f;
    while (byte & 0x80) {
      byte = this.#reader.u8();
      length = length * 16 + (byte & 0x0f);
      if (length > MAX_FILE) throw this.#reader.error("a length beyond the file");
    }
    if (type === 7) return this.#list(length, depth);
    // The length of a value counts the bytes that say it.
    const value = this.#reader.bytes(length - (this.#reader.offset - start));
    if (type === 0) return value.length > 0 ? value : undefined;
    if (type === 4) return value.some((each) => each !== 0);
    if (type === 5 || type === 6) return integer(value, type === 5);
    throw this.#reader.error(`unknown type ${type}`);
  }

  #list(length: number, depth: number): readonly Element[] {
    if (depth >= MAX_DEPTH) throw this.#reader.error("lists too deep");
    const elements: Element[] = [];
    for (let i = 0; i < length; i++) elements.push(this.element(depth + 1));
    return elements;
  }
}

function integer(bytes: Uint8Array, signed: boolean): number {
  if (bytes.length === 0 || bytes.length > 8) throw new DecodeError(`an integer of ${bytes.length} bytes`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return Number(signed ? BigInt.asIntN(bytes.length * 8, value) : value);
}

/** The values of a SML_GetList.Res (§5.1.13): each says its name, its status, its unit and its power of ten. */
function readList(body: Element | undefined, telegram: Map<string, Keyed>): void {
  const values = isList(body) ? body[4] : undefined;
  if (!isList(values)) throw new DecodeError("a list of values without values");
  for (const entry of values) {
    if (!isList(entry) || !(entry[0] instanceof Uint8Array) || entry[0].length !== 6)
      throw new DecodeError("a value without a name");
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = entry[0];
    const short = `${c}.${d}.${e}`;
    const whole = `${a}-${b}:${short}*${f}`;
    const status = entry[1];
    // Names of makers' own (129-129) must not pass for those of everybody.
    const names = a <= 1 && !telegram.has(short) ? [whole, short] : [whole];
    for (const name of names) {
      telegram.set(name, valueOf(entry));
      if (typeof status === "number") telegram.set(`${name}/status`, { value: status });
    }
  }
}

function valueOf([, , , unit, scaler, value]: readonly Element[]): Keyed {
  if (typeof value === "boolean") return { value };
  if (value instanceof Uint8Array) return { value: textOf(value) };
  if (typeof value !== "number") return { value: null };
  const exponent = typeof scaler === "number" ? scaler : 0;
  // Nothing that is metered has so many digits: whatever it is, it is not this value.
  if (Math.abs(exponent) > MAX_EXPONENT) return { value: null };
  const name = typeof unit === "number" ? UNITS[unit] : undefined;
  return { value: scaledByTen(value, exponent), ...(name !== undefined && { unit: name }) };
}

/** Names of makers are text; numbers of devices are bytes. */
function textOf(bytes: Uint8Array): string {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? String.fromCharCode(...bytes) : toHex(bytes);
}

/** DLMS unit codes (IEC 62056-6-2 table 4). */
const UNITS: Readonly<Record<number, string>> = {
  ...{ 5: "h", 6: "min", 7: "s", 8: "deg", 9: "Cel", 13: "m3", 14: "m3", 15: "m3/h", 16: "m3/h", 19: "l", 23: "Pa" },
  ...{ 24: "bar", 25: "J", 27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh", 33: "A", 34: "C", 35: "V" },
  ...{ 38: "Ohm", 44: "Hz" },
};
