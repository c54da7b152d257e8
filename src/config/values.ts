/** Quantities as people write them in the file: durations and sizes. */

import { z } from "zod";
import { parseDuration } from "../base/duration.ts";

const MAX_SECONDS = 86_400 * 30;
const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1_024, MB: 1_024 ** 2, GB: 1_024 ** 3 };

/** Whole seconds as a number, or a duration as text; seconds afterwards. */
export const Seconds = z
  .union([z.int(), z.string()], { error: "expected seconds, or a duration such as `5m`" })
  .transform((value, context) => {
    const seconds = typeof value === "number" ? value : (parseDuration(value) ?? NaN) / 1_000;
    if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS) return seconds;
    context.addIssue({ code: "custom", message: "expected whole seconds up to 30 days, or a duration such as `5m`" });
    return z.NEVER;
  });

/** A size as text, such as `32MB`; bytes afterwards. A bare number would leave open of what. */
export function Bytes({ least, most }: { readonly least: number; readonly most: number }) {
  const error = `expected a size from ${sizeText(least)} to ${sizeText(most)}, such as \`32MB\``;
  return z.string({ error }).transform((text, context) => {
    const bytes = parseSize(text) ?? NaN;
    if (bytes >= least && bytes <= most) return bytes;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

/** Bytes, or undefined if `text` is no size. A kilobyte is 1,024 of them, since this is about memory. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?(B|kB|MB|GB)$/.exec(text.trim());
  return match ? Math.floor(Number(match[1]) * UNIT_BYTES[match[2]!]!) : undefined;
}

function sizeText(bytes: number): string {
  const [name, unit] = Object.entries(UNIT_BYTES).findLast(([, unit]) => bytes >= unit) ?? ["B", 1];
  return `${bytes / unit}${name}`;
}
