/**
 * LwM2M CBOR: maps within maps, the numbers of a path for keys (LwM2M Core 1.2 §7.4.7).
 *
 *     {3303: {0: {5700: 22.5, 5701: "Cel"}}}     one level for each number
 *     {[3303, 0]: {5700: 22.5, 5701: "Cel"}}     the same; an array of numbers is several levels at once
 *
 * Paths begin at the root, whatever was asked for. There are no times.
 */

import { child, contains, depth, MAX_ID, type Path, ROOT } from "../model/path.ts";
import { fits, type ResourceType } from "../model/value.ts";
import { CborReader, EPOCH_TAG, Major, writeHead } from "./cbor.ts";
import { readItem, writeItem } from "./cbor-value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { NONE, Places } from "./places.ts";
import { Sink } from "./sink.ts";
import { checked, distinct, modelAt, refused } from "./typed.ts";

const RESOURCE_DEPTH = 3;
const RESOURCE_INSTANCE_DEPTH = 4;

const out = new Sink();
const places = new Places();

export const lwm2mCbor: Codec = {
  format: 11544,
  structured: true,
  timed: false,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    for (const { path, time } of nodes)
      if (time !== undefined) throw new RangeError(`${path}: LwM2M CBOR has no times`);
    const sorted = places.arrange(nodes, base);
    out.reset();
    const shared = sharedLevels(sorted.length);
    if (shared === 0) writeMap(sorted, 0, { from: 0, to: sorted.length });
    else {
      writeHead(out, Major.map, 1);
      if (shared > 1) writeHead(out, Major.array, shared);
      for (let level = 0; level < shared; level++) writeHead(out, Major.unsigned, places.id(0, level));
      writeBelow(sorted, shared, { from: 0, to: sorted.length });
    }
    return out.take();
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const nodes: Node[] = [];
    readTree(bytes, (path, input) => {
      if (!contains(base, path)) throw input.error(`${path}, which is not below ${base},`);
      nodes.push(readNode(path, input, model));
    });
    return distinct(nodes);
  },
};

/** The nodes from `from` up to `to`, which lie below the same path. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** How many numbers all paths begin with: in ascending order, the first and the last have no fewer than the others. */
function sharedLevels(count: number): number {
  if (count === 0) return 0;
  let level = 0;
  while (level < RESOURCE_INSTANCE_DEPTH && places.id(0, level) === places.id(count - 1, level)) {
    if (places.id(0, level) === NONE) break;
    level += 1;
  }
  return level;
}

function writeMap(nodes: readonly Node[], level: number, { from, to }: Range): void {
  let count = 0;
  for (let i = from; i < to; i = endOfGroup(i, to, level)) count += 1;
  writeHead(out, Major.map, count);
  for (let i = from; i < to; ) {
    const end = endOfGroup(i, to, level);
    writeHead(out, Major.unsigned, places.id(i, level));
    writeBelow(nodes, level + 1, { from: i, to: end });
    i = end;
  }
}

/** What stands under a key: a value, or a map of what lies below. */
function writeBelow(nodes: readonly Node[], level: number, range: Range): void {
  const { from, to } = range;
  const isValue = level === RESOURCE_INSTANCE_DEPTH || (level === RESOURCE_DEPTH && places.id(from, level) === NONE);
  if (!isValue) writeMap(nodes, level, range);
  else {
    const node = checked(nodes[from]!);
    if (to > from + 1) throw new RangeError(`${node.path}: both a value and Instances`);
    if (node.type === "time") writeHead(out, Major.tag, EPOCH_TAG);
    writeItem(out, node);
  }
}

function endOfGroup(from: number, to: number, level: number): number {
  const id = places.id(from, level);
  let end = from + 1;
  while (end < to && places.id(end, level) === id) end += 1;
  return end;
}

/** Called with the reader before the value of `path`: takes exactly that value. */
export type Leaf = (path: Path, input: CborReader) => void;

/** Hands over every value that is no map. @throws DecodeError if a key is no path, or `leaf` says so. */
export function readTree(bytes: Uint8Array, leaf: Leaf): void {
  const input = new CborReader(bytes);
  readMap(input, ROOT, leaf);
  if (!input.done) throw input.error("more than one map");
}

/** Nested no deeper than a path is long: every key adds to it. */
function readMap(input: CborReader, above: Path, leaf: Leaf): void {
  let left = input.map();
  for (; !input.endsHere(left); left -= left < 0 ? 0 : 1) {
    const path = readKey(input, above);
    if (input.kind() === "map") readMap(input, path, leaf);
    else leaf(path, input);
  }
}

function readKey(input: CborReader, above: Path): Path {
  if (input.kind() !== "array") return readId(input, above);
  let path = above;
  let left = input.array();
  for (; !input.endsHere(left); left -= left < 0 ? 0 : 1) path = readId(input, path);
  if (path === above) throw input.error(`a key without numbers below ${above}`);
  return path;
}

function readId(input: CborReader, above: Path): Path {
  if (input.kind() !== "integer") throw input.error(`a key below ${above} that is no number`);
  const id = Number(input.integer());
  if (id < 0 || id > MAX_ID) throw input.error(`${id} below ${above} is no identifier`); // §7.2.1
  if (depth(above) === RESOURCE_INSTANCE_DEPTH) throw input.error(`a key below ${above}`);
  return child(above, id);
}

/** One value, by the type of its model. */
export function readNode(path: Path, input: CborReader, model: ModelOf): Node {
  const { type } = modelAt(path, model);
  if (!goesWith(input, type)) throw refused(path, `${type} as LwM2M CBOR`);
  const value = readItem(input, type);
  if (value === undefined || !fits(value, type)) throw refused(path, `${type} as LwM2M CBOR`);
  return { path, type, value };
}

/** Whether what comes next can be of `type`; takes the tag of a Time, which others leave out. */
function goesWith(input: CborReader, type: ResourceType): boolean {
  const kind = input.kind();
  if (type === "time") return kind === "integer" || (kind === "tag" && input.tag() === EPOCH_TAG);
  return kind === KIND[type];
}

const KIND = {
  string: "text",
  corelnk: "text",
  objlnk: "text",
  integer: "integer",
  unsigned: "integer",
  float: "float",
  boolean: "boolean",
  opaque: "bytes",
} as const;
