/** Time in the process: the wheel against a plain list of timers, and the system's clock with a system that is early or late. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SystemClock } from "../../src/base/system-clock.ts";
import { TimerWheel } from "../../src/base/wheel.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const TICK = 4;
const DAY = 86_400_000;

describe("the wheel against a plain list", () => {
  it("runs and cancels the same timers, whatever is set when and however time passes", () => {
    const random = new SeededRandom(17);
    let now = random.below(1_000_000);
    const wheel = new TimerWheel(now);
    const waiting = new Map<number, { due: number; cancel: () => void }>();
    const ran: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      for (let i = random.below(4); i > 0; i--) {
        const id = step * 10 + i;
        const ms = random.pick([0, 1, 4, 255, 256, 257, 16_384, 1_048_576, random.below(2 ** 28)]);
        const timer = wheel.after(now, ms, () => {
          ran.push(id);
          waiting.delete(id);
        });
        waiting.set(id, { due: now + ms, cancel: () => timer.cancel() });
      }
      if (random.below(3) === 0) {
        const [id, victim] = [...waiting][random.below(waiting.size)] ?? [];
        victim?.cancel();
        if (id !== undefined) waiting.delete(id);
      }
      now += random.pick([0, 1, 3, 4, 63, 256, 1_000, 65_536, random.below(500_000)]);
      wheel.advance(now);
      for (const [id, { due }] of waiting) expect(due, `timer ${id} at ${now}`).toBeGreaterThan(now - TICK);
    }
    expect(ran.length).toBeGreaterThan(1_000);
    expect(new Set(ran).size).toBe(ran.length);
    for (const { cancel } of waiting.values()) cancel();
    expect(wheel.nextDue()).toBeUndefined();
  });

  it("never runs one before its time", () => {
    const random = new SeededRandom(18);
    const wheel = new TimerWheel(0);
    let now = 0;
    for (let i = 0; i < 2_000; i++) {
      const due = now + random.below(100_000);
      wheel.after(now, due - now, () => expect(now).toBeGreaterThanOrEqual(due));
      now += random.below(200);
      wheel.advance(now);
    }
    wheel.advance((now += DAY));
    expect(wheel.nextDue()).toBeUndefined();
  });

  it("keeps timers beyond its reach, and runs them in their time", () => {
    const wheel = new TimerWheel(0);
    const far = [2 * DAY, 30 * DAY, 365 * DAY];
    const ran: number[] = [];
    let now = 0;
    for (const ms of far) wheel.after(0, ms, () => ran.push(now - ms));
    for (let due = wheel.nextDue(); due !== undefined; due = wheel.nextDue()) wheel.advance((now = due));
    expect(ran).toHaveLength(3);
    for (const late of ran) {
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(TICK);
    }
  });

  it("takes a wait below zero for none, and one without end for what never comes", () => {
    const wheel = new TimerWheel(1_000);
    let ran = 0;
    wheel.after(1_000, -5_000, () => (ran += 1));
    const never = wheel.after(1_000, Infinity, () => (ran += 100));
    wheel.advance(1_000 + 30 * DAY);
    expect(ran).toBe(1);
    never.cancel();
    expect(wheel.nextDue()).toBeUndefined();
  });

  it("runs nothing when time stands still or goes back", () => {
    const wheel = new TimerWheel(5_000);
    let ran = 0;
    wheel.after(5_000, 100, () => (ran += 1));
    for (const now of [5_000, 4_000, 0, 5_099]) wheel.advance(now);
    expect(ran).toBe(0);
    wheel.advance(5_100);
    expect(ran).toBe(1);
  });

  it("does not run a timer twice that sets itself again for now", () => {
    const wheel = new TimerWheel(0);
    let ran = 0;
    const again = () => {
      ran += 1;
      wheel.after(4, 0, again);
    };
    wheel.after(0, 4, again);
    wheel.advance(4);
    expect(ran).toBe(1);
    wheel.advance(8);
    expect(ran).toBe(2);
  });

  it("tells the first of several failures when all have had their turn", () => {
    const wheel = new TimerWheel(0);
    const fail = (words: string) => () => {
      throw new Error(words);
    };
    wheel.after(0, 4, fail("first"));
    wheel.after(0, 400, fail("second"));
    expect(() => wheel.advance(1_000)).toThrow("first");
    expect(wheel.nextDue()).toBeUndefined();
  });
});

describe("the system's clock", () => {
  /** The operating system's timers, as the test wants them. */
  let now: number;
  let armed: { run: () => void; ms: number } | undefined;
  let arms: number;

  beforeEach(() => {
    now = 10_000;
    armed = undefined;
    arms = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.stubGlobal("setTimeout", (run: () => void, ms: number) => {
      armed = { run, ms };
      arms += 1;
      return arms;
    });
    vi.stubGlobal("clearTimeout", () => (armed = undefined));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  /** The system's timer rings, so much later than it was asked to. */
  function ring(late = 0): void {
    const { run, ms } = armed ?? { run: () => undefined, ms: 0 };
    armed = undefined;
    now += ms + late;
    run();
  }

  it("has one timer of the system's for thousands that wait", () => {
    const clock = new SystemClock();
    let ran = 0;
    for (let i = 0; i < 5_000; i++) clock.after(1_000, () => (ran += 1));
    expect(arms).toBe(1);
    while (armed) ring();
    expect(ran).toBe(5_000);
    expect(arms).toBeLessThan(10);
    expect(now).toBeLessThan(11_000 + 2 * TICK);
    expect(armed).toBeUndefined();
  });

  it("waits on when the system rings early, and runs at once what is due when it rings late", () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    clock.after(1_000, () => ran.push("a"));
    clock.after(2_000, () => ran.push("b"));
    ring(-500);
    expect(ran).toEqual([]);
    expect(armed?.ms).toBeGreaterThan(400);
    ring(5_000);
    expect(ran).toEqual(["a", "b"]);
    expect(armed).toBeUndefined();
  });

  it("is set again for one that is due sooner, and not for one that is due later", () => {
    const clock = new SystemClock();
    clock.after(10_000, () => undefined);
    clock.after(20_000, () => undefined);
    expect(arms).toBe(1);
    clock.after(100, () => undefined);
    expect(arms).toBe(2);
    expect(armed?.ms).toBeLessThanOrEqual(104);
  });

  it("never asks the system for more than it can count", () => {
    const clock = new SystemClock();
    clock.after(400 * DAY, () => undefined);
    expect(armed?.ms).toBeLessThanOrEqual(0x7fff_ffff);
  });

  it("rings for the others after one has thrown", () => {
    const clock = new SystemClock();
    let ran = 0;
    clock.after(100, () => {
      throw new Error("broken");
    });
    clock.after(1_000, () => (ran += 1));
    expect(() => {
      while (armed) ring();
    }).toThrow("broken");
    while (armed) ring();
    expect(ran).toBe(1);
  });

  it("lets a timer set another one while it runs", () => {
    const clock = new SystemClock();
    const ran: number[] = [];
    const again = () => {
      ran.push(now);
      if (ran.length < 5) clock.after(100, again);
    };
    clock.after(100, again);
    for (let i = 0; i < 20 && armed; i++) ring();
    expect(ran).toHaveLength(5);
  });

  it("does not believe a wall clock from before this program, and never waits by it", () => {
    const clock = new SystemClock();
    let ran = 0;
    clock.after(1_000, () => (ran += 1));
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(1970, 0, 1));
    expect(clock.now()).toEqual({ ms: 0, trusted: false });
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2040, 0, 1));
    expect(clock.now().trusted).toBe(true);
    expect(clock.monotonic()).toBe(10_000);
    expect(ran).toBe(0);
  });
});
