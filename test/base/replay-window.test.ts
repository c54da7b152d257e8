import { describe, expect, it } from "vitest";
import { ReplayWindow } from "../../src/base/replay-window.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const LAST = 2 ** 48 - 1;

function windowAfter(...accepted: readonly number[]): ReplayWindow {
  const window = new ReplayWindow();
  for (const sequence of accepted) window.accept(sequence);
  return window;
}

/** What is fresh among those from `from` to `to`, both included. */
function freshIn(window: ReplayWindow, from: number, to: number): number[] {
  const fresh: number[] = [];
  for (let sequence = from; sequence <= to; sequence++) if (window.fresh(sequence)) fresh.push(sequence);
  return fresh;
}

describe("the replay window", () => {
  it("takes everything before anything was received", () => {
    for (const sequence of [0, 1, 63, 64, 2 ** 32, LAST]) expect(new ReplayWindow().fresh(sequence)).toBe(true);
  });

  it("takes each record once", () => {
    const window = windowAfter(0);
    expect(window.fresh(0)).toBe(false);
    expect(window.fresh(1)).toBe(true);
    window.accept(1);
    expect(freshIn(window, 0, 2)).toEqual([2]);
  });

  it("takes what comes late, but not what comes later than 63 others", () => {
    const window = windowAfter(100);
    expect(freshIn(window, 0, 100)).toEqual(Array.from({ length: 63 }, (_, i) => 37 + i));
    window.accept(37);
    window.accept(68);
    window.accept(69);
    const late = freshIn(window, 0, 100);
    expect(late).toHaveLength(60);
    for (const sequence of [36, 37, 68, 69, 100]) expect(late).not.toContain(sequence);
  });

  it.each([1, 2, 31, 32, 33, 62, 63])("remembers what it has seen when the highest moves on by %d", (step) => {
    const window = windowAfter(1_000, 1_000 + step);
    expect(window.fresh(1_000)).toBe(false);
    expect(window.fresh(1_000 + step)).toBe(false);
    expect(freshIn(window, 1_001, 1_000 + step - 1)).toHaveLength(step - 1);
    window.accept(1_000 + 64);
    expect(freshIn(window, 1_000, 1_000 + step)).not.toContain(1_000 + step);
  });

  it.each([64, 65, 96, 1_000, 2 ** 31, 2 ** 32, 2 ** 32 + 1, LAST - 5])(
    "jumps by %d at no cost: what was before is too old, what lies between is new",
    (step) => {
      const window = windowAfter(5, 5 + step);
      expect(window.fresh(5)).toBe(false);
      expect(window.fresh(5 + step)).toBe(false);
      expect(freshIn(window, 5 + step - 63, 5 + step)).toHaveLength(63);
      expect(window.fresh(5 + step - 64)).toBe(false);
    },
  );

  it("goes up to the last number there is", () => {
    const window = windowAfter(LAST);
    expect(window.fresh(LAST)).toBe(false);
    expect(window.fresh(LAST - 1)).toBe(true);
    window.accept(LAST - 1);
    expect(freshIn(window, LAST - 70, LAST)).toHaveLength(62);
  });

  it("is not moved by asking, nor by what is too old", () => {
    const window = windowAfter(200);
    window.fresh(LAST);
    window.accept(3);
    window.accept(136);
    expect(freshIn(window, 130, 200)).toHaveLength(63);
    expect(window.fresh(201)).toBe(true);
  });

  it("agrees with a list of everything received, whatever the order", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SeededRandom(seed);
      const window = new ReplayWindow();
      const received = new Set<number>();
      let highest = -1;
      for (let i = 0; i < 500; i++) {
        const near = Math.max(0, highest - 80 + random.below(100));
        const sequence = random.below(20) === 0 ? near + random.below(3) * 2 ** random.below(40) : near;
        const expected = !received.has(sequence) && sequence > highest - 64;
        expect(window.fresh(sequence)).toBe(expected);
        if (!expected) continue;
        window.accept(sequence);
        received.add(sequence);
        highest = Math.max(highest, sequence);
      }
    }
  });
});
