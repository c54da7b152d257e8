/** Lets many through one after the other, so that a server is not met by thousands at once. */

import type { Clock, Timer } from "./clock.ts";
import type { Random } from "./random.ts";

/** Runs the work when its turn comes, the urgent first. Returns how to withdraw it. */
export type Pace = (work: () => void, urgent?: boolean) => () => void;

const TURN_MS = 20;
/** The longest turn: any stretch of time may see what one turn lets through on top of the rate. */
const LONGEST_TURN_MS = TURN_MS * 1.5;

/** A token bucket over pieces of work: so many in a second, spread with jitter. */
export class Pacer {
  readonly #waiting = new Set<() => void>();
  readonly #urgent = new Set<() => void>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #perMs: number;
  #timer: Timer | undefined;
  #before = 0;
  #tokens = 0;

  constructor(clock: Clock, random: Random, perSecond: number) {
    this.#clock = clock;
    this.#random = random;
    this.#perMs = perSecond / (1_000 + LONGEST_TURN_MS);
  }

  get waiting(): number {
    return this.#waiting.size + this.#urgent.size;
  }

  /** Runs `work` when its turn comes: no more of them in any second than agreed, after what came before it, but what is urgent first. Returns how to withdraw it. */
  add(work: () => void, urgent = false): () => void {
    const among = urgent ? this.#urgent : this.#waiting;
    among.add(work);
    if (!this.#timer) {
      this.#before = this.#clock.monotonic();
      this.#tokens = Math.min(1, this.#tokens);
      this.#arm();
    }
    return () => among.delete(work);
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#urgent.clear();
    this.#waiting.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const ms = this.waiting === 0 ? undefined : TURN_MS * (0.5 + this.#random.unit());
    this.#timer = ms === undefined ? undefined : this.#clock.after(ms, () => this.#turn());
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    // What a busy process missed is not made up for at once: the bucket holds a few turns, no more.
    const most = Math.max(1, this.#perMs * TURN_MS * 5);
    this.#tokens = Math.min(most, this.#tokens + (now - this.#before) * this.#perMs);
    this.#before = now;
    this.#run(this.#urgent);
    this.#run(this.#waiting);
    this.#arm();
  }

  #run(among: Set<() => void>): void {
    for (const work of among) {
      if (this.#tokens < 1) return;
      this.#tokens -= 1;
      among.delete(work);
      work();
    }
  }
}
