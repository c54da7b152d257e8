/** The functions of expressions: of numbers, to one number, without memory; and one that joins texts. */

import type { Scalar } from "../../base/outcome.ts";
import { significant } from "./decimal.ts";

/** A part of an expression, compiled; it is given the values of names. */
export type Node = (lookup: (name: string) => Scalar | undefined) => Scalar | undefined;

interface Function {
  readonly least: number;
  readonly most: number;
  /** Arguments that are not given are zero. */
  readonly apply: (a: number, b: number, c: number) => number;
  /** Taken two by two over all of its arguments; or the first of them that is known, of whatever type; or their text. */
  readonly over?: "all" | "first" | "text";
}

/** How many arguments, and what they give: NaN where nothing is right. */
export const FUNCTIONS: ReadonlyMap<string, Function> = new Map<string, Function>([
  ["min", { least: 1, most: 8, apply: (a, b) => Math.min(a, b), over: "all" }],
  ["max", { least: 1, most: 8, apply: (a, b) => Math.max(a, b), over: "all" }],
  ["clamp", { least: 3, most: 3, apply: (x, low, high) => Math.min(Math.max(x, low), high) }],
  ["round", { least: 1, most: 2, apply: (x, digits) => (digits === 0 ? Math.round(x) : toDigits(x, digits)) }],
  ["floor", { least: 1, most: 1, apply: (x) => Math.floor(x) }],
  ["pow", { least: 2, most: 2, apply: (x, exponent) => x ** exponent }],
  ["abs", { least: 1, most: 1, apply: (x) => Math.abs(x) }],
  ["first", { least: 2, most: 16, apply: (a) => a, over: "first" }],
  ["join", { least: 1, most: 16, apply: (a) => a, over: "text" }],
  ["ceil", { least: 1, most: 1, apply: (x) => Math.ceil(x) }],
  ["trunc", { least: 1, most: 1, apply: (x) => Math.trunc(x) }],
  // Unlike `%`, which has the sign of what is divided, as in C.
  ["mod", { least: 2, most: 2, apply: (a, b) => a - b * Math.floor(a / b) }],
  ["sqrt", { least: 1, most: 1, apply: (x) => Math.sqrt(x) }],
  ["exp", { least: 1, most: 1, apply: (x) => Math.exp(x) }],
  ["ln", { least: 1, most: 1, apply: (x) => Math.log(x) }],
  ["log10", { least: 1, most: 1, apply: (x) => Math.log10(x) }],
  ["sign", { least: 1, most: 1, apply: (x) => Math.sign(x) }],
]);

/** Halves as they are written: 1.005 is 1.01 in hundredths, though the number that stands for it is a little less. */
const toDigits = (x: number, digits: number) => Math.round(significant(x * 10 ** digits)) / 10 ** digits;

const ZERO: Node = () => 0;

/** A call, compiled without an array of arguments. Undefined where one of them is no number. */
export function applied({ apply, over }: Function, args: readonly Node[]): Node {
  const [a = ZERO, b = ZERO, c = ZERO] = args;
  if (over === "first") return firstKnown(args);
  if (over === "text") return joined(args);
  if (over === "all") return folded(apply, a, args.slice(1));
  if (args.length <= 1) {
    return (lookup) => {
      const x = a(lookup);
      return typeof x === "number" ? finite(apply(x, 0, 0)) : undefined;
    };
  }
  return (lookup) => {
    const [x, y, z] = [a(lookup), b(lookup), c(lookup)];
    const known = typeof x === "number" && typeof y === "number" && typeof z === "number";
    return known ? finite(apply(x, y, z)) : undefined;
  };
}

function firstKnown(args: readonly Node[]): Node {
  return (lookup) => {
    for (const each of args) {
      const value = each(lookup);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** What is joined may be joined again: more than a model or a version ever has is unknown. */
const MAX_TEXT = 1_000;

function joined(args: readonly Node[]): Node {
  return (lookup) => {
    let text = "";
    for (const each of args) {
      const value = each(lookup);
      if (value === undefined) return undefined;
      text += typeof value === "number" ? String(significant(value)) : String(value);
      if (text.length > MAX_TEXT) return undefined;
    }
    return text;
  };
}

function folded(apply: Function["apply"], first: Node, more: readonly Node[]): Node {
  return (lookup) => {
    let result = first(lookup);
    for (const each of more) {
      const value = each(lookup);
      if (typeof value !== "number" || typeof result !== "number") return undefined;
      result = apply(result, value, 0);
    }
    return typeof result === "number" ? finite(result) : undefined;
  };
}

/** Undefined for NaN and the infinities: no sensor measures them. */
export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
