/** Randomness, injected so that tests repeat. */

import { randomBytes } from "node:crypto";

export interface Random {
  /** Unpredictable bytes: tokens, message ids, keys. */
  bytes(length: number): Uint8Array;
  /** Evenly spread over 0 (included) to 1 (excluded): jitter. */
  unit(): number;
}

const UNIT_BYTES = 6;

/** Jitter is wanted with every confirmable message, and asking the system costs microseconds: it is asked for many at once. */
class SystemRandom implements Random {
  #units = Buffer.alloc(0);
  #next = 0;

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }

  unit(): number {
    if (this.#next >= this.#units.length) {
      this.#units = randomBytes(UNIT_BYTES * 128);
      this.#next = 0;
    }
    const unit = this.#units.readUIntBE(this.#next, UNIT_BYTES) / 2 ** (8 * UNIT_BYTES);
    this.#next += UNIT_BYTES;
    return unit;
  }
}

export const systemRandom: Random = new SystemRandom();
