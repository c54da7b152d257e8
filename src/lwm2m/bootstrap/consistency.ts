/** Whether a configuration is one to live with, and the provision that it is (LwM2M Core 1.2 §6.1.6). */

import { Secret } from "../../base/secret.ts";
import { idAt, path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account, AccessRule, BootstrapAccount, Credentials, Provision } from "../account.ts";
import { isCount, isShortServerId, MAX_ACCOUNTS, MAX_RULES, optionalFields } from "../account-fields.ts";
import { Access, ACCESS_CONTROL, NO_SEC, SECURITY, Security, SECURITY_MODES, SERVER, Server } from "./configuration.ts";

/** Letters of /1/x/7; Q stands for Queue Mode where LwM2M 1.0 is spoken (LwM2M Core 1.2 §6.2.1.2, 1.0 §5.3.1.1). */
const BINDING = /^[UMHTSN]*Q?[UMHTSN]*Q?$/;
const SCHEMES: ReadonlySet<string> = new Set(["coap:", "coaps:"]);
const PROVISIONED = "provisioned by bootstrap";
const ALL_RIGHTS = 31;
const MAX_ID = 65_535;
/** In /2/x/2, all servers without an entry; in /2/x/3, the Bootstrap-Server alone (Appendix E.3). */
const OTHERS = 0;
const NO_OWNER = MAX_ID;

type Values = ReadonlyMap<Path, ResourceValue>;

/** What is wrong with a configuration, in words for the log and for the Bootstrap-Server. */
export class Inconsistent extends Error {
  override readonly name = "Inconsistent";
}

export interface Before {
  readonly provision: Provision;
  /** Where the account of the Bootstrap-Server stood when it began. */
  readonly bootstrapInstance: number | undefined;
}

/** @throws Inconsistent naming the first thing that is wrong. */
export function provisionOf(values: Values, before: Before): Provision {
  const accounts = instances(values, SERVER).map((instance) => accountOf(values, instance, before));
  if (accounts.length === 0) throw new Inconsistent("no server to register at");
  if (accounts.length > MAX_ACCOUNTS) throw new Inconsistent(`more than ${MAX_ACCOUNTS} servers`);
  const seen = new Set<number>();
  for (const { shortServerId } of accounts) {
    if (seen.has(shortServerId)) throw new Inconsistent(`Short Server ID ${shortServerId} twice in Object 1`);
    seen.add(shortServerId);
  }
  const bootstrap = bootstrapOf(values, before);
  const written = instances(values, ACCESS_CONTROL).map((instance) => ruleOf(values, instance));
  const access = written.flatMap((rule) => unbootstrapped(rule, seen) ?? []);
  if (written.length > MAX_RULES) throw new Inconsistent(`more than ${MAX_RULES} Instances of Object 2`);
  return { accounts, ...(bootstrap && { bootstrap }), ...(access.length > 0 && { access }) };
}

/** Numbers of the Instances of an Object, ascending. */
export function instances(values: Values, object: number): number[] {
  const found = new Set<number>();
  for (const at of values.keys()) if (idAt(at, 0) === object) found.add(idAt(at, 1) ?? 0);
  return [...found].sort((a, b) => a - b);
}

function accountOf(values: Values, instance: number, { provision }: Before): Account {
  const where = `/${SERVER}/${instance}`;
  const get = (resource: number) => values.get(path(SERVER, instance, resource));
  const shortServerId = get(Server.shortServerId);
  if (!isShortServerId(shortServerId)) throw new Inconsistent(`${where}/0 is no Short Server ID`);
  const lifetime = get(Server.lifetime);
  if (!isCount(lifetime)) throw new Inconsistent(`${where}/1 is no lifetime`);
  const binding = get(Server.binding);
  if (typeof binding !== "string" || binding === "" || !BINDING.test(binding))
    throw new Inconsistent(`${where}/7 is no binding`);
  const security = securityOf(values, shortServerId);
  if (security === undefined) throw new Inconsistent(`no Instance of Object 0 for server ${shortServerId}`);
  // Neither Object can say these: what was known of a server holds on.
  const known = provision.accounts.find((account) => account.shortServerId === shortServerId);
  const version = known?.version ?? provision.bootstrap?.version;
  const queue = binding.includes("Q") || known?.queue;
  const mode = get(Server.notificationMode);
  return {
    ...securityFields(values, security),
    lifetime,
    shortServerId,
    securityInstance: security,
    serverInstance: instance,
    ...optionalFields(get),
    binding: binding.replaceAll("Q", "") || "U",
    ...(queue !== undefined && { queue }),
    ...(mode !== undefined && { confirmNotifications: mode === 1 }),
    ...(version !== undefined && { version }),
  };
}

/** Of several ways to one server, the first that we can go. */
function securityOf(values: Values, shortServerId: number): number | undefined {
  const found = instances(values, SECURITY).filter(
    (instance) =>
      values.get(path(SECURITY, instance, Security.shortServerId)) === shortServerId && !isBootstrap(values, instance),
  );
  return found.find((instance) => isUsable(values.get(path(SECURITY, instance, Security.uri)))) ?? found[0];
}

function isBootstrap(values: Values, instance: number): boolean {
  return values.get(path(SECURITY, instance, Security.bootstrap)) === true;
}

/**
 * At most one account is that of a Bootstrap-Server (§6.1.2). Another one takes the place of the present one; if there
 * is none left, the present one stays: it must survive Delete, and without it nobody could help from afar again (E73).
 * Its Short Server ID may be anything (E74): 1.0 wants none, some servers write 0 or 65535.
 */
function bootstrapOf(values: Values, { provision, bootstrapInstance }: Before): BootstrapAccount | undefined {
  const all = instances(values, SECURITY).filter((instance) => isBootstrap(values, instance));
  const others = all.filter((instance) => instance !== bootstrapInstance);
  if (others.length > 1) throw new Inconsistent("several Bootstrap-Servers in Object 0");
  const instance = others[0] ?? all[0];
  const { bootstrap } = provision;
  if (instance === undefined) return bootstrap && withoutPlace(bootstrap);
  const holdOff = values.get(path(SECURITY, instance, Security.holdOff));
  const accountTimeout = values.get(path(SECURITY, instance, Security.accountTimeout));
  return {
    ...securityFields(values, instance),
    securityInstance: instance,
    ...(isCount(holdOff) && { holdOff }),
    ...(isCount(accountTimeout) && { accountTimeout }),
    ...(bootstrap?.version !== undefined && { version: bootstrap.version }),
    ...(bootstrap?.listen !== undefined && { listen: bootstrap.listen }),
  };
}

/** Its Instance has been given to another: it takes one that is free. */
function withoutPlace(account: BootstrapAccount): BootstrapAccount {
  const { uri, credentials, holdOff, accountTimeout, version, listen } = account;
  return {
    uri,
    ...(credentials && { credentials }),
    ...(holdOff !== undefined && { holdOff }),
    ...(accountTimeout !== undefined && { accountTimeout }),
    ...(version && { version }),
    ...(listen !== undefined && { listen }),
  };
}

interface SecurityFields {
  readonly uri: string;
  readonly credentials?: Credentials;
}

function securityFields(values: Values, instance: number): SecurityFields {
  const where = `/${SECURITY}/${instance}`;
  const get = (resource: number) => values.get(path(SECURITY, instance, resource));
  const uri = get(Security.uri);
  if (!isUsable(uri)) throw new Inconsistent(`${where}/0 is no URI of coap or coaps`);
  const mode = get(Security.mode) ?? NO_SEC;
  if (mode === NO_SEC) {
    if (uri.startsWith("coaps:")) throw new Inconsistent(`${where}/2 is NoSec, but ${where}/0 is coaps`);
    return { uri };
  }
  const name = typeof mode === "number" ? SECURITY_MODES[mode] : undefined;
  if (name === undefined) throw new Inconsistent(`${where}/2 is no security mode of ours`);
  const identity = get(Security.identity);
  const serverKey = get(Security.serverKey);
  const secretKey = get(Security.secretKey);
  if (!(identity instanceof Uint8Array) || !(secretKey instanceof Uint8Array) || secretKey.length === 0)
    throw new Inconsistent(`${where} lacks its identity or its key`);
  const secret = new Secret(Buffer.from(secretKey).toString("hex"), PROVISIONED);
  const key = serverKey instanceof Uint8Array && serverKey.length > 0 ? { serverKey } : {};
  return { uri, credentials: { mode: name, identity, ...key, secretKey: secret } };
}

function isUsable(uri: ResourceValue | undefined): uri is string {
  if (typeof uri !== "string" || !URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return SCHEMES.has(protocol) && hostname !== "";
}

/**
 * A rule without the servers that are gone (LwM2M Transport 1.1 §5.2.5): of those that are left in it, the one with the
 * most rights inherits it from an owner that is gone; a rule of nobody ends.
 */
function unbootstrapped(rule: AccessRule, servers: ReadonlySet<number>): AccessRule | undefined {
  const rights = new Map([...rule.rights].filter(([ssid]) => ssid === OTHERS || servers.has(ssid)));
  if (rule.owner === NO_OWNER || servers.has(rule.owner)) return { ...rule, rights };
  const [heir] = [...rights].filter(([ssid]) => ssid !== OTHERS).sort(([, a], [, b]) => bits(b) - bits(a));
  return heir && { ...rule, rights, owner: heir[0] };
}

const bits = (rights: number): number => rights.toString(2).replaceAll("0", "").length;

function ruleOf(values: Values, instance: number): AccessRule {
  const where = path(ACCESS_CONTROL, instance);
  const id = (resource: number): number => {
    const value = values.get(path(ACCESS_CONTROL, instance, resource));
    if (!isCount(value) || value > MAX_ID) throw new Inconsistent(`${where}/${resource} is no number of 0 to 65535`);
    return value;
  };
  const rights = new Map<number, number>();
  for (const [at, value] of values) {
    if (idAt(at, 0) !== ACCESS_CONTROL || idAt(at, 1) !== instance || idAt(at, 2) !== Access.acl) continue;
    if (!isCount(value) || value > ALL_RIGHTS) throw new Inconsistent(`${at} is no set of rights`);
    rights.set(idAt(at, 3) ?? 0, value);
  }
  return {
    instance,
    object: id(Access.object),
    objectInstance: id(Access.objectInstance),
    rights,
    owner: id(Access.owner),
  };
}
