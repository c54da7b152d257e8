/** What SenML JSON and the JSON of LwM2M 1.0 share: fields of one kind, and numbers that keep all their digits. */

import { DecodeError } from "../base/bytes.ts";
import type { PackReader } from "./senml.ts";
import { readUtf8 } from "./utf8.ts";

/** A string, which is passed over, or a whole number with more digits than a double can be trusted with. */
const STRING_OR_LONG = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

export type Fields = Readonly<Record<string, unknown>>;

/** Who reads a field: `digits` has the long numbers of the same object as strings. */
export interface Context {
  readonly digits: Fields;
  readonly pack: PackReader;
}

/**
 * Parses twice where numbers are long: JSON.parse would round them. `exact` is `value` with such numbers as strings.
 * @throws DecodeError that says where, as far as the engine does.
 */
export function parseJson(bytes: Uint8Array, format: string): { readonly value: unknown; readonly exact: unknown } {
  const text = readUtf8(bytes);
  const value = parse(text, format);
  return { value, exact: /\d{16}/.test(text) ? parse(text.replaceAll(STRING_OR_LONG, quoted), format) : value };
}

function parse(text: string, format: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch (error) {
    const at = /at position \d+/.exec(String(error))?.[0] ?? "at its end";
    throw new DecodeError(`${format}: not JSON ${at}`);
  }
}

const quoted = (match: string): string => (match.startsWith('"') ? match : `"${match}"`);

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function exactNumber(label: string, field: unknown, { digits, pack }: Context): number | bigint {
  const rounded = asNumber(label, field, pack);
  const exact = digits[label];
  return typeof exact === "string" && !Number.isSafeInteger(rounded) ? BigInt(exact) : rounded;
}

export function asString(label: string, field: unknown, pack: PackReader): string {
  if (typeof field !== "string") throw malformed(label, pack);
  return field;
}

export function asNumber(label: string, field: unknown, pack: PackReader): number {
  if (typeof field !== "number") throw malformed(label, pack);
  return field;
}

export function asBoolean(label: string, field: unknown, pack: PackReader): boolean {
  if (typeof field !== "boolean") throw malformed(label, pack);
  return field;
}

const malformed = (label: string, pack: PackReader): DecodeError => pack.error(`${label} is malformed`);
