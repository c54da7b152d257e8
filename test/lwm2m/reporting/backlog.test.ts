import { describe, expect, it } from "vitest";
import { MemoryBacklog } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";

const AT = path(3303, 0, 5700);
const record = (value: ResourceValue, of: string | undefined = AT) => ({
  of,
  values: [{ path: AT, value, at: { ms: 1_000, trusted: true } }],
});
const shown = (backlog: MemoryBacklog) => backlog.peek(1_000).map(({ values }) => values[0]!.value);

describe("a backlog in memory", () => {
  it("gives the oldest first, and keeps them until they are released", () => {
    const backlog = new MemoryBacklog();
    for (const value of [1, 2, 3]) backlog.add(record(value));
    expect(backlog.peek(2).map(({ values }) => values[0]!.value)).toEqual([1, 2]);
    expect(backlog.size).toBe(3);
    backlog.release(2);
    expect(shown(backlog)).toEqual([3]);
    backlog.release(5);
    expect(backlog.size).toBe(0);
    expect(backlog.dropped).toBe(0);
  });

  it("drops the oldest when there are too many, and counts them", () => {
    const backlog = new MemoryBacklog(3);
    for (let value = 1; value <= 5; value++) backlog.add(record(value));
    expect(shown(backlog)).toEqual([3, 4, 5]);
    expect(backlog.dropped).toBe(2);
  });

  it("drops the oldest when they take too much room, but always keeps the newest", () => {
    const backlog = new MemoryBacklog(100, 10_000);
    for (let i = 0; i < 10; i++) backlog.add(record(new Uint8Array(4_000)));
    expect(backlog.size).toBe(2);
    backlog.add(record("x".repeat(20_000)));
    expect(backlog.size).toBe(1);
    backlog.release(1);
    backlog.add(record(1));
    backlog.add(record(2));
    expect(shown(backlog)).toEqual([1, 2]);
  });

  it("keeps no more of one observation than its hqmax, and none at all of one that wants none", () => {
    const backlog = new MemoryBacklog();
    backlog.add(record(100, "/3/0/9"), 2);
    for (let value = 1; value <= 4; value++) backlog.add(record(value), 2);
    expect(shown(backlog)).toEqual([100, 3, 4]);
    expect(backlog.dropped).toBe(2);
    backlog.add(record(9, "/3/0/1"), 0);
    expect(backlog.size).toBe(3);
  });
});
