/** The numbers of what we send: each used once, whatever happens, so they are set aside on the disk first (RFC 8613 §7.2.1, Appendix B.1.1). */

import type { Stamp } from "../base/clock.ts";
import { MAX_SEQUENCE } from "./context.ts";

/** Where the first number that was never set aside is kept, for one context. */
export interface SequenceStore {
  /** The first that was never set aside. Undefined: none ever was, or the disk has lost it. */
  read(): Promise<number | undefined>;
  /**
   * Sets `count` numbers aside: from `least` on, or from the first on that nobody has set aside, for there may be others
   * that count under the same context. Settles with the first of them when that is safe on the disk.
   */
  reserve(least: number, count: number): Promise<number>;
}

/** So many are set aside at once: one write for a thousand messages, and up to a thousand lost with each restart. */
const BLOCK = 1_024;
/** With fewer left, the next block is set aside. */
const LOW = 256;
/** The disk may have lost what was written last, and show what stood there some writes before. */
const LOST = 16 * BLOCK;
/** Where the numbers of new contexts are counted from: 1 January 2020, in seconds since 1970 UTC. */
const EPOCH_S = 1_577_836_800;
/** A clock that is wrong by decades must not use up all numbers of a context for ever. */
const LATEST = MAX_SEQUENCE - 2 ** 36;

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
  /** First number of the block that is used after this one; it need not follow it. */
  #ahead: number | undefined;
  #reserving = false;

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
    const least = stored === undefined ? firstSequence(now) : beyond(stored, now);
    const first = await this.#store.reserve(Math.max(least, this.#next), BLOCK);
    this.#begin(first);
    return stored === undefined;
  }

  /** Undefined: none may be used now, because the disk is late, or because all were used. */
  take(): number | undefined {
    if (this.#limit - this.#next <= LOW && this.#ahead === undefined) this.#reserve();
    if (this.#next >= this.#limit && this.#ahead !== undefined) this.#begin(this.#ahead);
    if (this.#next >= this.#limit || this.#next > MAX_SEQUENCE) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  #begin(first: number): void {
    this.#next = first;
    this.#limit = first + BLOCK;
    this.#ahead = undefined;
  }

  #reserve(): void {
    if (this.#reserving || this.#limit === 0) return;
    this.#reserving = true;
    this.#store.reserve(this.#limit, BLOCK).then(
      (first) => {
        this.#reserving = false;
        // Late, it may be from before an opening that went on behind it.
        if (first >= this.#limit) this.#ahead = first;
      },
      (error: unknown) => {
        this.#reserving = false;
        this.#failed(error);
      },
    );
  }
}

/**
 * Where a context goes on: behind what the disk knows, and no earlier than a new one would begin now, since what the disk
 * knows may be old, be it from another generation of the file or from a backup.
 */
function beyond(stored: number, now: Stamp): number {
  const clock = now.trusted ? Math.min(firstSequence(now), LATEST) : 0;
  return Math.max(stored + LOST, clock);
}
