/** `join(...)` in expressions: a version of three bytes, a keg of no known kind. */

import { describe, expect, it } from "vitest";
import type { Scalar } from "../../../src/base/outcome.ts";
import { ExpressionError, parseExpression } from "../../../src/library/language/expression.ts";

const KNOWN: Readonly<Record<string, Scalar>> = { major: 1, minor: 0, size: 58.93, name: "Corny", on: true };
const evaluate = (text: string) => parseExpression(text).evaluate((name) => KNOWN[name]);

describe("join", () => {
  it("makes one text of texts, numbers and what is true or false", () => {
    expect(evaluate("join(major, '.', minor)")).toBe("1.0");
    expect(evaluate("join('Other (', size, ' L)')")).toBe("Other (58.93 L)");
    expect(evaluate("join(name, ' ', on)")).toBe("Corny true");
    expect(evaluate("join(7)")).toBe("7");
  });

  it("shows numbers without the dust of binary fractions", () => {
    expect(evaluate("join(0.1 + 0.2)")).toBe("0.3");
    expect(evaluate("join(-0.1 * 3)")).toBe("-0.3");
  });

  it("is unknown if anything in it is", () => {
    expect(evaluate("join(major, nothing)")).toBeUndefined();
    expect(evaluate("join(nothing)")).toBeUndefined();
    expect(evaluate("first(nothing, join('Other ', size))")).toBe("Other 58.93");
  });

  it("is no number, and is compared as a text", () => {
    expect(evaluate("join(1) + 1")).toBeUndefined();
    expect(evaluate("join(1) == '1'")).toBe(true);
    expect(evaluate("join(1) == 1")).toBe(false);
  });

  it("does not grow without end, however often it is joined with itself", () => {
    const twice = parseExpression("join(x, x)");
    let x: Scalar | undefined = "0123456789";
    let longest = 0;
    for (let i = 0; i < 64 && x !== undefined; i++) {
      const now: Scalar = x;
      x = twice.evaluate(() => now);
      if (typeof x === "string") longest = Math.max(longest, x.length);
    }
    expect(x).toBeUndefined();
    expect(longest).toBeLessThanOrEqual(1_000);
  });

  it("takes one to sixteen parts", () => {
    expect(() => parseExpression("join()")).toThrow(ExpressionError);
    expect(() => parseExpression(`join(${Array.from({ length: 17 }, () => "1").join(", ")})`)).toThrow("17 arguments");
  });
});
