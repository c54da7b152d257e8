/** Bytes that are nearly right: what fuzzing finds most with. */

import type { SeededRandom } from "./seeded-random.ts";

/** How many inputs each decoder gets; ISTHMUS_FUZZ=1000000 in the environment looks harder than every run can. */
export const FUZZ_INPUTS = Number(process.env["ISTHMUS_FUZZ"] ?? 100_000);
export const FUZZ_TIMEOUT_MS = 60_000 + FUZZ_INPUTS / 2;

/** `bytes` with a few of them changed, dropped, inserted or repeated. */
export function mutate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = [...bytes];
  for (let i = 0; i <= random.below(3); i++) {
    const place = random.below(changed.length + 1);
    const kind = random.below(4);
    if (kind === 0) changed.splice(place, 1 + random.below(4));
    else if (kind === 1) changed.splice(place, 0, ...random.bytes(1 + random.below(3)));
    else if (kind === 2) changed.splice(place, 0, ...changed.slice(place, place + random.below(12)));
    else changed[Math.min(place, changed.length - 1)] = random.below(256);
  }
  return Uint8Array.from(changed);
}
