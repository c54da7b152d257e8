/** Whether the other end is alive, and not a recording from before our restart (RFC 8613 Appendix B.1.2, RFC 9175 §2.3). */

import { timingSafeEqual } from "node:crypto";
import { ReplayWindow } from "../base/replay-window.ts";
import type { Random } from "../base/random.ts";

/** RFC 9175 §2.2.1. */
export const ECHO = 252;
const CHALLENGE_BYTES = 8;

/** Which requests were heard already. After a restart nobody knows: whoever asks must first echo what we say. */
export class Listener {
  readonly #random: Random;
  readonly #window = new ReplayWindow();
  /** What must be echoed; undefined once it was. */
  #challenge: Uint8Array | undefined;
  /** Numbers up to this one may have been used before the restart. */
  #floor = -1;

  #proven = false;

  /** @param isNew nothing was ever heard under this context, so there is nothing to replay. */
  constructor(random: Random, isNew: boolean) {
    this.#random = random;
    this.#challenge = isNew ? undefined : random.bytes(CHALLENGE_BYTES);
  }

  /** The other end has echoed. Until then, a request may be a recording even under a new context: of before the disk was lost. */
  get proven(): boolean {
    return this.#proven;
  }

  /** What the other end must echo, once a request was `unproven`. */
  get challenge(): Uint8Array {
    this.#challenge ??= this.#random.bytes(CHALLENGE_BYTES);
    return this.#challenge;
  }

  /** Before a request is opened. */
  isReplay(sequence: number): boolean {
    return sequence <= this.#floor || !this.#window.fresh(sequence);
  }

  /** Once a request has proved authentic. `echoed`: the value of its Echo option. */
  take(sequence: number, echoed: Uint8Array | undefined): "fresh" | "unproven" {
    if (this.#challenge !== undefined) {
      if (!echoed || echoed.length !== CHALLENGE_BYTES || !timingSafeEqual(echoed, this.#challenge)) return "unproven";
      this.#challenge = undefined;
      this.#proven = true;
      this.#floor = sequence - 1;
    }
    this.#window.accept(sequence);
    return "fresh";
  }
}
