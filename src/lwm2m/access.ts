/** Which server may do what to which Object Instance (LwM2M Core 1.2 §8.2). */

import { contains, depth, idAt, MAX_ID, type Path } from "../model/path.ts";
import type { AccessRule } from "./account.ts";
import { MAX_RULES } from "./account-fields.ts";
import { type Provisioned, SERVER_OBJECT } from "./provisioned.ts";

/** Bits of /2/x/2 (LwM2M Core 1.2 Appendix E.3). */
export const Right = { Read: 1, Write: 2, Execute: 4, Delete: 8, Create: 16 } as const;

/** Stands for no Instance in /2/x/1, and for no server in /2/x/3. */
export const NOBODY_ID = MAX_ID + 1;
const ALL_RIGHTS = 31;
const ACCESS_CONTROL = 2;
/** The entry of /2/x/2 for all servers that have none of their own. */
const OTHERS = 0;

/**
 * Whether `shortServerId` may do to `where`, an Object Instance or an Object in which to create one, what `right` stands for.
 *
 * A single server may do everything (§8.2.1). Of several, each may do what the rule about an Instance says. What no rule
 * is about belongs to all of them alike, since a Bootstrap-Server cannot know which Instances a sensor will have; only
 * the Server Object Instance of another is closed.
 */
export function permits(provisioned: Provisioned, shortServerId: number, where: Path, right: number): boolean {
  if (provisioned.accounts.length <= 1) return true;
  const object = idAt(where, 0);
  if (object === ACCESS_CONTROL) return permitsRule(provisioned, shortServerId, where, right);
  const rule = ruleAbout(provisioned.access, where);
  if (rule !== undefined) return (rightsOf(rule, shortServerId) & right) !== 0;
  if (depth(where) < 2 || !contains(SERVER_OBJECT, where)) return true;
  const own = provisioned.servers().find(([, account]) => account.shortServerId === shortServerId);
  return own?.[0] === where;
}

/** The bits that a rule gives: an entry of one's own, else all for the owner, else what all others have (§8.2.2). */
export function rightsOf({ rights, owner }: AccessRule, shortServerId: number): number {
  return rights.get(shortServerId) ?? (owner === shortServerId ? ALL_RIGHTS : (rights.get(OTHERS) ?? 0));
}

/** Rules themselves: their owner may change them, and everyone may read them, to know what is allowed (§8.1.2). */
function permitsRule({ access = [] }: Provisioned, shortServerId: number, where: Path, right: number): boolean {
  const rule = access.find(({ instance }) => instance === idAt(where, 1));
  return right === Right.Read || (right === Right.Write && rule?.owner === shortServerId);
}

function ruleAbout(access: readonly AccessRule[] | undefined, where: Path): AccessRule | undefined {
  const object = idAt(where, 0);
  const instance = idAt(where, 1) ?? NOBODY_ID;
  return access?.find((rule) => rule.object === object && rule.objectInstance === instance);
}

/** A server has created an Instance: where there are several, it is the owner, and the others have no rights (§8.1.1). */
export function claim(provisioned: Provisioned, shortServerId: number, where: Path): void {
  const { accounts, access = [] } = provisioned;
  const [object, objectInstance] = [idAt(where, 0), idAt(where, 1)];
  if (accounts.length <= 1 || object === undefined || objectInstance === undefined) return;
  const others = access.filter((rule) => rule.object !== object || rule.objectInstance !== objectInstance);
  if (others.length >= MAX_RULES) return;
  const taken = new Set(others.map(({ instance }) => instance));
  let instance = 0;
  while (taken.has(instance)) instance += 1;
  provisioned.changeAccess([...others, { instance, object, objectInstance, rights: new Map(), owner: shortServerId }]);
}

/** An Instance is gone, and with it the rule about it. */
export function disclaim(provisioned: Provisioned, where: Path): void {
  const rule = ruleAbout(provisioned.access, where);
  if (rule !== undefined) provisioned.changeAccess((provisioned.access ?? []).filter((other) => other !== rule));
}
