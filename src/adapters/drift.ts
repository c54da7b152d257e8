/** Values that change as real ones do: slowly, with the hour of the day, and never quite the same. */

import type { Random } from "../base/random.ts";

const DAY_MS = 86_400_000;
/** The warmest hour is about three in the afternoon. */
const PEAK_MS = 15 * 3_600_000;

/** Randomness that repeats for the same seed (splitmix32): simulations can be run again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A seed for those who have not named one. */
export const anySeed = (random: Random): number => Math.floor(random.unit() * 2 ** 32);

export interface WalkOptions {
  readonly from: number;
  /** The walk is pulled back to `from`, and never leaves these. */
  readonly min: number;
  readonly max: number;
  /** The largest step to either side. */
  readonly step: number;
}

/** A random walk that likes to stay near where it began. */
export class Walk {
  readonly #options: WalkOptions;
  readonly #unit: () => number;
  #value: number;

  constructor(options: WalkOptions, unit: () => number) {
    this.#options = options;
    this.#unit = unit;
    this.#value = options.from;
  }

  next(): number {
    const { from, min, max, step } = this.#options;
    const pull = (from - this.#value) * 0.02;
    this.#value = Math.min(max, Math.max(min, this.#value + pull + (this.#unit() * 2 - 1) * step));
    return this.#value;
  }
}

/** -1 in the small hours, 1 in the afternoon. `ms`: since 1970 UTC. */
export function dayCurve(ms: number): number {
  return Math.cos(((ms - PEAK_MS) / DAY_MS) * 2 * Math.PI);
}

export function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
