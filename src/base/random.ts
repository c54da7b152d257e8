/** Randomness, injected so that tests repeat. */

import { randomBytes } from "node:crypto";

export interface Random {
  /** Unpredictable bytes: tokens, message ids, keys. */
  bytes(length: number): Uint8Array;
  /** Evenly spread over 0 (included) to 1 (excluded): jitter. */
  unit(): number;
}

const UNIT_BYTES = 6;
const POOL_BYTES = 4_096;
/** Longer ones are asked for by themselves. */
const MAX_POOLED = 32;

/** Tokens and jitter are wanted with nearly every message, and asking the system costs microseconds: it is asked for many at once. */
class SystemRandom implements Random {
  #pool = Buffer.alloc(0);
  #next = 0;

  bytes(length: number): Uint8Array {
    if (length > MAX_POOLED) return randomBytes(length);
    const at = this.#take(length);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#pool[at + i]!;
    // What was given away is nobody else's to read.
    this.#pool.fill(0, at, at + length);
    return bytes;
  }

  unit(): number {
    // First the place: with it, the pool may become another.
    const at = this.#take(UNIT_BYTES);
    return this.#pool.readUIntBE(at, UNIT_BYTES) / 2 ** (8 * UNIT_BYTES);
  }

  #take(length: number): number {
    if (this.#next + length > this.#pool.length) {
      this.#pool = randomBytes(POOL_BYTES);
      this.#next = 0;
    }
    const at = this.#next;
    this.#next += length;
    return at;
  }
}

export const systemRandom: Random = new SystemRandom();
