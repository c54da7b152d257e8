/**
 * A hierarchical timer wheel: setting and cancelling cost the same however many timers wait.
 *
 * Four rings of 64 slots; a slot of ring 0 is one tick, a slot of each further ring is a whole turn of the ring below.
 * A timer further away than the rings reach waits in the last slot and is placed again when that comes round.
 */

import type { Timer } from "./clock.ts";

const TICK_MS = 4;
const SLOTS = 64;
const RINGS = 4;
const REACH = SLOTS ** RINGS;

/** A link of a slot's circular list; the slot itself is the one without `run`. */
class Link implements Timer {
  next: Link = this;
  previous: Link = this;
  readonly tick: number;
  run: (() => void) | undefined;

  constructor(tick: number, run?: () => void) {
    this.tick = tick;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
    this.unlink();
  }

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }

  append(link: Link): void {
    link.previous = this.previous;
    link.next = this;
    this.previous.next = link;
    this.previous = link;
  }

  get empty(): boolean {
    return this.next === this;
  }
}

export class TimerWheel {
  readonly #rings = Array.from({ length: RINGS }, () => Array.from({ length: SLOTS }, () => new Link(0)));
  /** The next tick to be run. */
  #tick: number;

  constructor(now: number) {
    this.#tick = Math.floor(now / TICK_MS);
  }

  /** Schedules `run` for `now + ms`, rounded up to the next tick. */
  after(now: number, ms: number, run: () => void): Timer {
    const due = Math.ceil((now + Math.max(0, ms)) / TICK_MS);
    const link = new Link(Math.max(due, this.#tick), run);
    this.#place(link);
    return link;
  }

  /** Runs everything due at or before `now`, in order of tick. A callback that throws does not stop the others. */
  advance(now: number): void {
    const last = Math.floor(now / TICK_MS);
    const failures: unknown[] = [];
    while (this.#tick <= last) {
      const idle = this.#idleTicks();
      if (idle > 0) {
        this.#tick = Math.min(last + 1, this.#tick + idle);
        continue;
      }
      this.#runSlot(failures);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** When `advance` should be called next, or undefined if nothing waits. Never later than the next timer. */
  nextDue(): number | undefined {
    const idle = this.#idleTicks();
    return idle === Infinity ? undefined : (this.#tick + idle) * TICK_MS;
  }

  #runSlot(failures: unknown[]): void {
    this.#cascade();
    const slot = this.#rings[0]![this.#tick % SLOTS]!;
    this.#tick += 1;
    const due = new Link(0);
    while (!slot.empty) {
      const link = slot.next;
      link.unlink();
      due.append(link);
    }
    while (!due.empty) {
      const link = due.next;
      link.unlink();
      const { run } = link;
      link.run = undefined;
      try {
        run?.();
      } catch (error) {
        failures.push(error);
      }
    }
  }

  /** Where a ring comes round, the matching slot of the ring above is dealt out below. */
  #cascade(): void {
    for (let ring = 1, span = SLOTS; ring < RINGS && this.#tick % span === 0; ring++, span *= SLOTS) {
      const slot = this.#rings[ring]![Math.floor(this.#tick / span) % SLOTS]!;
      const dealt: Link[] = [];
      while (!slot.empty) {
        const link = slot.next;
        link.unlink();
        dealt.push(link);
      }
      for (const link of dealt) this.#place(link);
    }
  }

  #place(link: Link): void {
    const away = Math.min(link.tick - this.#tick, REACH - 1);
    const tick = this.#tick + away;
    let ring = 0;
    let span = 1;
    while (away >= span * SLOTS) {
      ring += 1;
      span *= SLOTS;
    }
    this.#rings[ring]![Math.floor(tick / span) % SLOTS]!.append(link);
  }

  /** How many ticks may be skipped without missing a timer or a cascade that has something to deal. */
  #idleTicks(): number {
    let best = Infinity;
    for (let ring = 0, span = 1; ring < RINGS; ring++, span *= SLOTS) {
      const slots = this.#rings[ring]!;
      const here = Math.floor(this.#tick / span);
      const first = ring === 0 || this.#tick % span === 0 ? 0 : 1;
      for (let step = first; step <= SLOTS; step++) {
        if (slots[(here + step) % SLOTS]!.empty) continue;
        best = Math.min(best, (here + step) * span - this.#tick);
        break;
      }
    }
    return best;
  }
}
