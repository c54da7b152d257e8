import { describe, expect, it } from "vitest";
import { TimerWheel } from "../../src/base/wheel.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const TICK = 4;

describe("the timer wheel", () => {
  it("runs a timer at its time and not before", () => {
    const wheel = new TimerWheel(0);
    const ran: number[] = [];
    wheel.after(0, 100, () => ran.push(100));
    wheel.advance(99);
    expect(ran).toEqual([]);
    wheel.advance(100);
    expect(ran).toEqual([100]);
    wheel.advance(10_000);
    expect(ran).toEqual([100]);
  });

  it("runs ten thousand timers of up to three days in order, each within a tick of its time", () => {
    const random = new SeededRandom(3);
    const wheel = new TimerWheel(0);
    const late: number[] = [];
    const order: number[] = [];
    let now = 0;
    for (let i = 0; i < 10_000; i++) {
      const ms = random.below(2) ? random.below(2_000) : random.below(3 * 86_400_000);
      wheel.after(0, ms, () => {
        late.push(now - ms);
        order.push(ms);
      });
    }
    for (let due = wheel.nextDue(); due !== undefined; due = wheel.nextDue()) wheel.advance((now = due));
    expect(late).toHaveLength(10_000);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(TICK);
    expect(order.every((ms, i) => i === 0 || ms > order[i - 1]! - TICK)).toBe(true);
  });

  it("forgets a cancelled timer, also when another one cancels it in the same tick", () => {
    const wheel = new TimerWheel(0);
    const ran: string[] = [];
    const first = wheel.after(0, 8, () => {
      ran.push("first");
      second.cancel();
    });
    const second = wheel.after(0, 8, () => ran.push("second"));
    const third = wheel.after(0, 500, () => ran.push("third"));
    third.cancel();
    third.cancel();
    wheel.advance(1_000);
    first.cancel();
    expect(ran).toEqual(["first"]);
    expect(wheel.nextDue()).toBeUndefined();
  });

  it("runs a timer set by a timer, at once where no wait is asked for", () => {
    const wheel = new TimerWheel(0);
    const ran: string[] = [];
    wheel.after(0, 4, () => {
      ran.push("outer");
      wheel.after(4, 0, () => ran.push("inner"));
    });
    wheel.advance(4);
    wheel.advance(8);
    expect(ran).toEqual(["outer", "inner"]);
  });

  it("never sleeps past the next timer, wherever it starts", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 200; round++) {
      const start = random.below(1_000_000_000);
      const wheel = new TimerWheel(start);
      const ms = random.below(10_000_000);
      wheel.after(start, ms, () => undefined);
      expect(wheel.nextDue()).toBeLessThanOrEqual(start + ms + TICK);
    }
  });

  it("lets the others run when one throws, and then says so", () => {
    const wheel = new TimerWheel(0);
    const ran: string[] = [];
    wheel.after(0, 4, () => {
      throw new Error("broken");
    });
    wheel.after(0, 4, () => ran.push("fine"));
    expect(() => wheel.advance(4)).toThrow("broken");
    expect(ran).toEqual(["fine"]);
  });
});
