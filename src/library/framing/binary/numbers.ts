/** Numbers in binary payloads: how many bytes each type has, and how they are read. */

import { rounded } from "../../language/decimal.ts";
import type { Raw } from "../framing.ts";

export type ReadAt = (view: DataView, at: number) => Raw;

/** How a field lies in bytes, wherever it stands. */
export interface Layout {
  /** Bytes from where it begins. */
  readonly width: number;
  /** Bytes that there must be in all, where some of it is counted from the end. */
  readonly least: number;
  /** To be called where there are so many. */
  readonly read: ReadAt;
}

const u24 = (a: number, b: number, c: number) => (a << 16) | (b << 8) | c;
const signed24 = (value: number) => (value << 8) >> 8;
const high24 = (view: DataView, at: number) => u24(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2));
const low24 = (view: DataView, at: number) => u24(view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at));
const HIGH = 2 ** 32;
/** One bit of sign, the rest magnitude. */
const signMagnitude = (value: number, bits: number) => {
  const sign = 2 ** (bits - 1);
  return value >= sign ? sign - value : value;
};
const finite = (value: number): Raw => (Number.isFinite(value) ? value : null);

/** A single-precision float carries about seven digits; the rest is dust of the conversion. */
const SINGLE_DIGITS = 7;
const HALF_DIGITS = 4;
const single = (value: number) => (Number.isFinite(value) ? rounded(value, SINGLE_DIGITS) : null);

/** Width in bytes, and how to read it. The names of integers: sign, bits, order of bytes. */
export const NUMBERS: ReadonlyMap<string, readonly [width: number, read: ReadAt]> = new Map<string, [number, ReadAt]>([
  ["u8", [1, (view, at) => view.getUint8(at)]],
  ["i8", [1, (view, at) => view.getInt8(at)]],
  ["u16be", [2, (view, at) => view.getUint16(at)]],
  ["u16le", [2, (view, at) => view.getUint16(at, true)]],
  ["i16be", [2, (view, at) => view.getInt16(at)]],
  ["i16le", [2, (view, at) => view.getInt16(at, true)]],
  ["u24be", [3, high24]],
  ["u24le", [3, low24]],
  ["i24be", [3, (view, at) => signed24(high24(view, at))]],
  ["i24le", [3, (view, at) => signed24(low24(view, at))]],
  ["u32be", [4, (view, at) => view.getUint32(at)]],
  ["u32le", [4, (view, at) => view.getUint32(at, true)]],
  ["i32be", [4, (view, at) => view.getInt32(at)]],
  ["i32le", [4, (view, at) => view.getInt32(at, true)]],
  ["u48be", [6, (view, at) => view.getUint16(at) * HIGH + view.getUint32(at + 2)]],
  ["u48le", [6, (view, at) => view.getUint16(at + 4, true) * HIGH + view.getUint32(at, true)]],
  ["u64be", [8, (view, at) => Number(view.getBigUint64(at))]],
  ["u64le", [8, (view, at) => Number(view.getBigUint64(at, true))]],
  ["i64be", [8, (view, at) => Number(view.getBigInt64(at))]],
  ["i64le", [8, (view, at) => Number(view.getBigInt64(at, true))]],
  ["f16be", [2, (view, at) => half(view.getUint16(at))]],
  ["f16le", [2, (view, at) => half(view.getUint16(at, true))]],
  ["f32be", [4, (view, at) => single(view.getFloat32(at))]],
  ["f32le", [4, (view, at) => single(view.getFloat32(at, true))]],
  ["f64be", [8, (view, at) => finite(view.getFloat64(at))]],
  ["f64le", [8, (view, at) => finite(view.getFloat64(at, true))]],
  ["sm8", [1, (view, at) => signMagnitude(view.getUint8(at), 8)]],
  ["sm16be", [2, (view, at) => signMagnitude(view.getUint16(at), 16)]],
  ["sm16le", [2, (view, at) => signMagnitude(view.getUint16(at, true), 16)]],
  ["medfloat16", [2, (view, at) => medical16(view.getUint16(at, true))]],
  ["medfloat32", [4, (view, at) => medical32(view.getUint32(at, true))]],
]);

/** IEEE 754 §3.6, binary16: one bit of sign, five of exponent, ten of fraction. */
function half(word: number): Raw {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return null;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return sign * rounded(size, HALF_DIGITS);
}

/** SFLOAT-Type of IEEE 11073-20601 §6.4.2: four bits of decimal exponent, twelve of mantissa. */
function medical16(word: number): Raw {
  const mantissa = ((word & 0xfff) << 20) >> 20;
  const exponent = (word << 16) >> 28;
  // +INFINITY, NaN, NRes, a reserved value, -INFINITY.
  if (exponent === 0 && (mantissa >= 0x7fe || mantissa <= -0x7fe)) return null;
  return decimal(mantissa, exponent);
}

/** FLOAT-Type of IEEE 11073-20601 §6.4.2: eight bits of decimal exponent, twenty-four of mantissa. */
function medical32(word: number): Raw {
  const mantissa = (word << 8) >> 8;
  const exponent = word >> 24;
  if (exponent === 0 && (mantissa >= 0x7f_fffe || mantissa <= -0x7f_fffe)) return null;
  return decimal(mantissa, exponent);
}

/** The number nearest to the decimal. */
const decimal = (mantissa: number, exponent: number) => Number(`${mantissa}e${exponent}`);
