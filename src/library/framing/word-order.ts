/** Modbus values of several registers: their width, and the four orders in which makers put their bytes. */

import type { FieldSpec, WORD_ORDERS } from "../definition/field.ts";

/** `a` is the most significant byte of a value of two registers; longer ones go on in the same way. */
export type Order = (typeof WORD_ORDERS)[number];
type FieldType = FieldSpec["type"];

/** Types that leave the order open, as they are called where it is big endian. */
const PLAIN_TYPES: Readonly<Record<string, FieldType>> = {
  u16: "u16be",
  i16: "i16be",
  u32: "u32be",
  i32: "i32be",
  u64: "u64be",
  i64: "i64be",
  f32: "f32be",
  f64: "f64be",
};

/** The type by which a value is read once its bytes are in big-endian order; others stay as they are. */
export const typeOf = (type: FieldType): FieldType => (type === undefined ? undefined : (PLAIN_TYPES[type] ?? type));

/** Bytes of a value. Texts and packed decimals say it themselves; what does not is one register. */
export function widthOf({ type, length }: Pick<FieldSpec, "type" | "length">): number {
  if (length !== undefined) return length;
  if (type === "mac" || type === "mac.le") return 6;
  const bits = /(\d+)/.exec(type ?? "")?.[1];
  return bits === undefined ? 2 : Math.max(1, Number(bits) / 8);
}

interface Place {
  readonly from: number;
  readonly width: number;
  readonly order: Order;
}

/** The value's bytes, the most significant first. Only orders other than that of Modbus itself cost a copy. */
export function ordered(bytes: Uint8Array, { from, width, order }: Place): DataView {
  const length = Math.min(width, bytes.length - from);
  if (order === "abcd" || length < width) return new DataView(bytes.buffer, bytes.byteOffset + from, length);
  const copy = new Uint8Array(width);
  for (let i = 0; i < width; i++) copy[i] = bytes[from + place(i, width, order)] ?? 0;
  return new DataView(copy.buffer);
}

/** Where the byte of this rank stands. It is its own inverse: writing uses it as well as reading. */
export function place(rank: number, width: number, order: Order): number {
  if (order === "dcba") return width - 1 - rank;
  if (order === "badc") return rank ^ 1;
  return order === "cdab" ? ((width >> 1) - 1 - (rank >> 1)) * 2 + (rank & 1) : rank;
}
