/** The list of Objects that Register and Update carry, inside what every server reads (LwM2M Core 1.1 §6.2.1). */

import { type Link, writeLinks } from "../../content/index.ts";
import { depth, ids, path, type Path } from "../../model/path.ts";
import { comparePaths } from "../values.ts";
import type { View } from "../view.ts";

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();
const ORIGINAL_VERSION = "1.0";

const ROOT_ATTRIBUTES: ReadonlyMap<string, string> = new Map([["rt", "oma.lwm2m"]]);

/**
 * Object Instances in ascending order, each Object newer than 1.0 with its version in front.
 *
 * With Objects at an alternate path, its link says so, and the others stay as they are: they are read as below it.
 * Else no root link: it says nothing that is not the rule, and some servers refuse the whole message over its attributes.
 */
export function registerLinks(view: View, rootPath?: string): string {
  const links: Link[] = rootPath === undefined ? [] : [{ target: rootPath, attributes: ROOT_ATTRIBUTES }];
  let previous: number | undefined;
  for (const target of targets(view)) {
    const object = ids(target)[0]!;
    const isEmpty = depth(target) === 1;
    if (object !== previous) {
      const version = view.announcedVersion(object);
      if (isEmpty || version !== ORIGINAL_VERSION)
        links.push({ target: path(object), attributes: versionAttribute(version) });
    }
    previous = object;
    if (!isEmpty) links.push({ target, attributes: NO_ATTRIBUTES });
  }
  return writeLinks(links);
}

/** Instances, and Objects without any that may get some, such as `</5>` in the example of §6.2.1. */
function targets(view: View): readonly Path[] {
  const empty = view.emptyObjects();
  return empty.length === 0 ? view.instances() : [...view.instances(), ...empty].sort(comparePaths);
}

/** The version of an Object as link attribute; absent for 1.0, where servers assume it (LwM2M Core 1.1 §7.2.2). */
export function versionAttribute(version: string): ReadonlyMap<string, string> {
  return version === ORIGINAL_VERSION ? NO_ATTRIBUTES : new Map([["ver", version]]);
}
