import { describe, expect, it, vi } from "vitest";
import { systemRandom } from "../../src/base/random.ts";

describe("the system's randomness", () => {
  it("gives as many bytes as asked for, never the same", () => {
    const draws = Array.from({ length: 50 }, () => systemRandom.bytes(8));
    expect(draws.every(({ length }) => length === 8)).toBe(true);
    expect(new Set(draws.map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(50);
  });

  it("gives short and long runs of bytes alike, none of them twice, all of them used", () => {
    const lengths = [0, 1, 2, 8, 31, 32, 33, 64, 5_000];
    for (const length of lengths) expect(systemRandom.bytes(length)).toHaveLength(length);
    const draws = Array.from({ length: 4_000 }, (_, i) => systemRandom.bytes(8 + (i % 25)));
    expect(new Set(draws.map((bytes) => Buffer.from(bytes.subarray(0, 8)).toString("hex"))).size).toBe(4_000);
    const counts = new Array<number>(256).fill(0);
    for (const bytes of draws) for (const byte of bytes) counts[byte]! += 1;
    const expected = counts.reduce((sum, count) => sum + count, 0) / 256;
    expect(counts.every((count) => count > expected / 2 && count < expected * 2)).toBe(true);
  });

  it("keeps what it gave away to itself no longer", () => {
    const first = systemRandom.bytes(16);
    const before = first.slice();
    systemRandom.bytes(16).fill(0);
    expect(first).toEqual(before);
  });

  it("spreads its units over 0 to 1, however many are drawn", () => {
    const units = Array.from({ length: 5_000 }, () => systemRandom.unit());
    expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...units)).toBeLessThan(1);
    expect(new Set(units).size).toBe(5_000);
    const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });

  it("gives a unit before anything else was drawn", async () => {
    vi.resetModules();
    const { systemRandom: fresh } = await import("../../src/base/random.ts");
    expect(fresh.unit()).toBeLessThan(1);
  });
});
