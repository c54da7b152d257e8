/** Curves of definitions: lines between points, ends beyond them. */

import { describe, expect, it } from "vitest";
import { isQuantity } from "../../src/library/framing/framing.ts";
import { curve } from "../../src/library/language/curve.ts";

describe("a field with a curve", () => {
  it("is a quantity, so that text in its payload must be a number", () => {
    expect(
      isQuantity({
        table: [
          [0, 0],
          [1, 100],
        ],
      }),
    ).toBe(true);
    for (const key of ["scale", "offset"] as const) expect(isQuantity({ [key]: 1 })).toBe(true);
    expect(isQuantity({ unit: "V" })).toBe(true);
    expect(isQuantity({ unit: "V", map: { off: 0 } })).toBe(false);
    expect(isQuantity({ unit: "V", type: "text" })).toBe(false);
    expect(isQuantity({ type: "number" })).toBe(true);
    expect(isQuantity({})).toBe(false);
  });
});

describe("a curve through points", () => {
  const battery = curve([
    [2000, 0],
    [2500, 10],
    [2900, 90],
    [3000, 100],
  ]);

  it.each([
    [2000, 0],
    [2500, 10],
    [2900, 90],
    [3000, 100],
  ])("goes through %d, %d", (x, y) => {
    expect(battery(x)).toBe(y);
  });

  it("is a straight line between two of them, without binary dust", () => {
    expect(battery(2700)).toBe(50);
    expect(battery(2250)).toBe(5);
    const dusty = curve([
      [0, 0.1],
      [10, 0.4],
    ]);
    expect([1, 2, 6, 7].map(dusty)).toEqual([0.13, 0.16, 0.28, 0.31]);
  });

  it("stays at its ends beyond them, and at its beginning for what is no number", () => {
    expect([-Infinity, 0, 1999.9].map(battery)).toEqual([0, 0, 0]);
    expect([3000.1, 1e9, Infinity].map(battery)).toEqual([100, 100, 100]);
    expect(battery(NaN)).toBe(0);
  });
});
