/** Whether the peer is still there: asked by a Ping when something was said a while ago and nothing heard since (RFC 8323 §5.4). */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";

export interface LivenessOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** After so many milliseconds with something said and nothing heard, the peer is asked whether it is there; 30,000. */
  readonly quietMs?: number;
  /** How long it may take to say so; then the stream is given up. 30,000 milliseconds unless given. */
  readonly pongMs?: number;
}

export interface LivenessOwner {
  /** Ask the peer for any sign of life. */
  ask(): void;
  /** There was none. */
  lost(reason: string): void;
}

const QUIET_MS = 30_000;
const PONG_MS = 30_000;

/** One timer while something is said, none on a line that rests: the kernel watches that one. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #owner: LivenessOwner;
  #timer: Timer | undefined;
  /** We have spoken since we heard anything. */
  #unheard = false;
  #asked = false;

  constructor(options: LivenessOptions, owner: LivenessOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  said(): void {
    this.#unheard = true;
    if (this.#timer !== undefined) return;
    const { clock, random, quietMs = QUIET_MS } = this.#options;
    // Thousands begin together, and need not all ask together.
    this.#timer = clock.after(quietMs * (1 + random.unit() / 10), () => this.#look());
  }

  heard(): void {
    this.#unheard = false;
    this.#asked = false;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.heard();
  }

  #look(): void {
    const { clock, pongMs = PONG_MS } = this.#options;
    this.#timer = undefined;
    if (!this.#unheard) return;
    if (this.#asked) {
      this.#owner.lost(`the server did not answer a ping in ${pongMs / 1_000} s`);
      return;
    }
    this.#asked = true;
    this.#timer = clock.after(pongMs, () => this.#look());
    this.#owner.ask();
  }
}
