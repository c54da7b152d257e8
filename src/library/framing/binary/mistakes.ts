/** What the place of a field in bytes may not say. */

import type { FieldSpec } from "../../definition/field.ts";
import type { FrameSpec } from "../../definition/frame.ts";

const BITS: Readonly<Record<string, number>> = { u8: 8, u16be: 16, u16le: 16, u24be: 24, u24le: 24 };

/** In words. */
export function placeMistake(spec: FieldSpec, { tlv, flags }: FrameSpec): string | undefined {
  const { at, tag, flag, repeat } = spec;
  if (tag !== undefined && !tlv) return '"tag" without frame.tlv: where do the tags stand?';
  if (tag !== undefined && spec.in !== undefined) return '"tag" and "in" say two places';
  if (flag !== undefined && !flags) return '"flag" without frame.flags: where do the flags stand?';
  if (flag !== undefined && (tag !== undefined || spec.in !== undefined || repeat !== undefined))
    return "a field with a flag follows the one before it: it has no tag, no section and is not repeated";
  if (flag !== undefined && flag >= (BITS[flags?.type ?? ""] ?? 32)) return `there is no bit ${flag} in frame.flags`;
  if (spec.step !== undefined && repeat === undefined) return '"step" without "repeat"';
  if (repeat !== undefined && spec.length !== undefined) return "only numbers are repeated";
  const placed = at !== undefined || spec.slices !== undefined || tag !== undefined || flag !== undefined;
  return placed ? undefined : '"at" is missing: where in the bytes does it stand?';
}
