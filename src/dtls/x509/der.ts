/** Reads DER, the one encoding of ASN.1 that signatures stand on (X.690 §10): what has two encodings is refused. */

import { DecodeError } from "../../base/bytes.ts";

/** Tags, as far as certificates and keys use them (X.690 §8.1.2). */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** `[number]` of a primitive and of a constructed type. */
export const primitive = (number: number): number => 0x80 | number;
export const constructed = (number: number): number => 0xa0 | number;

/** One element; views of what was read. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

/** Walks over the elements of one level. Everything that it throws is a `DecodeError`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** The tag of what comes next; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** @throws DecodeError at the end, and for lengths that are not in their shortest form (X.690 §10.1). */
  next(): Element {
    const start = this.#offset;
    const tag = this.#byte();
    // Tags above 30 take more than one byte; nothing here has one.
    if ((tag & 0x1f) === 0x1f) throw this.#error("a tag of several bytes");
    const length = this.#length();
    const from = this.#offset;
    if (length > this.#bytes.length - from)
      throw this.#error(`${length} bytes wanted, ${this.#bytes.length - from} left`);
    this.#offset = from + length;
    return { tag, content: this.#bytes.subarray(from, this.#offset), whole: this.#bytes.subarray(start, this.#offset) };
  }

  /** @throws DecodeError if the next element is something else. */
  take(tag: number, what: string): Element {
    if (this.tag !== tag) throw this.#error(`no ${what}`);
    return this.next();
  }

  /** The next element if it has this tag. */
  optional(tag: number): Element | undefined {
    return this.tag === tag ? this.next() : undefined;
  }

  /** @throws DecodeError if anything is left. */
  end(what: string): void {
    if (!this.done) throw this.#error(`more than a ${what}`);
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    // 0x80 would be the indefinite form, which DER does not have; nothing here is longer than 16 MB.
    if (count === 0 || count > 3) throw this.#error("a length that DER does not have");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw this.#error("a length longer than it need be");
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw this.#error("ends too early");
    this.#offset++;
    return byte;
  }

  #error(what: string): DecodeError {
    return new DecodeError(`DER: ${what} at byte ${this.#offset}`);
  }
}

/** The one element that `bytes` are, of this tag. @throws DecodeError unless nothing else is there. */
export function only(bytes: Uint8Array, tag: number, what: string): Element {
  const reader = new DerReader(bytes);
  const element = reader.take(tag, what);
  reader.end(what);
  return element;
}

/** Dotted, such as `2.5.29.17`; one with an arc beyond 2^48 as `hex:` and its bytes. @throws DecodeError */
export function objectIdentifier({ content }: Element): string {
  const arcs: number[] = [];
  let arc = 0;
  let begun = false;
  for (const byte of content) {
    if (!begun && byte === 0x80) throw new DecodeError("DER: an object identifier with a leading zero");
    begun = true;
    arc = arc * 128 + (byte & 0x7f);
    if (arc > 2 ** 48) return `hex:${Buffer.from(content).toString("hex")}`;
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
    begun = false;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || begun) throw new DecodeError("DER: an object identifier without an end");
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join(".");
}

/** A number from 0 to 2^31 - 1. @throws DecodeError on any other. */
export function smallNumber({ content }: Element): number {
  const [first = 0x80, second = 0x80] = content;
  const padded = first === 0 && content.length > 1 && second < 0x80;
  if (content.length === 0 || content.length > 4 || first >= 0x80 || padded)
    throw new DecodeError("DER: not a small number in its shortest form");
  return content.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** @throws DecodeError on anything but 0x00 and 0xFF (X.690 §11.1). */
export function truth({ content }: Element): boolean {
  const [byte] = content;
  if (content.length !== 1 || (byte !== 0 && byte !== 0xff)) throw new DecodeError("DER: not a truth value");
  return byte === 0xff;
}

/** The bytes of a bit string of whole bytes. @throws DecodeError if bits are missing from the last one. */
export function wholeBytes({ content }: Element): Uint8Array {
  if (content[0] !== 0) throw new DecodeError("DER: a bit string that does not end with a byte");
  return content.subarray(1);
}

/** Named bits, the first one in the highest of 16. @throws DecodeError if bits are set that are not there. */
export function namedBits({ content }: Element): number {
  const [unused = 8, high = 0, low = 0] = content;
  const last = content.at(-1) ?? 0;
  if (
    unused > 7 ||
    (content.length === 1 && unused !== 0) ||
    (content.length > 1 && (last & ((1 << unused) - 1)) !== 0)
  )
    throw new DecodeError("DER: not a list of bits");
  return (high << 8) | low;
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
/** "No well-defined end" (RFC 5280 §4.1.2.5). */
const NEVER = "99991231235959Z";

/** Milliseconds since 1970 UTC; Infinity for the end that never comes. @throws DecodeError unless in UTC, with seconds. */
export function instant({ tag, content }: Element): number {
  const digits = Buffer.from(content).toString("latin1");
  // UTCTime has two digits of the year: 50 to 99 lie in the last century (RFC 5280 §4.1.2.5.1).
  const text = tag === Tag.UtcTime ? `${digits < "5" ? "20" : "19"}${digits}` : digits;
  const [, year, month, day, hour, minute, second] = TIME.exec(text)?.map(Number) ?? [];
  if (second === undefined || (tag !== Tag.UtcTime && tag !== Tag.GeneralizedTime))
    throw new DecodeError("DER: not a time in UTC");
  if (text === NEVER) return Infinity;
  const ms = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  // What does not come back the same was no date: 31 February, 25 o'clock.
  const back = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  if (back !== text) throw new DecodeError("DER: not a date that exists");
  return ms;
}
