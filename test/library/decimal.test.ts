/** Decimals without binary dust: the fast way gives what the sure way gives. */

import { describe, expect, it } from "vitest";
import { decimals, linear, rounded, significant } from "../../src/library/language/decimal.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** By way of text: the definition of what is right. */
const sure = (value: number, digits: number) => Number(value.toPrecision(digits));

describe("rounding to significant digits", () => {
  it("is that of text, for half a million numbers of every size and for twelve, seven and four digits", () => {
    const random = new SeededRandom(17);
    let differences = 0;
    for (let i = 0; i < 170_000; i++) {
      const mantissa = random.below(2 ** 31) / 2 ** 31 - 0.5;
      const value = mantissa * 10 ** (random.below(40) - 20);
      for (const digits of [12, 7, 4]) if (rounded(value, digits) !== sure(value, digits)) differences += 1;
    }
    expect(differences).toBe(0);
  });

  it("is that of text for every raw value of two bytes, as sensors scale them", () => {
    let differences = 0;
    for (const scale of [0.01, 0.1, 1 / 3, 0.0625, 1.8, 9.80665, 5 / 9, 0.003_906_25])
      for (let raw = -32_768; raw < 32_768; raw++) {
        const value = raw * scale + 0.1;
        if (rounded(value, 12) !== sure(value, 12)) differences += 1;
      }
    expect(differences).toBe(0);
  });

  it.each([
    0.1 + 0.2,
    1.005,
    0.000_000_123_456_789_012_345,
    999_999_999_999.5,
    99_999_999_999.95,
    0.999_999_999_999_5,
    1.000_000_000_000_5,
    123_456_789_012.345,
    1e300 / 3,
    1e-300 / 3,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    0,
    -0.1 - 0.2,
  ])("of %d is that of text", (value) => {
    for (const digits of [1, 2, 4, 7, 11, 12]) expect(rounded(value, digits)).toBe(sure(value, digits));
    expect(significant(value)).toBe(Number.isInteger(value) ? value : sure(value, 12));
  });

  it("leaves what is no number as it is", () => {
    expect(significant(NaN)).toBeNaN();
    expect(significant(Infinity)).toBe(Infinity);
    expect(significant(-Infinity)).toBe(-Infinity);
  });

  it("removes dust and nothing else", () => {
    expect(significant(0.1 + 0.2)).toBe(0.3);
    expect(significant(24.299_999_999_999_997)).toBe(24.3);
    expect(significant(123_456.789_012)).toBe(123_456.789_012);
  });
});

describe("scale and offset", () => {
  it("give the number nearest to the decimal, for every raw value of two bytes", () => {
    for (const [scale, digits] of [
      [0.01, 2],
      [0.1, 1],
      [0.005, 3],
      [0.0025, 4],
    ] as const) {
      const of = linear(scale, 0);
      let differences = 0;
      for (let raw = -32_768; raw < 32_768; raw++)
        if (of(raw) !== Number((raw * scale).toFixed(digits))) differences += 1;
      expect(differences).toBe(0);
    }
  });

  it("keep all digits of a long count", () => {
    expect(linear(0.0001, 0)(12_345_678_901_234)).toBe(1_234_567_890.1234);
    expect(linear(0.0001, 0.5)(-12_345_678_901_234)).toBe(-1_234_567_889.6234);
  });

  it.each([
    [1, 0],
    [0.1, 1],
    [0.005, 3],
    [1e-7, 7],
    [1.5e-7, 8],
    [1e21, 0],
    [-2.25, 2],
  ])("know how many digits %d needs: %d", (value, expected) => {
    expect(decimals(value)).toBe(expected);
  });
});
