/** The real clock of the process: one wheel, one operating-system timer, however many wait. */

import type { Clock, Stamp, Timer } from "./clock.ts";
import { TimerWheel } from "./wheel.ts";

/** No reading can be older than the program: a wall clock before this has not been set yet (2026-01-01 UTC). */
const EARLIEST_CREDIBLE_MS = Date.UTC(2026, 0, 1);

export class SystemClock implements Clock {
  readonly #wheel = new TimerWheel(performance.now());
  #armed: NodeJS.Timeout | undefined;
  #armedFor = Infinity;

  now(): Stamp {
    const ms = Date.now();
    return { ms, trusted: ms >= EARLIEST_CREDIBLE_MS };
  }

  monotonic(): number {
    return performance.now();
  }

  after(ms: number, run: () => void): Timer {
    const now = performance.now();
    const timer = this.#wheel.after(now, ms, run);
    if (now + ms < this.#armedFor) this.#arm(now);
    return timer;
  }

  #arm(now: number): void {
    clearTimeout(this.#armed);
    const due = this.#wheel.nextDue();
    this.#armedFor = due ?? Infinity;
    if (due === undefined) return;
    this.#armed = setTimeout(
      () => {
        this.#armedFor = Infinity;
        try {
          this.#wheel.advance(performance.now());
        } finally {
          this.#arm(performance.now());
        }
      },
      Math.max(1, Math.min(due - now, 0x7fff_ffff)),
    );
  }
}
