/** What one frame said: named quantities with units, and when they were measured. */

import type { Stamp } from "../base/clock.ts";
import type { Scalar } from "../base/outcome.ts";

export interface Quantity {
  readonly value: Scalar;
  /** SenML unit name. */
  readonly unit?: string;
}

/** What has been read so far, by name. `undefined`: said to be not available. */
export type Values = Map<string, Quantity | undefined>;

export interface Reading {
  readonly at: Stamp;
  /** The device's own count of its messages: two frames with the same one are one message. */
  readonly sequence?: number;
  /** `undefined`: the device said "not available", or the value was out of range. A field not spoken of is not a key. */
  readonly fields: ReadonlyMap<string, Quantity | undefined>;
}
