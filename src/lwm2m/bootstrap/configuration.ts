/** Objects 0, 1, 2 and 21 as a Bootstrap-Server sees them: values by path, made from a provision. */

import { path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account, AccessRule, Provision } from "../account.ts";
import { BOOLEAN_FIELDS, NUMBER_FIELDS, TEXT_FIELDS } from "../account-fields.ts";
import { bindingOf } from "../servers/schemes.ts";
import { free, OSCORE, putSecurity, Security, SECURITY } from "./security.ts";

export const SERVER = 1;
export const ACCESS_CONTROL = 2;

/** Resources of Object 1 that every account has, or that are not what they are called (Appendix E.2). */
export const Server = { shortServerId: 0, lifetime: 1, binding: 7, alert: 11, notificationMode: 26 } as const;

/** Resources of Object 2 (Appendix E.3). */
export const Access = { object: 0, objectInstance: 1, acl: 2, owner: 3 } as const;

/** Every value of Objects 0, 1, 2 and 21, and which of them are the Bootstrap-Server's own account. */
export interface Configuration {
  readonly values: Map<Path, ResourceValue>;
  readonly bootstrapInstance: number | undefined;
  /** In Object 21. */
  readonly bootstrapOscore: number | undefined;
}

export function configurationOf({ accounts, bootstrap, access = [] }: Provision): Configuration {
  const values = new Map<Path, ResourceValue>();
  const all = bootstrap ? [...accounts, bootstrap] : accounts;
  const taken = new Set(all.flatMap(({ securityInstance }) => securityInstance ?? []));
  const oscore = new Set(all.flatMap((account) => account.oscore?.instance ?? []));
  for (const [index, account] of accounts.entries()) {
    const instance = account.securityInstance ?? free(taken);
    putSecurity(values, instance, account, oscore);
    values.set(path(SECURITY, instance, Security.bootstrap), false);
    values.set(path(SECURITY, instance, Security.shortServerId), account.shortServerId);
    putServer(values, account.serverInstance ?? index, account);
  }
  for (const rule of access) putRule(values, rule);
  if (!bootstrap) return { values, bootstrapInstance: undefined, bootstrapOscore: undefined };
  const bootstrapInstance = bootstrap.securityInstance ?? free(taken);
  putSecurity(values, bootstrapInstance, bootstrap, oscore);
  const { holdOff, accountTimeout } = bootstrap;
  values.set(path(SECURITY, bootstrapInstance, Security.bootstrap), true);
  if (holdOff !== undefined) values.set(path(SECURITY, bootstrapInstance, Security.holdOff), holdOff);
  if (accountTimeout !== undefined)
    values.set(path(SECURITY, bootstrapInstance, Security.accountTimeout), accountTimeout);
  return { values, bootstrapInstance, bootstrapOscore: oscoreInstance(values, bootstrapInstance) };
}

/** Where an account's Instance of Object 21 stands. */
function oscoreInstance(values: Configuration["values"], instance: number): number | undefined {
  const link = values.get(path(SECURITY, instance, Security.oscore));
  return typeof link === "object" && "object" in link && link.object === OSCORE ? link.instance : undefined;
}

function putServer(values: Configuration["values"], instance: number, account: Account): void {
  const put = (resource: number, value: ResourceValue | undefined) => {
    if (value !== undefined) values.set(path(SERVER, instance, resource), value);
  };
  put(Server.shortServerId, account.shortServerId);
  put(Server.lifetime, account.lifetime);
  for (const [resource, name] of [...NUMBER_FIELDS, ...BOOLEAN_FIELDS, ...TEXT_FIELDS]) put(resource, account[name]);
  // What every Instance must have (Appendix E.2), said or not.
  put(6, account.storing ?? true);
  put(Server.binding, account.binding ?? bindingOf(account));
  if (account.confirmNotifications !== undefined) put(Server.notificationMode, account.confirmNotifications ? 1 : 0);
}

function putRule(values: Map<Path, ResourceValue>, rule: AccessRule): void {
  const at = (...more: number[]) => path(ACCESS_CONTROL, rule.instance, ...more);
  values.set(at(Access.object), rule.object);
  values.set(at(Access.objectInstance), rule.objectInstance);
  for (const [shortServerId, rights] of rule.rights) values.set(at(Access.acl, shortServerId), rights);
  values.set(at(Access.owner), rule.owner);
}
