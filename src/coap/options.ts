/** The options that this endpoint understands, and how their values are read and written (RFC 7252 §5.10). */

import { toUtf8 } from "../base/utf8.ts";
import type { Option } from "./message.ts";

export const OptionNumber = {
  IfMatch: 1,
  UriHost: 3,
  ETag: 4,
  IfNoneMatch: 5,
  Observe: 6,
  UriPort: 7,
  LocationPath: 8,
  UriPath: 11,
  ContentFormat: 12,
  MaxAge: 14,
  UriQuery: 15,
  Accept: 17,
  LocationQuery: 20,
  Block2: 23,
  Block1: 27,
  Size2: 28,
  ProxyUri: 35,
  ProxyScheme: 39,
  Size1: 60,
} as const;

interface OptionRule {
  readonly number: number;
  readonly format: "uint" | "string" | "opaque" | "empty";
  /** Bytes that the value may have. */
  readonly min: number;
  readonly max: number;
  readonly repeatable: boolean;
}

const once = (number: number, format: OptionRule["format"], min: number, max: number): OptionRule => ({
  number,
  format,
  min,
  max,
  repeatable: false,
});
const many = (number: number, format: OptionRule["format"], min: number, max: number): OptionRule => ({
  number,
  format,
  min,
  max,
  repeatable: true,
});

/** RFC 7252 table 4, RFC 7641 §2, RFC 7959 §2.1 and §4. */
const RULES: readonly OptionRule[] = [
  many(OptionNumber.IfMatch, "opaque", 0, 8),
  once(OptionNumber.UriHost, "string", 1, 255),
  many(OptionNumber.ETag, "opaque", 1, 8),
  once(OptionNumber.IfNoneMatch, "empty", 0, 0),
  once(OptionNumber.Observe, "uint", 0, 3),
  once(OptionNumber.UriPort, "uint", 0, 2),
  many(OptionNumber.LocationPath, "string", 0, 255),
  many(OptionNumber.UriPath, "string", 0, 255),
  once(OptionNumber.ContentFormat, "uint", 0, 2),
  once(OptionNumber.MaxAge, "uint", 0, 4),
  many(OptionNumber.UriQuery, "string", 0, 255),
  once(OptionNumber.Accept, "uint", 0, 2),
  many(OptionNumber.LocationQuery, "string", 0, 255),
  once(OptionNumber.Block2, "uint", 0, 3),
  once(OptionNumber.Block1, "uint", 0, 3),
  once(OptionNumber.Size2, "uint", 0, 4),
  once(OptionNumber.ProxyUri, "string", 1, 1034),
  once(OptionNumber.ProxyScheme, "string", 1, 255),
  once(OptionNumber.Size1, "uint", 0, 4),
];

const RULE_OF: readonly (OptionRule | undefined)[] = Array.from({ length: 61 }, (_, number) =>
  RULES.find((rule) => rule.number === number),
);

/** Odd numbers must be understood, even ones may be skipped (RFC 7252 §5.4.6). */
export function isCritical(number: number): boolean {
  return (number & 1) === 1;
}

/**
 * Whether an option may be taken at its word: known, of a legal length in bytes (§5.4.3), and not repeated where it must
 * not be (§5.4.5). What is not understood is refused if critical and skipped if elective (§5.4.1).
 */
export function isUnderstood(number: number, length: number, repeated: boolean): boolean {
  const rule = number < RULE_OF.length ? RULE_OF[number] : undefined;
  if (rule === undefined || length < rule.min || length > rule.max) return false;
  return rule.repeatable || !repeated;
}

/** A number of up to four bytes, leading zeros allowed (§3.2). */
export function readUint(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let number = 0;
  for (let i = start; i < end; i++) number = number * 256 + bytes[i]!;
  return number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Path segments and queries are nearly always a few ASCII letters, and always the same few: they are found again by
 * their bytes, which costs less than making them, and leaves nothing behind. Strangers can only push each other out.
 */
const MAX_SHORT = 24;
const KNOWN = 256;
const known: (string | undefined)[] = new Array<string | undefined>(KNOWN).fill(undefined);

/** Undefined if the bytes are not UTF-8. */
export function readString(bytes: Uint8Array, start = 0, end = bytes.length): string | undefined {
  if (end - start > MAX_SHORT) return decodeUtf8(bytes, start, end);
  let hash = end - start;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return decodeUtf8(bytes, start, end);
    hash = Math.imul(hash ^ byte, 0x0100_0193);
  }
  const slot = (hash ^ (hash >>> 15)) & (KNOWN - 1);
  const found = known[slot];
  if (found !== undefined && spells(found, bytes, start, end)) return found;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  known[slot] = text;
  return text;
}

function spells(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The shortest form, as §3.2 wants it: zero is no byte at all. */
export function uintOption(number: number, value: number): Option {
  const length = value < 1 ? 0 : value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest & 0xff;
  return { number, value: bytes };
}

export function stringOption(number: number, text: string): Option {
  return { number, value: toUtf8(text) };
}

export function opaqueOption(number: number, value: Uint8Array): Option {
  return { number, value };
}
