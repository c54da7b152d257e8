/**
 * Values by path, in ascending order, in as little memory as can be: there is one of these per sensor.
 *
 * Three arrays without slack take a third of a Map of entries. A few dozen paths are found by looking at each, since
 * callers share their path strings; for more there is an index, made when it is first missed.
 */

import type { Stamp } from "../base/clock.ts";
import { contains, type Path, ROOT } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";

export interface Entry {
  readonly value: ResourceValue;
  readonly at: Stamp;
}

const INDEX_FROM = 48;
/** Shared by all that are empty, and never written to. */
const NO_PATHS: Path[] = [];
const NO_VALUES: ResourceValue[] = [];
const NO_STAMPS: Stamp[] = [];

export class Values {
  #paths: Path[] = NO_PATHS;
  #values: ResourceValue[] = NO_VALUES;
  #stamps: Stamp[] = NO_STAMPS;
  #index: Map<Path, number> | undefined;

  get(path: Path): Entry | undefined {
    const i = this.#find(path);
    return i < 0 ? undefined : { value: this.#values[i]!, at: this.#stamps[i]! };
  }

  /** The value before, if there was one. */
  put(path: Path, value: ResourceValue, at: Stamp): ResourceValue | undefined {
    const i = this.#find(path);
    if (i < 0) {
      this.#insert(path, value, at);
      return undefined;
    }
    const before = this.#values[i];
    this.#values[i] = value;
    this.#stamps[i] = at;
    return before;
  }

  /** At or below `path`, in ascending order. */
  below(path: Path): (readonly [Path, Entry])[] {
    const found: (readonly [Path, Entry])[] = [];
    for (let i = 0; i < this.#paths.length; i++) {
      const here = this.#paths[i]!;
      if (path === ROOT || contains(path, here)) found.push([here, { value: this.#values[i]!, at: this.#stamps[i]! }]);
    }
    return found;
  }

  /** Takes away what is at or below `path`, and gives its paths. */
  remove(path: Path): Path[] {
    const removed = this.#paths.filter((here) => contains(path, here));
    if (removed.length === 0) return removed;
    const stays = this.#paths.map((here) => !contains(path, here));
    this.#values = this.#values.filter((_, i) => stays[i]);
    this.#stamps = this.#stamps.filter((_, i) => stays[i]);
    this.#paths = this.#paths.filter((_, i) => stays[i]);
    this.#index = undefined;
    return removed;
  }

  #find(path: Path): number {
    if (this.#paths.length < INDEX_FROM) return this.#paths.indexOf(path);
    this.#index ??= new Map(this.#paths.map((here, i) => [here, i]));
    return this.#index.get(path) ?? -1;
  }

  /** New paths are rare: the arrays are copied, so that they end where they are full. */
  #insert(path: Path, value: ResourceValue, at: Stamp): void {
    let i = this.#paths.length;
    if (i >= INDEX_FROM && comparePaths(this.#paths[i - 1]!, path) < 0) {
      // A tree that is this large mostly grows at its end, as that of a gateway with each sensor.
      this.#paths.push(path);
      this.#values.push(value);
      this.#stamps.push(at);
      this.#index?.set(path, i);
      return;
    }
    while (i > 0 && comparePaths(this.#paths[i - 1]!, path) > 0) i -= 1;
    this.#paths = this.#paths.toSpliced(i, 0, path);
    this.#values = this.#values.toSpliced(i, 0, value);
    this.#stamps = this.#stamps.toSpliced(i, 0, at);
    this.#index = undefined;
  }
}

/** Ascending by number, level by level; a parent before its children. */
export function comparePaths(a: Path, b: Path): number {
  let start = 1;
  while (start < a.length && start < b.length) {
    const end = endOfNumber(a, start);
    // No number has leading zeros: of two, the one with more digits is greater, and equal ones are equally long.
    const digits = end - endOfNumber(b, start);
    if (digits !== 0) return digits;
    for (let i = start; i < end; i++) {
      const difference = a.charCodeAt(i) - b.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    start = end + 1;
  }
  return a.length - b.length;
}

function endOfNumber(path: Path, start: number): number {
  const slash = path.indexOf("/", start);
  return slash < 0 ? path.length : slash;
}
