/** How often things have happened at one sensor: every press, and every time that a state has become true. */

import type { Path } from "../../model/path.ts";
import { truthy } from "../language/expression.ts";
import type { Reading } from "../reading.ts";
import type { CountPlan } from "./plan.ts";

/** Counts that one sensor may have. */
const MAX_COUNTS = 64;

export class Counting {
  /** By Resource; whoever keeps it keeps the counts. */
  readonly counts: Map<Path, number>;
  /** What held in the last message that spoke of it; not known after a restart. */
  readonly #held = new Map<Path, boolean>();

  /** Goes on where `counts` stand. */
  constructor(counts = new Map<Path, number>()) {
    this.counts = counts;
  }

  /** The new count, or undefined if it is as before. The reading speaks of what is counted, and for the first time. */
  count({ path, event, expression }: CountPlan, { fields }: Reading): number | undefined {
    const value = expression.evaluate((name) => fields.get(name)?.value);
    if (value === undefined) return undefined;
    const holds = truthy(value);
    const before = this.#held.get(path);
    if (!event) this.#held.set(path, holds);
    // A state that is true when it is first heard of may have been so for long.
    if (!holds || (!event && before !== false)) return undefined;
    const count = (this.counts.get(path) ?? 0) + 1;
    if (count === 1 && this.counts.size >= MAX_COUNTS) return undefined;
    this.counts.set(path, count);
    return count;
  }
}
