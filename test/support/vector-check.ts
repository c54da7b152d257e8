/** A published vector against what `isthmus decode` says of it, field by field. */

import type { Scalar } from "../../src/base/outcome.ts";
import type { Decoded } from "../../src/cli/decode.ts";
import { inUnit, nameAndUnit, tolerance } from "./vector-units.ts";

export type Expected = Readonly<Record<string, Scalar | null>>;

/** What differs, in words; nothing if all is as published. */
export function differences({ readings, error }: Decoded, expected: Expected): string[] {
  const found = Object.entries(expected).flatMap(([key, wanted]) => {
    const [name, unit] = nameAndUnit(key);
    const reading = readings[name] ?? readings[key];
    const shown = `${key}: ${String(wanted)} expected, ${JSON.stringify(reading)} read`;
    if (wanted === null) return reading === null || reading === undefined ? [] : [shown];
    if (reading === null || reading === undefined) return [shown];
    if (typeof wanted !== "number") return same(reading.value, wanted) ? [] : [shown];
    if (typeof reading.value !== "number") return [shown];
    const value = inUnit(reading.value, reading.unit, unit);
    return value !== undefined && Math.abs(value - wanted) <= tolerance(wanted) ? [] : [shown];
  });
  return found.length > 0 && error !== undefined ? [...found, `error: ${error}`] : found;
}

const same = (value: Scalar, wanted: Scalar) =>
  value === wanted || (typeof value === "string" && plain(value) === plain(String(wanted)));

/** Some write a UUID with dashes, some without. */
const plain = (text: string) => {
  const lower = text.toLowerCase();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower) ? lower.replaceAll("-", "") : lower;
};
