/** What the owner of one sensor knows better than its maker: corrections of fields, in the fields' own units. */

import { linear } from "../language/decimal.ts";
import type { Quantity, Reading } from "../reading.ts";

/** value = value * scale + offset. */
export interface Correction {
  readonly scale?: number;
  readonly offset?: number;
}

export class Calibration {
  readonly #corrections: readonly (readonly [field: string, correct: (value: number) => number])[];

  constructor(corrections: ReadonlyMap<string, Correction>) {
    this.#corrections = Array.from(corrections, ([field, { scale = 1, offset = 0 }]) => [field, linear(scale, offset)]);
  }

  /** The reading as it should have been; itself if it speaks of nothing that is corrected. */
  corrected(reading: Reading): Reading {
    let fields: Map<string, Quantity | undefined> | undefined;
    for (const [name, correct] of this.#corrections) {
      const quantity = reading.fields.get(name);
      if (typeof quantity?.value !== "number") continue;
      fields ??= new Map(reading.fields);
      const value = correct(quantity.value);
      fields.set(name, Number.isFinite(value) ? { ...quantity, value } : undefined);
    }
    return fields ? { ...reading, fields } : reading;
  }
}
