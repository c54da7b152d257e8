/** Objects that only tell: values by Resource, brought into a tree as they are known, and taken out where they are not. */

import type { Stamp } from "../../base/clock.ts";
import { child, type Path } from "../../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../../model/value.ts";
import { type ObjectTree, sameValue } from "../tree.ts";

/** A list for a multiple Resource; undefined: not known, and so not there. */
export type Fact = ResourceValue | readonly ResourceValue[] | undefined;

/** Brings an Instance in line with what is known. What is as it was is left alone: its time is when it became so. */
export function tell(tree: ObjectTree, instance: Path, facts: readonly (readonly [number, Fact])[], at: Stamp): void {
  const isNew = !tree.hasInstance(instance);
  tree.addInstance(instance);
  const updates: ResourceUpdate[] = [];
  for (const [id, fact] of facts) {
    const resource = child(instance, id);
    const values = isList(fact) ? fact.map((value, i) => [child(resource, i), value] as const) : [];
    if (fact !== undefined && !isList(fact)) values.push([resource, fact]);
    if (!isNew) clear(tree, resource, values);
    for (const [path, value] of values) {
      const before = tree.get(path)?.value;
      if (before === undefined || !sameValue(before, value)) updates.push({ path, value, at });
    }
  }
  tree.setAll(updates);
}

/** Takes out what is no longer known. */
function clear(tree: ObjectTree, resource: Path, values: readonly (readonly [Path, ResourceValue])[]): void {
  const stays = new Set<Path>(values.map(([path]) => path));
  for (const [path] of tree.entries(resource)) if (!stays.has(path)) tree.delete(path);
}

function isList(fact: Fact): fact is readonly ResourceValue[] {
  return Array.isArray(fact);
}
