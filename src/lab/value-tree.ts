/** Values by path as people write them, nested or not: `{"3303/0": {"5700": 21.5}, "/3/0/11": {"0": 0}}`. */

import type { Scalar } from "../base/outcome.ts";
import { contains, depth, type Path, parsePath, ROOT } from "../model/path.ts";
import { byNumbers } from "./registration.ts";

export type ValueTree = { readonly [key: string]: Scalar | ValueTree };

const MAX_VALUES = 4_096;
const MAX_NESTING = 4;

/**
 * The values of a tree with their whole paths, in the order of the numbers.
 * @param base what keys without a leading slash are below; keys with one must be below it too.
 * @throws RangeError if a key makes no path of a Resource or Resource Instance, or lies elsewhere.
 */
export function flatten(tree: ValueTree, base: Path): [Path, Scalar][] {
  const found: [Path, Scalar][] = [];
  collect(tree, base, found);
  for (const [path] of found) {
    if (depth(path) < 3) throw new RangeError(`${path} is no Resource`);
    if (!contains(base, path)) throw new RangeError(`${path} is not below ${base}`);
  }
  return found.sort(([a], [b]) => byNumbers(a, b));
}

function collect(tree: ValueTree, base: Path, found: [Path, Scalar][], nesting = 0): void {
  if (nesting > MAX_NESTING) throw new RangeError("nested too deeply");
  for (const [key, value] of Object.entries(tree)) {
    const path = parsePath(key.startsWith("/") ? key : `${base === ROOT ? "" : base}/${key}`);
    if (path === undefined) throw new RangeError(`${JSON.stringify(key.slice(0, 40))} is no path`);
    if (typeof value === "object") collect(value, path, found, nesting + 1);
    else if (found.push([path, value]) > MAX_VALUES) throw new RangeError(`more than ${MAX_VALUES} values`);
  }
}

/** Whether parsed JSON is a tree of values. */
export function isValueTree(json: unknown, nesting = 0): json is ValueTree {
  if (typeof json !== "object" || json === null || Array.isArray(json) || nesting > MAX_NESTING) return false;
  return Object.values(json).every((value: unknown) => isScalar(value) || isValueTree(value, nesting + 1));
}

export function isScalar(json: unknown): json is Scalar {
  return typeof json === "string" || typeof json === "number" || typeof json === "boolean";
}
