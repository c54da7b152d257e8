import { describe, expect, it } from "vitest";
import { systemRandom } from "../../src/base/random.ts";

describe("the system's randomness", () => {
  it("gives as many bytes as asked for, never the same", () => {
    const draws = Array.from({ length: 50 }, () => systemRandom.bytes(8));
    expect(draws.every(({ length }) => length === 8)).toBe(true);
    expect(new Set(draws.map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(50);
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
});
