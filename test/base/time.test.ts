import { describe, expect, it } from "vitest";
import { backoffMs } from "../../src/base/backoff.ts";
import { sleep } from "../../src/base/clock.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

describe("waits between tries", () => {
  it("double up to a limit, and never all end together", () => {
    const random = new SeededRandom(1);
    const waits = Array.from({ length: 12 }, (_, attempt) => backoffMs(attempt, { first: 1_000, max: 60_000, random }));
    waits.forEach((wait, attempt) => {
      const nominal = Math.min(60_000, 1_000 * 2 ** attempt);
      expect(wait).toBeGreaterThanOrEqual(nominal / 2);
      expect(wait).toBeLessThan(nominal);
    });
    const many = new Set(Array.from({ length: 100 }, () => backoffMs(3, { first: 1_000, max: 60_000, random })));
    expect(many.size).toBe(100);
  });

  it("stay finite after a thousand failures", () => {
    expect(backoffMs(1_000, { first: 1, max: 5_000, random: new SeededRandom(2) })).toBeLessThanOrEqual(5_000);
  });
});

describe("sleep", () => {
  it("ends after its time", async () => {
    const clock = new FakeClock();
    let awake = false;
    void sleep(clock, 1_000).then(() => (awake = true));
    await clock.advance(999);
    expect(awake).toBe(false);
    await clock.advance(8);
    expect(awake).toBe(true);
  });

  it("ends early when called off, also if that was before it began", async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const ends: string[] = [];
    void sleep(clock, 1e9, abort.signal).then(() => ends.push("first"));
    abort.abort();
    void sleep(clock, 1e9, abort.signal).then(() => ends.push("second"));
    await clock.advance(0);
    expect(ends).toEqual(["first", "second"]);
  });
});

describe("the system clock", () => {
  it("runs timers in order of their time, sooner ones set later included", async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(40, () => {
        ran.push("late");
        resolve();
      });
      clock.after(1, () => ran.push("soon"));
      clock.after(20, () => ran.push("cancelled")).cancel();
    });
    expect(ran).toEqual(["soon", "late"]);
  });

  it("trusts a wall clock of this program's lifetime", () => {
    expect(new SystemClock().now().trusted).toBe(true);
  });
});
