/** What all formats agree on: which model a path has, and that a value is of its type before it is written. */

import { DecodeError } from "../base/bytes.ts";
import type { ResourceModel } from "../model/objects.ts";
import { depth, type Path } from "../model/path.ts";
import { fits } from "../model/value.ts";
import type { ModelOf, Node } from "./node.ts";

const RESOURCE = 3;
const RESOURCE_INSTANCE = 4;

/**
 * The model of one value: at depth 3 if its Resource is single, at depth 4 if it is multiple.
 * `level` is the depth of `path`, for those who know it already.
 * @throws DecodeError naming the path if there is none, or it has the other depth.
 */
export function modelAt(path: Path, model: ModelOf, level = depth(path)): ResourceModel {
  const found = model(path);
  if (!found) throw new DecodeError(`${path}: unknown resource`);
  const wanted = found.multiple ? RESOURCE_INSTANCE : RESOURCE;
  if (level !== wanted)
    throw new DecodeError(`${path}: ${found.multiple ? "an instance of it is wanted" : "it has no instances"}`);
  return found;
}

/** The only node, lying at `base`: for formats of one value. @throws RangeError if there are others. */
export function onlyNode(nodes: readonly Node[], base: Path): Node {
  const [node] = nodes;
  if (!node || nodes.length !== 1 || node.path !== base)
    throw new RangeError(`${base}: this format carries one single value`);
  return checked(node);
}

/** The node itself. @throws RangeError if its value is not of its type. */
export function checked(node: Node): Node {
  if (!fits(node.value, node.type)) throw wrongType(node);
  return node;
}

/** The nodes themselves. @throws DecodeError if a path comes twice: of two values, neither is the one that was meant. */
export function distinct(nodes: Node[]): Node[] {
  // In ascending order, as nearly all are, no path can come twice.
  let inOrder = true;
  for (let i = 1; i < nodes.length && inOrder; i++) inOrder = nodes[i]!.path > nodes[i - 1]!.path;
  if (inOrder) return nodes;
  const paths = new Set<Path>();
  for (const { path } of nodes)
    if (paths.size === paths.add(path).size) throw new DecodeError(`${path}: more than once`);
  return nodes;
}

export function wrongType(node: Node): RangeError {
  return new RangeError(`${node.path}: ${typeof node.value} is no ${node.type}`);
}

export function refused(path: Path, type: string): DecodeError {
  return new DecodeError(`${path}: not a valid ${type}`);
}
