/** The attributes that one server has attached to paths, with their inheritance (LwM2M Core 1.2 §5.1.1, §5.1.2). */

import { contains, depth, parent, type Path, ROOT } from "../../model/path.ts";
import type { Version } from "../account.ts";
import { type Attributes, contradiction, NO_ATTRIBUTES, NUMERIC, VALUE_CONDITIONS } from "./conditions.ts";

type Name = keyof Attributes;

/** In the order in which they are shown. */
export const NAMES = [
  "pmin",
  "pmax",
  "gt",
  "lt",
  "st",
  "epmin",
  "epmax",
  "edge",
  "con",
  "hqmax",
] as const satisfies readonly Name[];
/** How many of them each version of the enabler knows (LwM2M 1.0.2 §5.1.2, Core 1.1 §5.1.2, Core 1.2 §5.1.2). */
const KNOWN: Readonly<Record<Version, number>> = { "1.0": 5, "1.1": 7, "1.2": NAMES.length };
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)$/;
/** Beyond it, numbers are no longer written out in digits. */
const MAX_VALUE = 1e20;
const WHOLE = /^\d{1,10}$/;
const FLAG = /^[01]$/;

/** A change of one path's attributes; `undefined` takes one away. */
export type AttributeChange = ReadonlyMap<Name, number | undefined>;

/** Attributes with the paths that they are attached to, to be kept and given back. */
export type SavedAttributes = readonly (readonly [Path, Attributes])[];

/**
 * The change that a query spells, or what is wrong with it. `pmin=10` sets and `pmin` alone takes away
 * (LwM2M Core 1.1 §6.3.4). What the version spoken does not know is refused, so that it is never shown there either.
 */
export function parseAttributes(query: readonly string[], version: Version = "1.1"): AttributeChange | string {
  const change = new Map<Name, number | undefined>();
  for (const item of query) {
    const equals = item.indexOf("=");
    const word = equals < 0 ? item : item.slice(0, equals);
    const index = NAMES.findIndex((known) => known === word);
    const name = NAMES[index];
    if (name === undefined) return `unknown attribute "${word.slice(0, 20)}"`;
    if (index >= KNOWN[version]) return `unknown attribute ${name} in LwM2M ${version}`;
    if (change.has(name)) return `${name} given twice`;
    const text = equals < 0 ? "" : item.slice(equals + 1);
    const value = text === "" ? undefined : valueOf(name, text);
    if (typeof value === "string") return value;
    change.set(name, value);
  }
  return change;
}

/** The attributes that a query of Observe carries for that observation alone, or what is wrong (LwM2M Core 1.2 §6.4.1). */
export function parseOwnAttributes(query: readonly string[], version: Version): Attributes | string {
  // Whoever does not know them must refuse the observation; before 1.2 nobody does.
  if (version !== "1.2") return `attributes in Observe are not of LwM2M ${version}`;
  const change = parseAttributes(query, version);
  if (typeof change === "string") return change;
  const given: Attributes = Object.fromEntries([...change].filter(([, value]) => value !== undefined));
  return contradiction(given) ?? given;
}

function valueOf(name: Name, text: string): number | string {
  const flag = name === "edge" || name === "con";
  const decimal = NUMERIC.some((numeric) => numeric === name);
  const pattern = flag ? FLAG : decimal ? DECIMAL : WHOLE;
  if (!pattern.test(text)) return `${name} is no ${flag ? "0 or 1" : decimal ? "number" : "number of seconds"}`;
  const value = Number(text);
  return Math.abs(value) > MAX_VALUE || (name === "st" && value < 0) ? `${name} out of range` : value;
}

/** What one server wrote; empty for most clients, so nothing is allocated until then. */
export class AttributeStore {
  #byPath: Map<Path, Attributes> | undefined;

  /** Those attached to this very path. */
  own(path: Path): Attributes {
    return this.#byPath?.get(path) ?? NO_ATTRIBUTES;
  }

  /** Those that apply here: what is attached lower wins, one attribute at a time. */
  effective(path: Path): Attributes {
    if (this.#byPath === undefined) return NO_ATTRIBUTES;
    const inherited = path === ROOT ? NO_ATTRIBUTES : this.effective(parent(path));
    const own = this.#byPath.get(path);
    return own === undefined ? inherited : { ...inherited, ...own };
  }

  /** Whether something at or below `path` wants to be confirmed: then all that is told with it is (§5.1.2, con). */
  confirms(path: Path): boolean {
    if (this.#byPath === undefined) return false;
    if (this.effective(path).con === 1) return true;
    for (const [at, { con }] of this.#byPath) if (con === 1 && contains(path, at)) return true;
    return false;
  }

  /** Merges a change into what is attached to `path`, or says why it cannot be. */
  change(path: Path, change: AttributeChange): string | undefined {
    if (depth(path) < 3 && VALUE_CONDITIONS.some((name) => change.has(name)))
      return "gt, lt, st and edge belong to Resources";
    const own = this.own(path);
    const merged: { -readonly [N in Name]?: number } = {};
    for (const name of NAMES) {
      const value = change.has(name) ? change.get(name) : own[name];
      if (value !== undefined) merged[name] = value;
    }
    const wrong = contradiction(merged);
    if (wrong !== undefined) return wrong;
    this.#byPath ??= new Map();
    if (Object.keys(merged).length === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, merged);
    return undefined;
  }

  /** All of them: what is attached is permanent (LwM2M Core 1.2 §6.4.1), so whoever can keep it keeps it. */
  saved(): SavedAttributes {
    return [...(this.#byPath ?? [])];
  }

  restore(saved: SavedAttributes): void {
    this.#byPath = saved.length === 0 ? undefined : new Map(saved);
  }

  /** Forgets what was attached below an Instance that is gone. */
  prune(keep: (path: Path) => boolean): void {
    for (const path of [...(this.#byPath?.keys() ?? [])]) if (!keep(path)) this.#byPath?.delete(path);
  }
}

/**
 * What the server has said, and where it has said nothing of the kind, what is usual. A word of the server always wins
 * (LwM2M Core 1.1 §5.1.2): a usual minimum yields to a shorter maximum, and a usual step to any threshold.
 */
export function completed(said: Attributes, { pmin, pmax, st }: Attributes): Attributes {
  const { pmax: limit = 0 } = said;
  const thresholds = NUMERIC.some((name) => said[name] !== undefined);
  return {
    ...(pmin !== undefined && (limit === 0 || pmin <= limit) && { pmin }),
    ...(pmax !== undefined && { pmax }),
    ...(st !== undefined && !thresholds && { st }),
    ...said,
  };
}

/** As link attributes, in a fixed order and unquoted (LwM2M Core 1.1 §6.3.2). */
export function attributeLinks(attributes: Attributes): [string, string][] {
  const shown: [string, string][] = [];
  for (const name of NAMES) {
    const value = attributes[name];
    if (value !== undefined) shown.push([name, decimal(value)]);
  }
  return shown;
}

/** Never in scientific notation, which no server's parser expects. */
function decimal(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text;
}
