/** One object of a MiBeacon: of which lengths, and what it says. */

import type { Scalar } from "../../../base/outcome.ts";

export type Put = (name: string, value: Scalar) => void;

/** What an object says; `model` where products mean different things by it. */
export interface MiObject {
  /** Bytes it may have; of other lengths it says nothing that anybody knows. */
  readonly lengths: readonly number[];
  read(put: Put, value: DataView, model: string | undefined): void;
}
