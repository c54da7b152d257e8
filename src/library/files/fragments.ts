/** What cousins have in common, written once: fragments, and the definitions that are made of them. */

import { didYouMean } from "../check.ts";
import { type Definition, fragmentSchema } from "../definition/definition.ts";
import type { Complain, DefinitionSource, Where } from "../source.ts";

/** A definition's data as it is checked, and the way to complain about it. */
export interface Whole {
  readonly data: unknown;
  readonly complain: Complain;
}

type Data = Readonly<Record<string, unknown>>;

interface Fragment {
  readonly data: Data;
  readonly source: DefinitionSource;
}

/** Documents nest a few levels deep; what is deeper is taken as it stands. */
const MAX_DEPTH = 32;
const NO_FRAGMENT =
  "a fragment is a file with schema: fragment/v1 and that id, in the same folder or among those of Isthmus";
/** These are each file's own. */
const OWN: ReadonlySet<string> = new Set(["schema", "id", "use", "tests"]);

export class Fragments {
  readonly #known = new Map<string, Fragment>();

  /** Takes a file that is a fragment; false if it is none. Of two with one id the first stays. */
  take(source: DefinitionSource): boolean {
    if (source.checked?.definition) return false;
    const { data, complain, yields } = source;
    if (!isData(data) || data["schema"] !== "fragment/v1") return false;
    const { success } = fragmentSchema.safeParse(data);
    const { id } = data;
    if (!success || typeof id !== "string") complain(["id"], "a fragment has an id: lower-case words joined by dots");
    else if (!this.#known.has(id)) this.#known.set(id, { data, source });
    else if (this.#known.get(id)?.source.yields === yields) complain(["id"], `"${id}" is already taken`);
    if (data["use"] !== undefined) complain(["use"], "a fragment is made of no other fragments");
    if (data["tests"] !== undefined) complain(["tests"], "golden frames belong to definitions, not to fragments");
    return true;
  }

  /** The definition with all that it is made of; undefined after a complaint. */
  whole(source: DefinitionSource): Whole | undefined {
    const { data, complain } = source;
    const used = isData(data) ? usedBy(data["use"]) : [];
    if (!isData(data) || used.length === 0) return { data, complain };
    const parts: [id: string, data: Data][] = [];
    for (const id of used) {
      const fragment = this.#known.get(id);
      if (fragment) parts.push([id, fragment.data]);
      else complain(["use"], `no fragment "${id}"`, didYouMean(id, this.#known.keys()) ?? NO_FRAGMENT);
    }
    if (parts.length < used.length) return undefined;
    let whole: Data = {};
    for (const [, fragment] of parts) whole = over(whole, shared(fragment), MAX_DEPTH);
    whole = { ...over(whole, shared(data), MAX_DEPTH), ...only(data) };
    return { data: whole, complain: complainOf(whole, data, parts, complain) };
  }

  /** Whether a definition that our build has put together would be put together in the same way now. */
  areOurs({ use }: Pick<Definition, "use">): boolean {
    return usedBy(use).every((id) => this.#known.get(id)?.source.checked !== undefined);
  }
}

/** Something else than names is for the schema to complain about. */
function usedBy(use: unknown): string[] {
  const names: unknown[] = use === undefined ? [] : [use].flat();
  return names.every((name) => typeof name === "string") ? names : [];
}

const isData = (value: unknown): value is Data => typeof value === "object" && value !== null && !Array.isArray(value);

const shared = (data: Data): Data => Object.fromEntries(Object.entries(data).filter(([key]) => !OWN.has(key)));
const only = (data: Data): Data => Object.fromEntries(Object.entries(data).filter(([key]) => OWN.has(key)));

/** Maps become one, whose keys stand in the order of the lower; all else is replaced, and nothing takes a key away. */
function over(lower: Data, upper: Data, depth: number): Data {
  const merged = new Map(Object.entries(lower));
  for (const [key, value] of Object.entries(upper)) {
    const below = merged.get(key);
    if (value === null && below !== undefined) merged.delete(key);
    else merged.set(key, isData(below) && isData(value) && depth > 0 ? over(below, value, depth - 1) : value);
  }
  return Object.fromEntries(merged);
}

/** What is wrong with an inherited part is shown where it is inherited, with its name and its place in the fragment. */
function complainOf(whole: Data, own: Data, parts: readonly (readonly [string, Data])[], complain: Complain): Complain {
  return (where, message, hint) => {
    const place = where.slice(0, depthIn(whole, where));
    const heir =
      depthIn(own, place) < place.length
        ? parts.findLast(([, data]) => depthIn(data, place) >= place.length)
        : undefined;
    if (!heir) complain(where, message, hint);
    else complain(["use"], `${place.map(String).join(".")} of fragment "${heir[0]}": ${message}`, hint);
  };
}

/** How many steps of a way there are. */
function depthIn(data: unknown, where: Where): number {
  let found = data;
  for (const [i, step] of where.entries()) {
    const items: unknown = found;
    if (Array.isArray(items)) found = items[Number(step)];
    else found = isData(items) && Object.hasOwn(items, String(step)) ? items[String(step)] : undefined;
    if (found === undefined) return i;
  }
  return where.length;
}
