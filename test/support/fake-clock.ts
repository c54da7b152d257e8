/** A clock that moves only when told to: hours pass in milliseconds. */

import type { Clock, Stamp, Timer } from "../../src/base/clock.ts";
import { TimerWheel } from "../../src/base/wheel.ts";

const MAX_TURNS = 50;

export class FakeClock implements Clock {
  readonly #wheel = new TimerWheel(0);
  #monotonic = 0;
  #wall: number;
  trusted = true;

  constructor(wall = Date.UTC(2026, 5, 1, 12)) {
    this.#wall = wall;
  }

  now(): Stamp {
    return { ms: this.#wall, trusted: this.trusted };
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, run: () => void): Timer {
    return this.#wheel.after(this.#monotonic, ms, run);
  }

  /** The wall clock is set by hand; what waits does not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Runs timers as time passes, without letting promises settle in between. */
  tick(ms: number): void {
    const end = this.#monotonic + ms;
    for (let due = this.#wheel.nextDue(); due !== undefined && due <= end; due = this.#wheel.nextDue())
      this.#moveTo(due);
    this.#moveTo(end);
  }

  /** Runs timers as time passes, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let due = this.#wheel.nextDue(); due !== undefined && due <= end; due = this.#wheel.nextDue()) {
      this.#moveTo(due);
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #moveTo(monotonic: number): void {
    if (monotonic > this.#monotonic) {
      this.#wall += monotonic - this.#monotonic;
      this.#monotonic = monotonic;
    }
    this.#wheel.advance(this.#monotonic);
  }
}

/** Lets every promise that can settle without a timer or a socket do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) await Promise.resolve();
}
