/** The attributes that one server has attached to paths, with their inheritance (LwM2M Core 1.1 §5.1.2). */

import { depth, parent, type Path, ROOT } from "../../model/path.ts";
import { type Attributes, contradiction, NO_ATTRIBUTES, NUMERIC } from "./conditions.ts";

type Name = keyof Attributes;

/** In the order in which they are shown. */
const NAMES = ["pmin", "pmax", "gt", "lt", "st", "epmin", "epmax"] as const satisfies readonly Name[];
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)$/;
/** Beyond it, numbers are no longer written out in digits. */
const MAX_VALUE = 1e20;
const SECONDS = /^\d{1,10}$/;

/** A change of one path's attributes; `undefined` takes one away. */
export type AttributeChange = ReadonlyMap<Name, number | undefined>;

/**
 * The change that a query spells, or what is wrong with it.
 * `pmin=10` sets and `pmin` alone takes away (LwM2M Core 1.1 §6.3.4).
 */
export function parseAttributes(query: readonly string[]): AttributeChange | string {
  const change = new Map<Name, number | undefined>();
  for (const item of query) {
    const equals = item.indexOf("=");
    const word = equals < 0 ? item : item.slice(0, equals);
    const name = NAMES.find((known) => known === word);
    if (name === undefined) return `unknown attribute "${word.slice(0, 20)}"`;
    if (change.has(name)) return `${name} given twice`;
    const text = equals < 0 ? "" : item.slice(equals + 1);
    if (text === "") {
      change.set(name, undefined);
      continue;
    }
    const period = name !== "gt" && name !== "lt" && name !== "st";
    if (!(period ? SECONDS : DECIMAL).test(text)) return `${name} is no ${period ? "number of seconds" : "number"}`;
    const value = Number(text);
    if (Math.abs(value) > MAX_VALUE || (name === "st" && value < 0)) return `${name} out of range`;
    change.set(name, value);
  }
  return change;
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

  /** Merges a change into what is attached to `path`, or says why it cannot be. */
  change(path: Path, change: AttributeChange): string | undefined {
    if (depth(path) < 3 && NUMERIC.some((name) => change.has(name))) return "gt, lt and st belong to Resources";
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
