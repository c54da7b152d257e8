/** Objects 0, 1 and 2 as a Bootstrap-Server sees them: values by path, made from a provision. */

import { path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account, AccessRule, BootstrapAccount, Credentials, Provision } from "../account.ts";
import { BOOLEAN_FIELDS, NUMBER_FIELDS, TEXT_FIELDS } from "../account-fields.ts";

export const SECURITY = 0;
export const SERVER = 1;
export const ACCESS_CONTROL = 2;
export const OSCORE = 21;

/** Resources of Object 0 (LwM2M Core 1.2 Appendix E.1). */
export const Security = {
  uri: 0,
  bootstrap: 1,
  mode: 2,
  identity: 3,
  serverKey: 4,
  secretKey: 5,
  shortServerId: 10,
  holdOff: 11,
  accountTimeout: 12,
} as const;

/** Resources of Object 1 that every account has, or that are not what they are called (Appendix E.2). */
export const Server = { shortServerId: 0, lifetime: 1, binding: 7, notificationMode: 26 } as const;

/** Resources of Object 2 (Appendix E.3). */
export const Access = { object: 0, objectInstance: 1, acl: 2, owner: 3 } as const;

/** /0/x/2. */
export const SECURITY_MODES: readonly (Credentials["mode"] | undefined)[] = ["psk", "rpk", "x509", undefined];
export const NO_SEC = 3;

const NOTHING = new Uint8Array(0);
const UDP = "U";

type Put = (resource: number, value: ResourceValue | undefined) => void;

/** Every value of Objects 0, 1 and 2, and where the Bootstrap-Server's own account stands among them. */
export interface Configuration {
  readonly values: Map<Path, ResourceValue>;
  readonly bootstrapInstance: number | undefined;
}

export function configurationOf({ accounts, bootstrap, access = [] }: Provision): Configuration {
  const values = new Map<Path, ResourceValue>();
  const at =
    (object: number, instance: number): Put =>
    (resource, value) => {
      if (value !== undefined) values.set(path(object, instance, resource), value);
    };
  const taken = new Set(accounts.flatMap(({ securityInstance }) => securityInstance ?? []));
  if (bootstrap?.securityInstance !== undefined) taken.add(bootstrap.securityInstance);
  for (const [index, account] of accounts.entries()) {
    putSecurity(at(SECURITY, account.securityInstance ?? free(taken)), account);
    putServer(at(SERVER, account.serverInstance ?? index), account);
  }
  const bootstrapInstance = bootstrap && (bootstrap.securityInstance ?? free(taken));
  if (bootstrap && bootstrapInstance !== undefined) putBootstrap(at(SECURITY, bootstrapInstance), bootstrap);
  for (const rule of access) putRule(values, rule);
  return { values, bootstrapInstance };
}

/** The lowest number that is not in use; it is from now on. */
export function free(taken: Set<number>): number {
  let instance = 0;
  while (taken.has(instance)) instance += 1;
  taken.add(instance);
  return instance;
}

function putCredentials(put: Put, { uri, credentials }: Account | BootstrapAccount): void {
  put(Security.uri, uri);
  put(Security.mode, credentials ? SECURITY_MODES.indexOf(credentials.mode) : NO_SEC);
  put(Security.identity, credentials?.identity ?? NOTHING);
  put(Security.serverKey, credentials?.serverKey ?? NOTHING);
  put(Security.secretKey, credentials ? new Uint8Array(Buffer.from(credentials.secretKey.reveal(), "hex")) : NOTHING);
}

function putSecurity(put: Put, account: Account): void {
  putCredentials(put, account);
  put(Security.bootstrap, false);
  put(Security.shortServerId, account.shortServerId);
}

export function putBootstrap(put: Put, account: BootstrapAccount): void {
  putCredentials(put, account);
  put(Security.bootstrap, true);
  put(Security.holdOff, account.holdOff);
  put(Security.accountTimeout, account.accountTimeout);
}

function putServer(put: Put, account: Account): void {
  put(Server.shortServerId, account.shortServerId);
  put(Server.lifetime, account.lifetime);
  for (const [resource, name] of [...NUMBER_FIELDS, ...BOOLEAN_FIELDS, ...TEXT_FIELDS]) put(resource, account[name]);
  // What every Instance must have (Appendix E.2), said or not.
  put(6, account.storing ?? true);
  put(Server.binding, account.binding ?? UDP);
  if (account.confirmNotifications !== undefined) put(Server.notificationMode, account.confirmNotifications ? 1 : 0);
}

function putRule(values: Map<Path, ResourceValue>, rule: AccessRule): void {
  const at = (...more: number[]) => path(ACCESS_CONTROL, rule.instance, ...more);
  values.set(at(Access.object), rule.object);
  values.set(at(Access.objectInstance), rule.objectInstance);
  for (const [shortServerId, rights] of rule.rights) values.set(at(Access.acl, shortServerId), rights);
  values.set(at(Access.owner), rule.owner);
}
