/** The language of definitions: what it computes, what it refuses, and that it always ends. */

import { describe, expect, it } from "vitest";
import { ExpressionError, parseExpression, truthy } from "../../src/library/language/expression.ts";
import { parseTemplate } from "../../src/library/language/template.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const NAMES: Readonly<Record<string, string | number | boolean>> = {
  a: 7,
  b: 2,
  zero: 0,
  half: 0.5,
  flags: 0b1010_0001,
  on: true,
  off: false,
  word: "ON",
  empty: "",
};
const lookup = (name: string) => NAMES[name];
const evaluate = (text: string) => parseExpression(text).evaluate(lookup);

const refusal = (text: string): string => {
  try {
    parseExpression(text);
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("an expression", () => {
  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 4 - 3", 3],
    ["100 / 10 / 5", 2],
    ["7 % 4", 3],
    ["-a + 10", 3],
    ["- - a", 7],
    ["2 * -3", -6],
    ["1.5e3", 1500],
    ["0xFF", 255],
    [".5 + 1", undefined],
  ])("computes %s", (text, expected) => {
    if (expected === undefined) expect(refusal(text)).toContain("cannot read");
    else expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ["trunc(2.9)", 2],
    ["trunc(-2.9)", -2],
    ["floor(-2.1)", -3],
    ["ceil(-2.9)", -2],
    ["-7 % 3", -1],
    ["mod(-7, 3)", 2],
    ["mod(7, -3)", -2],
    ["mod(7.5, 2)", 1.5],
    ["sqrt(9)", 3],
    ["exp(0)", 1],
    ["ln(exp(2))", 2],
    ["log10(1000)", 3],
    ["sign(-0.5)", -1],
    ["sign(zero)", 0],
    ["min(a, b, zero)", 0],
    ["max(a)", 7],
    ["max(1, 2, 3, 4, 5, 6, 7, 8)", 8],
    ["clamp(a, 0, 5)", 5],
    ["round(2.345, 1)", 2.3],
    ["round(1.005, 2)", 1.01],
    ["round(-1.005, 2)", -1],
    ["round(1234, -2)", 1200],
    ["round(pow(10, 300), 10)", undefined],
    ["round(-0.4)", -0],
    ["pow(2, 0.5) * pow(2, 0.5) > 1.99", true],
  ])("has functions of numbers: %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    "sqrt(-1)",
    "ln(0)",
    "ln(-1)",
    "log10(0)",
    "mod(1, 0)",
    "1 % 0",
    "exp(1000)",
    "sqrt(word)",
    "min(a, word)",
    "max(word)",
    "round(a, nothing)",
    "pow(0, -1)",
  ])("gives nothing where there is nothing right to give: %s", (text) => {
    expect(evaluate(text)).toBeUndefined();
  });

  it.each([
    "sqrt()",
    "sqrt(1, 2)",
    "mod(1)",
    "clamp(1, 2)",
    "min()",
    "max(1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "round(1, 2, 3)",
  ])("refuses %s for the number of its arguments", (text) => {
    expect(refusal(text)).toMatch(/^\w+\(\) with \d arguments$/);
  });

  it.each([
    ["flags & 0x0F", 1],
    ["flags >> 5", 5],
    ["flags & 1 == 1", true],
    ["1 == flags >> 7 & 1", true],
    ["1 << 4", 16],
    ["1 << 31", 0x8000_0000],
    ["0x80000000 >> 31", 1],
    ["5 ^ 1", 4],
    ["6 | 1", 7],
    ["~0", 0xffff_ffff],
    ["0xFFFFFFFF & 0xFF000000", 0xff00_0000],
  ])("treats bits as those of unsigned words: %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ["a > b", true],
    ["a <= 7", true],
    ["a < 7", false],
    ["a >= 8", false],
    ["a == 7", true],
    ["a != 7", false],
    ["word == 'ON'", true],
    ['word != "OFF"', true],
    ["word == 1", false],
    ["on && a > 3", true],
    ["off || word", "ON"],
    ["!on", false],
    ["!off && !zero && !empty", true],
  ])("compares and combines: %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ["on ? 1 : 2", 1],
    ["off ? 1 : 2", 2],
    ["a > 10 ? 'high' : a > 5 ? 'middle' : 'low'", "middle"],
    ["on ? off ? 1 : 2 : 3", 2],
  ])("chooses: %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ["min(a, b, 5)", 2],
    ["max(a, b)", 7],
    ["clamp(a, 0, 5)", 5],
    ["clamp(-1, 0, 5)", 0],
    ["round(2.5)", 3],
    ["round(2.345, 2)", 2.35],
    ["floor(-0.5)", -1],
    ["abs(-3)", 3],
    ["pow(2, 10)", 1024],
  ])("knows %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it("is unknown where an operand is unknown", () => {
    for (const text of ["c", "c + 1", "1 + c", "-c", "~c", "min(a, c)", "c == 1", "c < 1"])
      expect(evaluate(text)).toBeUndefined();
  });

  it("takes an unknown condition for one that does not hold", () => {
    expect(evaluate("c ? 1 : 2")).toBe(2);
    expect(evaluate("c && on")).toBe(false);
    expect(evaluate("c || 5")).toBe(5);
    expect(evaluate("!c")).toBe(true);
  });

  it("is unknown where types do not fit, instead of converting in silence", () => {
    for (const text of ["word + 1", "on * 2", "'1' + '2'", "word < 'Z'", "-word", "abs(word)"])
      expect(evaluate(text)).toBeUndefined();
  });

  it("is unknown where the result is no finite number", () => {
    for (const text of ["a / zero", "zero / zero", "a % zero", "pow(10, 400)"]) expect(evaluate(text)).toBeUndefined();
  });

  it("names what it speaks of, each once", () => {
    expect(parseExpression("a + b * a > c ? true : min(d, 1)").names).toEqual(["a", "b", "c", "d"]);
  });

  it.each([
    ["", "ends too early"],
    ["1 +", "ends too early"],
    ["(1", '")" expected at the end'],
    ["1 2", 'unexpected at "2"'],
    ["a ? 1", '":" expected at the end'],
    ["* 2", 'unexpected at "*"'],
    ["a = 1", 'cannot read "= 1"'],
    ["a.b", 'cannot read ".b"'],
    ["a[0]", 'cannot read "[0]"'],
    ["`x`", 'cannot read "`x`"'],
    ["'open", 'cannot read "\'open"'],
    ["sin(2)", 'no function "sin"'],
    ["constructor(1)", 'no function "constructor"'],
    ["min()", "min() with 0 arguments"],
    ["clamp(1, 2)", "clamp() with 2 arguments"],
  ])("refuses %j and says why", (text, reason) => {
    expect(refusal(text)).toContain(reason);
  });

  it("reaches nothing but the names it is given", () => {
    const asked: string[] = [];
    const spy = (name: string) => {
      asked.push(name);
      return undefined;
    };
    parseExpression("process + globalThis").evaluate(spy);
    expect(asked).toEqual(["process", "globalThis"]);
  });

  it("has an end: length, steps and nesting are bounded", () => {
    expect(refusal("1 + ".repeat(200) + "1")).toContain("longer than 500 characters");
    expect(refusal(`${"1+".repeat(240)}1`)).toContain("more than 200 steps");
    expect(refusal("(".repeat(60) + "1" + ")".repeat(60))).toContain("nested too deeply");
    expect(refusal("-".repeat(300) + "1")).toContain("nested too deeply");
    expect(refusal(`${"a?1:".repeat(100)}1`)).not.toBe("");
  });

  it("never throws anything but an ExpressionError, on 20 000 random texts", () => {
    const random = new SeededRandom(7);
    const pieces = [
      "a",
      "b",
      "1",
      "0x",
      "'",
      '"',
      "(",
      ")",
      "?",
      ":",
      "&&",
      "||",
      "<<",
      "-",
      "!",
      "min",
      ",",
      " ",
      "\n",
      "é",
      "{",
    ];
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join("");
      if (refusal(text) === "accepted") evaluate(text);
    }
  });
});

describe("a condition", () => {
  it("holds for anything but nothing", () => {
    for (const value of [true, 1, -1, "OFF"]) expect(truthy(value)).toBe(true);
    for (const value of [undefined, false, 0, ""]) expect(truthy(value)).toBe(false);
  });
});

describe("a template", () => {
  const render = (text: string) => parseTemplate(text).render(lookup);

  it("writes values into text", () => {
    expect(render("cmnd/{word}/POWER")).toBe("cmnd/ON/POWER");
    expect(render("{on ? 'ON' : 'OFF'}")).toBe("ON");
    expect(render("RATE {a * 2}\r\n")).toBe("RATE 14\r\n");
    expect(render("plain")).toBe("plain");
    expect(render("")).toBe("");
  });

  it("has doubled braces stand for themselves", () => {
    expect(render('{{"state":{a}}}')).toBe('{"state":7}');
  });

  it("is unknown as a whole where a part of it is unknown", () => {
    expect(render("{a}/{c}")).toBeUndefined();
  });

  it("keeps the type of its one expression", () => {
    expect(parseTemplate("{on}").value(lookup)).toBe(true);
    expect(parseTemplate("{half}").value(lookup)).toBe(0.5);
    expect(parseTemplate("{half} ").value(lookup)).toBe("0.5 ");
    expect(parseTemplate("word").value(lookup)).toBe("word");
  });

  it("refuses lone braces and what is no expression", () => {
    for (const text of ["{a", "a}", "{a{b}", "{}", "{1 +}"]) expect(() => parseTemplate(text)).toThrow(ExpressionError);
  });

  it("names what it speaks of", () => {
    expect(parseTemplate("{a}/{b > a ? word : a}").names).toEqual(["a", "b", "word"]);
  });
});
