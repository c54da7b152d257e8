/** The two halves of a protection: one end's writing, the other end's reading. */

import type { WireRecord } from "../record.ts";
import type { Opened } from "./text.ts";

export interface Sealer {
  /** A whole record of epoch 1. */
  seal(type: number, sequence: number, payload: Uint8Array): Uint8Array;
  /** How long a text fits into a body of that many bytes; negative if none does. */
  maxText(body: number): number;
}

export interface Opener {
  /** What the record says; undefined if it does not authenticate. Never throws. */
  open(record: WireRecord): Opened | undefined;
}
