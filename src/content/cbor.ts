/**
 * The part of CBOR (RFC 8949) that values travel in: single items, written shortest, read strictly.
 *
 *     initial byte   7 6 5 | 4 3 2 1 0          (§3)
 *                    major | argument, or how many bytes of it follow (24: 1, 25: 2, 26: 4, 27: 8; 31: indefinite)
 */

import { DecodeError } from "../base/bytes.ts";
import { type Sink, utf8Length } from "./sink.ts";
import { readUtf8 } from "./utf8.ts";

export const Major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

/** Epoch-based date and time (§3.4.2). */
export const EPOCH_TAG = 1;
/** The tag of a Decimal Fraction (§3.4.4): exponent and mantissa, to the base of ten. */
const DECIMAL_FRACTION = 0xc4;

/** What the next item is, as far as readers of values must know. */
export type Kind = "integer" | "bytes" | "text" | "array" | "map" | "tag" | "boolean" | "float" | "break" | "other";

const KINDS: readonly Kind[] = Array.from({ length: 256 }, (_, initial) => kindOf(initial));
const INDEFINITE = -1;
const TEXT = Major.text << 5;
const ZERO = 0x30;
const MAX_DEPTH = 16;

/** What one step of the fraction is worth, by exponent. */
const HALF_STEPS: readonly number[] = Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25));

const FLOAT_BYTES = new Uint8Array(8);
const FLOATS = new DataView(FLOAT_BYTES.buffer);

function kindOf(initial: number): Kind {
  if (initial === 0xff) return "break";
  if (initial === 0xf4 || initial === 0xf5) return "boolean";
  if ((initial >= 0xf9 && initial <= 0xfb) || initial === DECIMAL_FRACTION) return "float";
  return (["integer", "integer", "bytes", "text", "array", "map", "tag", "other"] as const)[initial >> 5]!;
}

/** Reads items one after another. Every method throws DecodeError if the next item is not what it reads. */
export class CborReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  kind(): Kind {
    return KINDS[this.#peek()]!;
  }

  integer(): number | bigint {
    const initial = this.#peek();
    if (initial < 24) {
      this.#at += 1;
      return initial;
    }
    const major = initial >> 5;
    if (major > Major.negative) throw this.error("no integer");
    if ((initial & 0x1f) === 27) return this.#integer64(major);
    const argument = this.#argument();
    return major === Major.unsigned ? argument : -1 - argument;
  }

  float(): number {
    const initial = this.#next();
    if (initial === 0xf9) return halfToNumber(this.#unsigned(2));
    if (initial === 0xfa || initial === 0xfb) return this.#float(initial === 0xfa ? 4 : 8);
    if (initial === DECIMAL_FRACTION) return this.#decimal();
    this.#at -= 1;
    throw this.error("no float");
  }

  /** Steps over a null, if that is what comes next. */
  isNull(): boolean {
    if (this.#peek() !== 0xf6) return false;
    this.#at += 1;
    return true;
  }

  boolean(): boolean {
    const initial = this.#next();
    if (initial === 0xf4 || initial === 0xf5) return initial === 0xf5;
    this.#at -= 1;
    throw this.error("no boolean");
  }

  tag(): number {
    return this.#head(Major.tag);
  }

  text(): string {
    if (this.#peek() === 0x7f)
      return this.#chunks(Major.text, (start, end) => readUtf8(this.#bytes, start, end)).join("");
    const length = this.#head(Major.text);
    return readUtf8(this.#bytes, this.#skip(length), this.#at);
  }

  /** Text of one to five digits without a leading zero, as a number; undefined, and nothing taken: it is not that. */
  digits(): number | undefined {
    const length = this.#peek() - TEXT;
    const start = this.#at + 1;
    if (length < 1 || length > 5 || length > this.#bytes.length - start) return undefined;
    let value = 0;
    for (let at = start; at < start + length; at++) {
      const digit = this.#bytes[at]! - ZERO;
      if (digit < 0 || digit > 9 || (digit === 0 && value === 0 && length > 1)) return undefined;
      value = value * 10 + digit;
    }
    this.#at = start + length;
    return value;
  }

  bytes(): Uint8Array {
    if (this.#peek() === 0x5f)
      return Buffer.concat(this.#chunks(Major.bytes, (start, end) => this.#bytes.subarray(start, end)));
    const length = this.#head(Major.bytes);
    return this.#bytes.subarray(this.#skip(length), this.#at);
  }

  /** How many items follow; -1: until `endsHere()`. Never more than there are bytes left. */
  array(): number {
    return this.#container(Major.array, 1);
  }

  /** How many pairs follow; -1: until `endsHere()`. */
  map(): number {
    return this.#container(Major.map, 2);
  }

  /** Whether a list of which `left` items are still to come is over; takes the break of one without a length. */
  endsHere(left: number): boolean {
    if (left !== INDEFINITE) return left === 0;
    if (this.#peek() !== 0xff) return false;
    this.#at += 1;
    return true;
  }

  /** Passes over one item, whatever it is. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.error("nested too deeply");
    switch (this.kind()) {
      case "integer":
        this.integer();
        return;
      case "float":
        this.float();
        return;
      case "text":
        this.text();
        return;
      case "bytes":
        this.bytes();
        return;
      case "array":
        this.#skipItems(this.array(), 1, depth);
        return;
      case "map":
        this.#skipItems(this.map(), 2, depth);
        return;
      case "tag":
        this.tag();
        this.skip(depth + 1);
        return;
      case "boolean":
      case "other":
        this.#skipSimple();
        return;
      case "break":
        throw this.error("a break outside of anything");
    }
  }

  error(what: string): DecodeError {
    return new DecodeError(`CBOR: ${what} at byte ${this.#at}`);
  }

  #skipItems(count: number, perItem: number, depth: number): void {
    for (let left = count; !this.endsHere(left); left -= left === INDEFINITE ? 0 : 1)
      for (let i = 0; i < perItem; i++) this.skip(depth + 1);
  }

  /** null, undefined and the unassigned simple values: one byte, or two of which the second is at least 32 (§3.3). */
  #skipSimple(): void {
    const initial = this.#next();
    const extended = initial === 0xf8;
    if (initial > 0xf8 || (extended && this.#next() < 32)) throw this.error("malformed simple value");
  }

  #container(major: number, bytesPerItem: number): number {
    if (this.#peek() === ((major << 5) | 0x1f)) {
      this.#at += 1;
      return INDEFINITE;
    }
    const count = this.#head(major);
    if (count * bytesPerItem > this.#bytes.length - this.#at) throw this.error(`${count} items announced`);
    return count;
  }

  /** A string in pieces: each of the same kind, and with a length (§3.2.3). */
  #chunks<T>(major: number, read: (start: number, end: number) => T): T[] {
    const chunks: T[] = [];
    this.#at += 1;
    while (!this.endsHere(INDEFINITE)) {
      const length = this.#head(major);
      chunks.push(read(this.#skip(length), this.#at));
    }
    return chunks;
  }

  #head(major: number): number {
    const initial = this.#peek();
    if (initial >> 5 !== major) throw this.error(`major type ${initial >> 5} where ${major} belongs`);
    const short = initial & 0x1f;
    if (short >= 24) return this.#argument();
    this.#at += 1;
    return short;
  }

  #argument(): number {
    const short = this.#next() & 0x1f;
    if (short < 24) return short;
    if (short > 27) throw this.error("reserved argument"); // §3: 28 to 30, and 31 where it means nothing
    if (short < 27) return this.#unsigned(1 << (short - 24));
    const long = this.#unsigned64();
    if (long > Number.MAX_SAFE_INTEGER) throw this.error(`argument ${long}`);
    return Number(long);
  }

  #integer64(major: number): number | bigint {
    this.#at += 1;
    const argument = this.#unsigned64();
    const value = major === Major.unsigned ? argument : -1n - argument;
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  #unsigned(count: number): number {
    const start = this.#skip(count);
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 256 + this.#bytes[start + i]!;
    return value;
  }

  #unsigned64(): bigint {
    return (BigInt(this.#unsigned(4)) << 32n) | BigInt(this.#unsigned(4));
  }

  #float(count: number): number {
    const start = this.#skip(count);
    for (let i = 0; i < count; i++) FLOAT_BYTES[i] = this.#bytes[start + i]!;
    return count === 4 ? FLOATS.getFloat32(0) : FLOATS.getFloat64(0);
  }

  /** In digits, since neither multiplying nor dividing by a power of ten is exact. */
  #decimal(): number {
    if (this.#next() !== 0x82) throw this.error("a decimal fraction is an array of two");
    const exponent = this.integer();
    return Number(`${this.integer()}e${exponent}`);
  }

  #peek(): number {
    if (this.done) throw this.error("an item wanted, nothing left");
    return this.#bytes[this.#at]!;
  }

  #next(): number {
    const byte = this.#peek();
    this.#at += 1;
    return byte;
  }

  /** Steps over `count` bytes and says where they began. */
  #skip(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start)
      throw this.error(`${count} bytes wanted, ${this.#bytes.length - start} left`);
    this.#at = start + count;
    return start;
  }
}

/** Appendix D: one sign, five exponent and ten fraction bits. */
function halfToNumber(half: number): number {
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : // Below 2^-14 a half counts in steps of 2^-24.
        exponent === 0
        ? fraction * HALF_STEPS[1]!
        : (fraction + 0x400) * HALF_STEPS[exponent]!;
  return half & 0x8000 ? -size : size;
}

/** Any head in its shortest form (§4.2.1). @throws RangeError beyond 64 bits. */
export function writeHead(out: Sink, major: number, argument: number | bigint): void {
  const lead = major << 5;
  if (argument < 24) out.u8(lead | Number(argument));
  else if (argument <= 0xff) {
    out.u8(lead | 24);
    out.u8(Number(argument));
  } else if (argument <= 0xffff) {
    out.u8(lead | 25);
    out.u16(Number(argument));
  } else if (argument <= 0xffff_ffff) {
    out.u8(lead | 26);
    out.u32(Number(argument));
  } else {
    const wide = BigInt(argument);
    if (wide > 0xffff_ffff_ffff_ffffn) throw new RangeError(`CBOR has no integer ${argument}`);
    out.u8(lead | 27);
    out.u64(wide);
  }
}

export function writeInteger(out: Sink, value: number | bigint): void {
  if (value >= 0) writeHead(out, Major.unsigned, value);
  else writeHead(out, Major.negative, typeof value === "bigint" ? -1n - value : -1 - value);
}

/** The shortest float that is exactly `value` (§4.2.2): half, single or double, never an integer. */
export function writeFloat(out: Sink, value: number): void {
  if (Math.fround(value) !== value && !Number.isNaN(value)) {
    out.u8(0xfb);
    out.f64(value);
    return;
  }
  const half = toHalf(value);
  if (half === undefined) {
    out.u8(0xfa);
    out.f32(value);
  } else {
    out.u8(0xf9);
    out.u16(half);
  }
}

/** The half that is exactly the single `value`, or undefined. */
function toHalf(value: number): number | undefined {
  FLOATS.setFloat32(0, value);
  const bits = FLOATS.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7f_ffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent >= 113 && exponent <= 142)
    return fraction & 0x1fff ? undefined : sign | ((exponent - 112) << 10) | (fraction >> 13);
  // Below 2^-14 a half counts in steps of 2^-24.
  const steps = Math.abs(value) * 2 ** 24;
  return exponent < 113 && Number.isInteger(steps) ? sign | steps : undefined;
}

export function writeText(out: Sink, text: string): void {
  const length = utf8Length(text);
  writeHead(out, Major.text, length);
  out.utf8(text, length);
}

export function writeBytes(out: Sink, bytes: Uint8Array): void {
  writeHead(out, Major.bytes, bytes.length);
  out.bytes(bytes);
}

export function writeBoolean(out: Sink, value: boolean): void {
  out.u8(value ? 0xf5 : 0xf4);
}
