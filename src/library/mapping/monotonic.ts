/** Counters that never fall, such as those of meters: a lower value is believed only once it has been confirmed. */

import type { Definition } from "../definition/definition.ts";
import type { Quantity, Reading } from "../reading.ts";
import { isOneOf } from "./many.ts";

/** Further messages that must not fall below a lower value, and not below each other, until it is believed. */
const CONFIRMATIONS = 2;
/** Counters of one sensor. */
const MAX_COUNTERS = 64;

/** The names of fields that are declared so, in whatever form they come; undefined if there are none. */
export function monotonicOf({ fields = {}, forms = [] }: Definition): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const group of [fields, ...forms.map((form) => form.fields)])
    for (const [name, { monotonic }] of Object.entries(group)) if (monotonic) names.add(name);
  return names.size === 0 ? undefined : names;
}

interface Counter {
  /** The value that is believed. */
  value: number;
  /** A lower one, and how many messages have confirmed it. */
  lower: number;
  confirmations: number;
}

/** What is believed of one sensor's counters. */
export class Monotonic {
  readonly #names: ReadonlySet<string>;
  readonly #counters = new Map<string, Counter>();

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  /** The reading with "not available" for what is not believed yet; itself if nothing is doubted. */
  believed(reading: Reading): Reading {
    let held: Map<string, Quantity | undefined> | undefined;
    for (const [name, quantity] of reading.fields) {
      if (typeof quantity?.value !== "number" || !this.#isCounter(name) || this.#believes(name, quantity.value))
        continue;
      held ??= new Map(reading.fields);
      held.set(name, undefined);
    }
    return held ? { ...reading, fields: held } : reading;
  }

  #isCounter(name: string): boolean {
    if (this.#names.has(name)) return true;
    for (const counter of this.#names) if (isOneOf(name, counter)) return true;
    return false;
  }

  #believes(name: string, value: number): boolean {
    const counter = this.#counters.get(name);
    if (!counter) {
      if (this.#counters.size < MAX_COUNTERS) this.#counters.set(name, { value, lower: 0, confirmations: -1 });
      return true;
    }
    if (value < counter.value) {
      const rises = counter.confirmations >= 0 && value >= counter.lower;
      counter.confirmations = rises ? counter.confirmations + 1 : 0;
      counter.lower = value;
      // The meter was replaced, or its counter has come round.
      if (counter.confirmations < CONFIRMATIONS) return false;
    }
    counter.value = value;
    counter.confirmations = -1;
    return true;
  }
}
