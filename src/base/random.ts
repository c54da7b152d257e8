/** Randomness, injected so that tests repeat. */

import { randomBytes } from "node:crypto";

export interface Random {
  /** Unpredictable bytes: tokens, message ids, keys. */
  bytes(length: number): Uint8Array;
  /** Evenly spread over 0 (included) to 1 (excluded): jitter. */
  unit(): number;
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  unit: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
