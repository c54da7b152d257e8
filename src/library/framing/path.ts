/** Paths into JSON documents: `$.a.b`, `$.list[0].x`, `$['a.b']`, and one `*` for every key or item of a place, or `a*` for those that begin so. */

import type { Found, Raw } from "./framing.ts";

/** The steps of a path, from the outside in; a number among them is an item of a list, or a key that looks like one. */
export type JsonPath = readonly string[];

/** Finds what a path leads to; undefined if nothing does. */
export type Find = (document: unknown) => unknown;

const MAX_STEPS = 16;
const STEP = /\.([^.[\]]+)|\[(\d{1,4}|\*)\]|\['([^']+)'\]/y;

/** Undefined if it is no path. A `$` alone is the whole document; before the first key it may be left out. */
export function parseJsonPath(path: string): JsonPath | undefined {
  const text = path.startsWith("$") ? path.slice(1) : `.${path}`;
  const steps: string[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < text.length) {
    const [, dotted, item, quoted] = pattern.exec(text) ?? [];
    const step = dotted ?? item ?? quoted;
    if (step === undefined || steps.length === MAX_STEPS) return undefined;
    steps.push(step);
  }
  return path === "" ? undefined : steps;
}

/** What stands at a path; undefined if nothing does. */
export function walk(document: unknown, path: JsonPath): unknown {
  let found = document;
  for (const key of path) found = member(found, key);
  return found;
}

/** The same, prepared once for a path that is walked with every message. */
export function finder(path: JsonPath): Find {
  const [first, second, third] = path.map(stepTo);
  if (!first) return (document) => document;
  if (!second) return first;
  if (!third) return (document) => second(first(document));
  if (path.length === 3) return (document) => third(second(first(document)));
  return (document) => walk(document, path);
}

/** What a document has under a key of its own; nothing that every object of the language has. */
export function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return itemOf(value, key);
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A key that no object inherits needs no question whether this one has it itself. */
function stepTo(key: string): Find {
  if (key in Object.prototype) return (value) => member(value, key);
  return (value) => (isRecord(value) ? value[key] : Array.isArray(value) ? itemOf(value, key) : undefined);
}

/** A list has items and nothing else, whatever its language thinks. */
function itemOf(list: readonly unknown[], key: string): unknown {
  return /^\d{1,4}$/.test(key) ? list[Number(key)] : undefined;
}

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How many fields one wildcard, or one list, may give. */
const MAX_MANY = 32;
/** A component's name is remembered for as long as its sensor lives: no document may make it long. */
const MAX_COMPONENT = 64;

interface Things {
  /** What the items of a list are called: `sensors_1` and so on. */
  readonly listed: string;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

const NONE: readonly Found[] = [];

/** The keys of one document, listed once, however many fields go through them. */
export class Places {
  readonly #known = new Map<object, Things>();

  /** Another document. */
  clear(): void {
    if (this.#known.size > 0) this.#known.clear();
  }

  thingsIn(place: object, listed: string): Things {
    const known = this.#known.get(place);
    if (known?.listed === listed) return known;
    const things = list(place, listed);
    this.#known.set(place, things);
    return things;
  }
}

function list(place: object, listed: string): Things {
  if (!Array.isArray(place)) return { listed, keys: Object.keys(place), values: Object.values(place) };
  const values: readonly unknown[] = place.slice(0, MAX_MANY);
  return { listed, keys: values.map((_, i) => `${listed}_${i + 1}`), values };
}

export interface Wanted {
  /** What stands before the `*`: how the keys begin. */
  readonly begins: string;
  readonly below: JsonPath;
  /** What the items of a list are called. */
  readonly listed: string;
  readonly read: (value: unknown) => Raw;
}

/** Each key that has the wanted thing below it; lists are numbered from 1. */
export function everywhere(places: Places, { begins, below, listed, read }: Wanted) {
  const find = finder(below);
  return (place: unknown): readonly Found[] => {
    if (!isRecord(place) && !Array.isArray(place)) return NONE;
    const { keys, values } = places.thingsIn(place, listed);
    let found: Found[] | undefined;
    for (let i = 0; i < keys.length; i++) {
      const value = find(values[i]);
      const key = keys[i]!;
      if (value === undefined || key.length > MAX_COMPONENT || !key.startsWith(begins)) continue;
      found ??= [];
      if (!Array.isArray(value)) found.push([componentOf(key), "", read(value)]);
      else
        for (let n = 0; n < value.length; n++) {
          if (found.length === MAX_MANY) break;
          found.push([componentOf(key), `_${n + 1}`, read(value[n])]);
        }
      if (found.length === MAX_MANY) break;
    }
    return found ?? NONE;
  };
}

/** `switch:0` is `switch_0` in the name of a field; a slash would look like another component. */
export const componentOf = (key: string) => (/[:/]/.test(key) ? key.replaceAll(/[:/]/g, "_") : key);
