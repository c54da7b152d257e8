/** Models for the codec tests: the registry, and one Object of our own with a Resource of every type. */

import { readFileSync } from "node:fs";
import type { Node } from "../../src/content/node.ts";
import type { ObjectRegistry, ResourceModel } from "../../src/model/objects.ts";
import { type Path, parsePath } from "../../src/model/path.ts";
import { loadRegistry } from "../../src/model/registry.ts";
import type { ResourceType, ResourceValue } from "../../src/model/value.ts";

export const TYPES: readonly ResourceType[] = [
  "string",
  "integer",
  "unsigned",
  "float",
  "boolean",
  "opaque",
  "time",
  "objlnk",
  "corelnk",
];

/** Object 4000: Resource i has type i and one value, Resource 100 + i has type i and several. */
const ZOO = 4000;
const MANY = 100;

export function registryFile(): unknown {
  return JSON.parse(readFileSync(new URL("../../src/model/registry.json", import.meta.url), "utf8"));
}

const resources = new Map(
  TYPES.flatMap((type, i): [number, ResourceModel][] => [
    [i, resource(i, type, false)],
    [MANY + i, resource(MANY + i, type, true)],
  ]),
);

export const models: ObjectRegistry = loadRegistry(registryFile(), [
  { id: ZOO, name: "Zoo", version: "1.0", multiple: true, mandatory: false, resources },
]);

export const modelOf = (path: Path): ResourceModel | undefined => models.resource(path);

/** The path of the Resource of `type` in the zoo. */
export function zooPath(type: ResourceType, instance = 0): Path {
  return at(`/${ZOO}/${instance}/${TYPES.indexOf(type)}`);
}

/** The path of one Resource Instance of `type` in the zoo. */
export function zooInstance(type: ResourceType, index: number, instance = 0): Path {
  return at(`/${ZOO}/${instance}/${MANY + TYPES.indexOf(type)}/${index}`);
}

/** A path in a test: spelled right, or the test is wrong. */
export function at(text: string): Path {
  const path = parsePath(text);
  if (path === undefined) throw new Error(`the test names no path: ${text}`);
  return path;
}

/** A node with the type its model gives it. */
export function node(text: string, value: ResourceValue, time?: number): Node {
  const path = at(text);
  const type = modelOf(path)?.type;
  if (!type) throw new Error(`the test names no resource: ${text}`);
  return { path, type, value, ...(time !== undefined && { time }) };
}

function resource(id: number, type: ResourceType, multiple: boolean): ResourceModel {
  return { id, name: type, type, operations: "RW", multiple, mandatory: false };
}
