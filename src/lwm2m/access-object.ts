/** Object 2, Access Control, in a tree: shown while there are several servers and rules between them (LwM2M Core 1.2 §8.1). */

import type { Clock } from "../base/clock.ts";
import { child, contains, idAt, path, type Path } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";
import type { AccessRule } from "./account.ts";
import type { Provisioned } from "./provisioned.ts";
import type { ObjectTree } from "./tree.ts";

const ACCESS_CONTROL = path(2);
/** Resources of Object 2 (Appendix E.3). */
const OBJECT = 0;
const OBJECT_INSTANCE = 1;
const ACL = 2;
const OWNER = 3;

/** Keeps the tree as the rules are, and the rules as owners write them. */
export class AccessObject {
  readonly #tree: ObjectTree;
  readonly #provisioned: Provisioned;
  readonly #clock: Clock;
  /** While the tree is brought in line, what changes in it is nothing new. */
  #showing = false;

  constructor(tree: ObjectTree, provisioned: Provisioned, clock: Clock) {
    this.#tree = tree;
    this.#provisioned = provisioned;
    this.#clock = clock;
    tree.onStored((at) => {
      if (!this.#showing && contains(ACCESS_CONTROL, at)) this.#written(path(2, idAt(at, 1) ?? 0));
    });
  }

  /** Brings the tree in line with the rules; with one server or none there is nothing to show. */
  show(): void {
    const { accounts, access = [] } = this.#provisioned;
    const rules = accounts.length > 1 ? access : [];
    const shown = new Set(rules.map(({ instance }) => path(2, instance)));
    this.#showing = true;
    for (const instance of this.#tree.instances())
      if (contains(ACCESS_CONTROL, instance) && !shown.has(instance)) this.#tree.removeInstance(instance);
    for (const rule of rules) this.#showRule(rule);
    this.#showing = false;
  }

  #showRule(rule: AccessRule): void {
    const instance = path(2, rule.instance);
    const at = this.#clock.now();
    // All of it as one change: observers hear of no rule that is half there.
    const changed: ResourceUpdate[] = [];
    const set = (where: Path, value: ResourceValue) => {
      if (this.#tree.get(where)?.value !== value) changed.push({ path: where, value, at });
    };
    if (!this.#tree.hasInstance(instance)) {
      this.#tree.addInstance(instance);
      this.#tree.allowWrite(child(instance, ACL));
      this.#tree.allowWrite(child(instance, OWNER));
    }
    const acl = child(instance, ACL);
    set(child(instance, OBJECT), rule.object);
    set(child(instance, OBJECT_INSTANCE), rule.objectInstance);
    set(child(instance, OWNER), rule.owner);
    for (const [where] of this.#tree.entries(acl)) if (!rule.rights.has(idAt(where, 3) ?? -1)) this.#tree.delete(where);
    for (const [shortServerId, rights] of rule.rights) set(child(acl, shortServerId), rights);
    this.#tree.setAll(changed);
    // A list without entries is one that can be read: the owner may do everything (§8.2.2).
    if (rule.rights.size === 0) this.#tree.setInstances(acl, [], at);
  }

  /** An owner has written to a rule: the operation has checked types and ranges. */
  #written(instance: Path): void {
    const { access = [] } = this.#provisioned;
    const before = access.find((rule) => rule.instance === idAt(instance, 1));
    if (before === undefined) return;
    const owner = this.#tree.get(child(instance, OWNER))?.value;
    const rights = new Map<number, number>();
    for (const [where, { value }] of this.#tree.entries(child(instance, ACL)))
      if (typeof value === "number") rights.set(idAt(where, 3) ?? 0, value);
    const after: AccessRule = { ...before, rights, owner: typeof owner === "number" ? owner : before.owner };
    this.#provisioned.changeAccess(access.map((rule) => (rule === before ? after : rule)));
  }
}
