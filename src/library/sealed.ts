/** Encrypted payloads that gave nothing, and why: a state of the sensor with a name, never a value. */

import { DecodeError } from "../base/bytes.ts";

/** `no-key`: nobody told us one. `wrong-key`: it does not open what is heard. `replayed`: said before, by whomever. */
export type SealState = "no-key" | "wrong-key" | "replayed";

/** A payload that stays closed. */
export class SealedError extends DecodeError {
  readonly state: SealState;

  constructor(state: SealState, message: string) {
    super(message);
    this.state = state;
  }
}
