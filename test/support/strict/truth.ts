/** What is so at the client, to hold its words against. */

import type { ObjectRegistry } from "../../../src/model/objects.ts";
import { path as pathOf, parsePath, ROOT } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import type { ObjectTree } from "../../../src/lwm2m/index.ts";
import { check } from "./message.ts";
import type { Told, TypeAt } from "./bodies.ts";

/** The client, as far as its judge may look behind its words. */
export interface Client {
  readonly tree: ObjectTree;
  readonly models: ObjectRegistry;
  readonly typeAt: TypeAt;
  /** Monotonic milliseconds. */
  now(): number;
  /** Spoken at present. */
  version(): string;
  /** Seconds, as they must be announced. */
  lifetime(): number;
  /** All Instances that a server sees, in ascending order. */
  instances(): readonly string[];
  /** The same, and as it was within the last minutes: an Update may have waited for its turn. */
  recently(): readonly string[];
  muted(): boolean;
  /** Whether the client is between two connections: what was under way on the old one counts no more. */
  moves(): boolean;
  /** False as soon as a clock was set, or values were dated back: then times may come in any order. */
  orderly: boolean;
}

/** Values that a server may read at or below a path: those of the tree, lifted where their Resource is multiple. */
export function truth({ tree, models }: Client, base: string): Map<string, ResourceValue> {
  const found = new Map<string, ResourceValue>();
  const where = base === "/" ? ROOT : parsePath(base);
  if (where === undefined) return found;
  for (const [path, { value }] of tree.entries(where)) {
    const model = models.resource(path);
    if (model !== undefined && !model.operations.includes("R")) continue;
    const lifted = model?.multiple === true && path.split("/").length === 4 ? `${path}/0` : path;
    if (tree.covers(path)) found.set(lifted, value);
  }
  return found;
}

/** @throws Fault unless what was told is what is there, all of it and nothing else. Object 1 stands in no tree. */
export function compare(client: Client, bases: readonly string[], told: readonly Told[]): void {
  const wanted = new Map(bases.flatMap((base) => [...truth(client, base)]));
  const visible = told.filter(({ path }) => !path.startsWith("/1/"));
  for (const { path, value } of visible) {
    check(wanted.has(path), `nothing at ${path}`);
    check(same(value, wanted.get(path)!), `${path} to be ${shown(wanted.get(path)!)}, not ${shown(value)}`);
    wanted.delete(path);
  }
  check(wanted.size === 0, `${[...wanted.keys()].join()}, too`);
}

/** @throws Fault if a path lies outside of all Instances that are there. */
export function truthAt(client: Client, path: string): void {
  const [, object = "", instance = ""] = path.split("/");
  const known = client.tree.hasInstance(pathOf(Number(object), Number(instance)));
  check(known || object === "1", `nothing of ${path}, which is not there`);
}

export function same(a: ResourceValue, b: ResourceValue): boolean {
  return shown(a) === shown(b);
}

export function shown(value: ResourceValue): string {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return typeof value === "object"
    ? `${value.object}:${value.instance}`
    : `${typeof value === "string" ? "'" : ""}${value}`;
}

/** All that is there, as one text: equal before and after what must change nothing. */
export function snapshot({ tree }: Client): string {
  return [...tree.instances(), ...tree.entries(ROOT).map(([path, { value }]) => `${path}=${shown(value)}`)].join("\n");
}
