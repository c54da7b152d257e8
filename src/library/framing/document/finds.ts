/**
 * What the paths of a definition lead to in a document, all found in one walk. Definitions ask for everything that a
 * family of devices may say, and a message says little of it: the walk costs what the document holds.
 */

import type { Found } from "../framing.ts";
import { isRecord, type JsonPath, type JsonRecord } from "../path.ts";
import { type Known, type Many, Step, type Wanted } from "./steps.ts";

/** How many fields one wildcard, or one list, may give. */
const MAX_MANY = 32;

const NONE: readonly Found[] = [];

/** One for all documents of a definition, in turn: what was found of one holds until the next is read. */
export class Finds {
  readonly #root = new Step();
  readonly #values: unknown[] = [];
  readonly #manys: (Found[] | undefined)[] = [];
  /** The component that the walk is in, by how far from the root its star stands. */
  readonly #components: string[] = [];
  /** Whether anything was found by a star. */
  #starred = false;

  /** The slot of a path without a `*`. Every path is asked for before the first document is read. */
  one(path: JsonPath): number {
    const step = this.#root.reach(path);
    if (step.end < 0) step.end = this.#values.push(undefined) - 1;
    return step.end;
  }

  /** The slot of a path with one. */
  many({ above, begins, below, read }: Wanted): number {
    const slot = this.#manys.push(undefined) - 1;
    this.#root.reach(above).star(begins).reach(below).manys.push({ slot, depth: above.length, read });
    return slot;
  }

  read(document: unknown): this {
    this.#values.fill(undefined);
    if (this.#starred) this.#manys.fill(undefined);
    this.#starred = false;
    this.#walk(this.#root, document, 0);
    return this;
  }

  /** What stands at the path of a slot; undefined if nothing does. */
  value(slot: number): unknown {
    return this.#values[slot];
  }

  /** The same of a path with a `*`: each key that has the wanted thing below it; lists are numbered from 1. */
  found(slot: number): readonly Found[] {
    return this.#manys[slot] ?? NONE;
  }

  /** No deeper than the longest path. */
  #walk(step: Step, value: unknown, depth: number): void {
    if (step.end >= 0) this.#values[step.end] = value;
    for (let i = 0; i < step.manys.length; i++) this.#collect(step.manys[i]!, value);
    if (step.isLeaf) return;
    if (isRecord(value)) {
      if (step.stars.length > 0) this.#things(step, value, depth);
      else this.#members(step, value, depth);
    } else if (Array.isArray(value)) this.#items(step, value, depth);
  }

  #members({ below }: Step, record: JsonRecord, depth: number): void {
    for (const key in record) {
      const next = below.get(key);
      if (next) this.#walk(next, record[key], depth + 1);
    }
  }

  #things(step: Step, record: JsonRecord, depth: number): void {
    for (const key in record) this.#enter(step.known(key), record[key], depth);
  }

  #items(step: Step, list: readonly unknown[], depth: number): void {
    for (const [index, next] of step.items) if (index < list.length) this.#walk(next, list[index], depth + 1);
    if (step.stars.length === 0) return;
    for (let i = 0; i < list.length && i < MAX_MANY; i++) this.#enter(step.numbered(i), list[i], depth);
  }

  #enter({ component, step }: Known, value: unknown, depth: number): void {
    this.#components[depth] = component;
    this.#walk(step, value, depth + 1);
  }

  #collect({ slot, depth, read }: Many, value: unknown): void {
    const component = this.#components[depth] ?? "";
    const found = (this.#manys[slot] ??= []);
    this.#starred = true;
    if (Array.isArray(value)) {
      for (let n = 0; n < value.length && found.length < MAX_MANY; n++)
        found.push([component, `_${n + 1}`, read(value[n])]);
    } else if (found.length < MAX_MANY) found.push([component, "", read(value)]);
  }
}
