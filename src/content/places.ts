/** Where nodes lie, as numbers and in ascending order: what formats that nest must know before they write. */

import { contains, type Path } from "../model/path.ts";
import type { Node } from "./node.ts";

/** Stands where a path ends above the level asked for. */
export const NONE = -1;

const LEVELS = 4;
const RESOURCE_DEPTH = 3;
const FIRST_CAPACITY = 64 * LEVELS;
/** One large representation must not keep its memory for ever. */
const KEPT_CAPACITY = 4_096 * LEVELS;
const SLASH = 0x2f;
const ZERO = 0x30;

/** Four numbers for each node: parsed once, because this is done for every value sent. One per codec, as with sinks. */
export class Places {
  #ids = new Int32Array(FIRST_CAPACITY);

  /**
   * The nodes in ascending order of their paths, of which the numbers are `id` from now on.
   * @throws RangeError if one lies outside `base`, is no Resource, or comes twice: who nests knows no times.
   */
  arrange(nodes: readonly Node[], base: Path): readonly Node[] {
    const capacity = nodes.length * LEVELS;
    if (capacity > this.#ids.length) this.#ids = new Int32Array(capacity * 2);
    else if (this.#ids.length > KEPT_CAPACITY && capacity <= KEPT_CAPACITY) this.#ids = new Int32Array(FIRST_CAPACITY);
    if (this.#locateAll(nodes, base)) return nodes;
    const sorted = nodes.toSorted((a, b) => this.#order(a, b));
    if (!this.#locateAll(sorted, base)) throw new RangeError(`${base}: the same path twice`);
    return sorted;
  }

  /** The number of node `index` at `level`: 0 Object to 3 Resource Instance, or `NONE`. */
  id(index: number, level: number): number {
    return this.#ids[LEVELS * index + level]!;
  }

  /** False if a node does not come after the one before it. */
  #locateAll(nodes: readonly Node[], base: Path): boolean {
    const ids = this.#ids;
    let inOrder = true;
    for (let i = 0; i < nodes.length; i++) {
      const { path } = nodes[i]!;
      if (!contains(base, path)) throw new RangeError(`${path} is not below ${base}`);
      locate(path, ids, LEVELS * i);
      inOrder &&= i === 0 || compare(ids, LEVELS * (i - 1), LEVELS * i) < 0;
    }
    return inOrder;
  }

  #order(a: Node, b: Node): number {
    locate(a.path, this.#ids, 0);
    locate(b.path, this.#ids, LEVELS);
    return compare(this.#ids, 0, LEVELS);
  }
}

/** Writes the numbers of `path` to `ids`. @throws RangeError if it is not that of a value. */
function locate(path: Path, ids: Int32Array, at: number): void {
  const { length } = path;
  let to = at;
  let id = 0;
  ids[at + RESOURCE_DEPTH] = NONE;
  for (let i = 1; i < length; i++) {
    const code = path.charCodeAt(i);
    if (code !== SLASH) id = id * 10 + code - ZERO;
    else {
      ids[to] = id;
      to += 1;
      id = 0;
    }
  }
  ids[to] = id;
  if (to < at + RESOURCE_DEPTH - 1) throw new RangeError(`${path} is no Resource`);
}

function compare(ids: Int32Array, a: number, b: number): number {
  return ids[a]! - ids[b]! || ids[a + 1]! - ids[b + 1]! || ids[a + 2]! - ids[b + 2]! || ids[a + 3]! - ids[b + 3]!;
}
