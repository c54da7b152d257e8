/** Instances of other Objects that a bootstrap brings: whole, as Create would have them, or none at all (LwM2M Core 1.2 §6.1.6). */

import type { Clock } from "../../base/clock.ts";
import { CoapError } from "../../coap/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { cut, idAt, type Path } from "../../model/path.ts";
import { type Beginning, beginning, DEFAULT_LIMIT } from "../operations/create.ts";
import type { ObjectTree } from "../tree.ts";
import { Inconsistent } from "./consistency.ts";
import type { Draft, Written } from "./draft.ts";

/** What the tree will be like after Finish, beside the configuration. */
export interface Delivery {
  readonly removed: readonly Path[];
  readonly born: ReadonlyMap<Path, Beginning>;
  /** Values for Instances that are there already. */
  readonly written: readonly Written[];
}

interface House {
  readonly tree: ObjectTree;
  readonly models: ObjectRegistry;
}

/** @throws Inconsistent if a new Instance lacks what is mandatory, or is one too many of its Object. */
export function delivery({ others }: Draft, house: House): Delivery {
  const { tree } = house;
  const removed = [...others.removed];
  const gone = new Set(removed);
  const isThere = (instance: Path) => tree.hasInstance(instance) && !gone.has(instance);
  const fresh = new Map<Path, Written[]>([...others.created].flatMap((at) => (isThere(at) ? [] : [[at, []]])));
  const written: Written[] = [];
  for (const value of others.written) {
    const instance = cut(value[0], 2);
    if (isThere(instance)) written.push(value);
    else fresh.set(instance, [...(fresh.get(instance) ?? []), value]);
  }
  const left = tree.instances().filter((instance) => !gone.has(instance));
  const born = new Map([...fresh].map(([instance, values]) => [instance, birth(instance, values, house)]));
  for (const instance of born.keys()) checkRoom(cut(instance, 1), [...left, ...born.keys()], house);
  return { removed, born, written };
}

/** Puts it into the tree. */
export function deliver({ removed, born, written }: Delivery, tree: ObjectTree, clock: Clock): void {
  const at = clock.now();
  for (const instance of removed) tree.removeInstance(instance);
  for (const [instance, { values, vacant }] of born) {
    tree.addInstance(instance);
    for (const { path, value } of values) tree.store(path, value, at);
    for (const resource of vacant) tree.setInstances(resource, [], at);
  }
  for (const [path, value] of written) tree.store(path, value, at);
}

/** Values are taken for Instances that are there, or may be created; for the latter alone this is asked. */
function birth(instance: Path, values: readonly Written[], { tree, models }: House): Beginning {
  const object = idAt(instance, 0) ?? 0;
  const creation = tree.creation(object);
  const model = models.object(object);
  const nodes = values.map(([path, value]) => ({ path, value }));
  if (creation === undefined || model === undefined) return { values: nodes, vacant: [] };
  try {
    return beginning({ instance, nodes }, { creation, model });
  } catch (error) {
    throw error instanceof CoapError ? new Inconsistent(error.message) : error;
  }
}

function checkRoom(object: Path, all: readonly Path[], { tree, models }: House): void {
  const id = idAt(object, 0) ?? 0;
  const limit = models.object(id)?.multiple === false ? 1 : (tree.creation(id)?.options.limit ?? DEFAULT_LIMIT);
  if (all.filter((instance) => cut(instance, 1) === object).length > limit)
    throw new Inconsistent(`more than ${limit} Instances of ${object}`);
}
