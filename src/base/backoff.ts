/** Growing waits with jitter, so that thousands who failed together do not return together. */

import type { Random } from "./random.ts";

export interface BackoffOptions {
  /** Milliseconds of the first wait, before jitter. */
  readonly first: number;
  /** Milliseconds that no wait exceeds. */
  readonly max: number;
  /** How much longer each wait is than the one before. */
  readonly factor?: number;
  readonly random: Random;
}

/** The wait before try `attempt` (0 for the first repetition), in milliseconds: between half the nominal wait and all of it. */
export function backoffMs(attempt: number, { first, max, factor = 2, random }: BackoffOptions): number {
  const nominal = Math.min(max, first * factor ** Math.min(attempt, 64));
  return nominal * (0.5 + random.unit() / 2);
}
