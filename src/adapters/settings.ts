/**
 * Pieces that the settings of several adapters share.
 *
 * Parsing checks and fills in, but converts nothing: settings that have been parsed once may be parsed again.
 */

import { z } from "zod";
import { parseDuration } from "../base/duration.ts";
import { Secret } from "../base/secret.ts";

/** A duration as people write it, within bounds in milliseconds. */
export function duration(minMs: number, maxMs: number) {
  return z.string().refine(
    (text) => {
      const ms = parseDuration(text);
      return ms !== undefined && ms >= minMs && ms <= maxMs;
    },
    { error: `Expected a duration of ${inWords(minMs)} to ${inWords(maxMs)}, such as 2s, 500ms or 5m` },
  );
}

/** Milliseconds of a duration that has been checked. */
export function milliseconds(checked: string): number {
  const ms = parseDuration(checked);
  if (ms === undefined) throw new RangeError(`no duration: "${checked}"`);
  return ms;
}

/** A password or key: plain in the file, or a reference that the config has resolved and nobody can print. */
export const secret = z.union([z.string(), z.instanceof(Secret)], {
  error: "Expected a text, !env NAME or !file PATH",
});

export function reveal(value: string | Secret): string {
  return typeof value === "string" ? value : value.reveal();
}

function inWords(ms: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1_000, "s"],
  ] as const;
  const unit = units.find(([size]) => ms >= size && ms % size === 0);
  return unit ? `${ms / unit[0]}${unit[1]}` : `${ms}ms`;
}
