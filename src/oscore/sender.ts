/** The numbers of what we send: each used once, whatever happens, so they are set aside on the disk first (RFC 8613 §7.2.1, Appendix B.1.1). */

import type { Stamp } from "../base/clock.ts";
import { MAX_SEQUENCE } from "./context.ts";

/** Where the first number that was never set aside is kept, for one context. */
export interface SequenceStore {
  /** Undefined: nothing was ever set aside, or the disk has lost it. */
  read(): Promise<number | undefined>;
  /** Settles when it is safe on the disk that all numbers below this may have been used. */
  write(next: number): Promise<void>;
}

/** So many are set aside at once: one write for a thousand messages, and up to a thousand lost with each restart. */
const BLOCK = 1_024;
/** With fewer left, the next block is set aside. */
const LOW = 256;
/** Where the numbers of new contexts are counted from: 1 January 2020, in seconds since 1970 UTC. */
const EPOCH_S = 1_577_836_800;

/**
 * Where a context begins that nothing is known of. If the disk has lost its numbers, beginning at zero would use some
 * twice, which gives the key away. Beginning at the seconds since 2020, a thousand numbers each, uses none twice that was
 * used at a lesser pace, and lasts until 2054.
 */
export function firstSequence({ ms }: Stamp): number {
  return Math.max(0, Math.floor(ms / 1_000) - EPOCH_S) * BLOCK;
}

export class SenderSequence {
  readonly #store: SequenceStore;
  readonly #failed: (error: unknown) => void;
  #next = 0;
  /** The first that must not be used yet; 0: not opened. */
  #limit = 0;
  #writing = false;

  /** @param failed told when the disk refuses; once numbers have run out, nothing is sent any more. */
  constructor(store: SequenceStore, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /**
   * Whether the context is new: nothing was ever sent, or heard, under it.
   * @throws Error if there is no number yet and the clock is not set either; whatever the disk says.
   */
  async open(now: Stamp): Promise<boolean> {
    const stored = await this.#store.read();
    if (stored === undefined && !now.trusted)
      throw new Error("OSCORE begins once the clock is set: until then, it is not known which numbers were used");
    const next = Math.max(stored ?? firstSequence(now), this.#next);
    await this.#store.write(next + BLOCK);
    this.#next = next;
    this.#limit = next + BLOCK;
    return stored === undefined;
  }

  /** Undefined: none may be used now, because the disk is late, or because all were used. */
  take(): number | undefined {
    if (this.#limit - this.#next <= LOW) this.#reserve();
    if (this.#next >= this.#limit || this.#next > MAX_SEQUENCE) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  #reserve(): void {
    if (this.#writing || this.#limit === 0) return;
    this.#writing = true;
    const limit = this.#limit + BLOCK;
    this.#store.write(limit).then(
      () => {
        this.#writing = false;
        this.#limit = Math.max(this.#limit, limit);
      },
      (error: unknown) => {
        this.#writing = false;
        this.#failed(error);
      },
    );
  }
}
