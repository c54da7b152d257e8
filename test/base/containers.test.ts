import { describe, expect, it } from "vitest";
import { BoundedMap, Ring } from "../../src/base/bounded.ts";

describe("the bounded map", () => {
  it("forgets what was touched longest ago, and says so", () => {
    const evicted: string[] = [];
    const map = new BoundedMap<string, number>(2, (key) => evicted.push(key));
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect(evicted).toEqual(["b"]);
    expect([...map.keys()]).toEqual(["a", "c"]);
  });

  it("does not take a look for a touch", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    expect(map.peek("a")).toBe(1);
    map.set("c", 3);
    expect(map.has("a")).toBe(false);
  });

  it("stays within its bound under a million strangers", () => {
    const map = new BoundedMap<number, number>(100);
    for (let i = 0; i < 1_000_000; i++) map.set(i, i);
    expect(map.size).toBe(100);
  });
});

describe("the ring", () => {
  it("keeps the last ones, oldest first", () => {
    const ring = new Ring<number>(3);
    expect([...ring]).toEqual([]);
    for (let i = 1; i <= 5; i++) ring.push(i);
    expect([...ring]).toEqual([3, 4, 5]);
    expect(ring.length).toBe(3);
  });
});
