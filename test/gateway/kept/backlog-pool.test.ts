/** One bound for what all sensors keep: the oldest of the greediest goes first, and is counted. */

import { describe, expect, it } from "vitest";
import { BacklogPool, type PooledBacklog } from "../../../src/gateway/kept/backlog-pool.ts";
import type { BacklogRecord } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

/** What a record of one number counts. */
const ONE = 250;
const VALUE = path(3303, 0, 5700);

const record = (value: number, of: string | undefined = "/3303/0/5700"): BacklogRecord => ({
  of,
  values: [{ path: VALUE, value, at: { ms: value, trusted: true } }],
});

function pool(budget = 1_000_000) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  return { clock, log, pool: new BacklogPool({ budget, clock, log }) };
}

const valuesOf = (backlog: PooledBacklog) => backlog.peek(Infinity).map(({ values }) => values[0]?.value);

function fill(backlog: PooledBacklog, count: number, from = 0): void {
  for (let n = from; n < from + count; n++) backlog.add(record(n));
}

describe("one backlog of the pool", () => {
  it("shows the oldest first, and they stay until they are released", () => {
    const backlog = pool().pool.open();
    fill(backlog, 5);
    expect(valuesOf(backlog)).toEqual([0, 1, 2, 3, 4]);
    expect(backlog.peek(2)).toHaveLength(2);
    expect(backlog.size).toBe(5);
    backlog.release(2);
    expect(valuesOf(backlog)).toEqual([2, 3, 4]);
    expect(backlog.dropped).toBe(0);
  });

  it("keeps no more of one observation than its server wants, and counts nothing as lost for that", () => {
    const { pool: all } = pool();
    const backlog = all.open();
    for (let n = 0; n < 6; n++) backlog.add(record(n, "/a"), 2);
    backlog.add(record(9, "/b"), 2);
    expect(valuesOf(backlog)).toEqual([4, 5, 9]);
    // None at all: not even what there was.
    backlog.add(record(10, "/b"), 0);
    expect(valuesOf(backlog)).toEqual([4, 5]);
    expect([all.kept, all.dropped, all.bytes]).toEqual([2, 0, 2 * ONE]);
  });

  it("releases all that was shown, though one behind them was lost meanwhile", () => {
    const backlog = pool().pool.open();
    backlog.add(record(0, "/a"));
    backlog.add(record(1, "/a"));
    backlog.add(record(2, "/b"));
    expect(backlog.peek(2)).toHaveLength(2);
    backlog.add(record(3, "/b"), 1);
    backlog.release(2);
    expect(valuesOf(backlog)).toEqual([3]);
  });

  it("makes room for one long text among thousands of numbers", () => {
    const { pool: all } = pool(5_000_000);
    const backlog = all.open();
    fill(backlog, 19_000);
    backlog.add({ of: "/a", values: [{ path: VALUE, value: "x".repeat(4_000_000), at: { ms: 1, trusted: true } }] });
    expect(all.bytes).toBeLessThanOrEqual(5_000_000);
    expect(backlog.size).toBeGreaterThan(3_000);
    expect([all.kept, all.dropped]).toEqual([backlog.size, 19_001 - backlog.size]);
  });

  it("keeps thousands without growing behind what was released", () => {
    const { pool: all } = pool();
    const backlog = all.open();
    let next = 0;
    for (let n = 0; n < 20_000; n++) {
      backlog.add(record(n));
      if (backlog.size < 40) continue;
      expect(backlog.peek(32)[0]?.values[0]?.value).toBe(next);
      backlog.release(32);
      next += 32;
    }
    expect(all.kept).toBe(backlog.size);
    expect(all.bytes).toBe(backlog.size * ONE);
  });

  it("is empty when it is closed, and gives back what it took", () => {
    const { pool: all } = pool();
    const [backlog, other] = [all.open(), all.open()];
    fill(backlog, 10);
    fill(other, 3);
    backlog.close();
    backlog.close();
    expect([backlog.size, all.kept, all.bytes]).toEqual([0, 3, 3 * ONE]);
  });

  it("takes text and bytes for what they are", () => {
    const { pool: all } = pool();
    const at = { ms: 0, trusted: true };
    all.open().add({ of: undefined, values: [{ path: VALUE, value: "x".repeat(1_000), at }] });
    all.open().add({ of: undefined, values: [{ path: VALUE, value: new Uint8Array(500), at }] });
    expect(all.bytes).toBe(2 * ONE + 1_500);
  });
});

describe("a pool that is full", () => {
  it("drops the oldest of whoever keeps most", () => {
    const { pool: all } = pool(40 * ONE);
    const [modest, greedy] = [all.open(), all.open()];
    fill(modest, 5);
    fill(greedy, 60);
    expect(valuesOf(modest)).toEqual([0, 1, 2, 3, 4]);
    expect(valuesOf(greedy)[0]).toBe(25);
    expect(valuesOf(greedy).at(-1)).toBe(59);
    expect([all.kept, all.dropped, greedy.dropped, modest.dropped]).toEqual([40, 25, 25, 0]);
    expect(all.bytes).toBeLessThanOrEqual(40 * ONE);
  });

  it("lets those who keep least keep all, though they come last", () => {
    const { pool: all } = pool(100 * ONE);
    const greedy = all.open();
    fill(greedy, 100);
    const late = Array.from({ length: 5 }, () => all.open());
    for (const backlog of late) fill(backlog, 10);
    expect(late.map(({ size, dropped }) => [size, dropped])).toEqual(Array(5).fill([10, 0]));
    expect(greedy.size).toBe(50);
  });

  it("makes equals of those who say equally much", () => {
    const { pool: all } = pool(1_000 * ONE);
    const backlogs = Array.from({ length: 50 }, () => all.open());
    for (let round = 0; round < 100; round++) for (const backlog of backlogs) backlog.add(record(round));
    const sizes = backlogs.map(({ size }) => size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(8);
    expect(all.dropped).toBe(5_000 - all.kept);
    for (const backlog of backlogs) expect(valuesOf(backlog).at(-1)).toBe(99);
  });

  it("drops even the last where one record alone is too much", () => {
    const { pool: all } = pool(ONE);
    const backlog = all.open();
    backlog.add({ of: undefined, values: [{ path: VALUE, value: "x".repeat(1_000), at: { ms: 0, trusted: true } }] });
    expect([all.kept, all.bytes, all.dropped]).toEqual([0, 0, 1]);
  });

  it("never has released what it dropped meanwhile, and what was told is not told again", () => {
    const { pool: all } = pool(10 * ONE);
    const backlog = all.open();
    fill(backlog, 10);
    expect(backlog.peek(4)).toHaveLength(4);
    // While those four are under way, two of them make room.
    fill(backlog, 2, 10);
    backlog.release(4);
    expect(valuesOf(backlog)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    // And if more than was shown went, nothing is left to be released.
    backlog.peek(1);
    fill(backlog, 6, 12);
    backlog.release(1);
    expect(valuesOf(backlog)).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
  });

  it("says so once, until all has been told", () => {
    const { pool: all, log } = pool(10 * ONE);
    const backlog = all.open();
    fill(backlog, 30);
    expect(log.events("warn")).toEqual(["backlog-full"]);
    backlog.peek(10);
    backlog.release(10);
    fill(backlog, 30);
    expect(log.events("warn")).toEqual(["backlog-full", "backlog-full"]);
  });

  it("knows when it last lost something", async () => {
    const { pool: all, clock } = pool(10 * ONE);
    const backlog = all.open();
    fill(backlog, 10);
    expect(all.droppedAtMs).toBeUndefined();
    await clock.advance(5_000);
    fill(backlog, 1);
    expect(all.droppedAtMs).toBe(clock.now().ms);
  });

  it("holds its bound and its sums, whoever adds, drops, releases and leaves", () => {
    const random = new SeededRandom(5);
    const { pool: all } = pool(300 * ONE);
    const backlogs = Array.from({ length: 20 }, () => all.open());
    for (let step = 0; step < 5_000; step++) {
      const backlog = backlogs[random.below(20)]!;
      const what = random.below(20);
      if (what === 0) {
        const shown = backlog.peek(random.below(32)).length;
        if (random.below(2) === 0) backlog.add(record(step));
        backlog.release(shown);
      } else if (what === 1 && random.below(10) === 0) backlog.close();
      else if (what < 4) backlog.add(record(step, "/limited"), 3);
      else backlog.add(record(step));
      expect(all.bytes).toBeLessThanOrEqual(300 * ONE);
    }
    const left = backlogs.map((backlog) => backlog.peek(Infinity).length);
    expect(left).toEqual(backlogs.map(({ size }) => size));
    expect(all.kept).toBe(left.reduce((sum, size) => sum + size, 0));
    expect(all.bytes).toBe(all.kept * ONE);
    for (const backlog of backlogs) {
      const values = valuesOf(backlog).map(Number);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      backlog.close();
    }
    expect([all.kept, all.bytes]).toEqual([0, 0]);
  });

  it("finds the greediest of thousands without looking at all of them", () => {
    const { pool: all } = pool(20_000 * ONE);
    const backlogs = Array.from({ length: 5_000 }, () => all.open());
    const begun = performance.now();
    for (let round = 0; round < 10; round++) for (const backlog of backlogs) backlog.add(record(round));
    // 50,000 additions, of which 30,000 make room: a look at each of 5,000 backlogs would be 150 million looks.
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(all.dropped).toBe(30_000);
  });
});
