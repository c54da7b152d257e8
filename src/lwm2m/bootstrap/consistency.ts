/** Whether a configuration is one to live with, and the provision that it is (LwM2M Core 1.2 §6.1.6). */

import { idAt, path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account, AccessRule, BootstrapAccount, Provision } from "../account.ts";
import { isCount, isShortServerId, MAX_ACCOUNTS, MAX_RULES, optionalFields, securityOf } from "../account-fields.ts";
import { Access, ACCESS_CONTROL, SERVER, Server } from "./configuration.ts";
import { Inconsistent, isUsable, SECURITY, Security, securityFields } from "./security.ts";

export { Inconsistent } from "./security.ts";

/** Letters of /1/x/7; Q stands for Queue Mode where LwM2M 1.0 is spoken (LwM2M Core 1.2 §6.2.1.2, 1.0 §5.3.1.1). */
const BINDING = /^[UMHTSN]*Q?[UMHTSN]*Q?$/;
const ALL_RIGHTS = 31;
const MAX_ID = 65_535;
/** In /2/x/2, all servers without an entry; in /2/x/3, the Bootstrap-Server alone (Appendix E.3). */
const OTHERS = 0;
const NO_OWNER = MAX_ID;

type Values = ReadonlyMap<Path, ResourceValue>;

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
  forbidSharedOscore(bootstrap ? [...accounts, bootstrap] : accounts);
  const written = instances(values, ACCESS_CONTROL).map((instance) => ruleOf(values, instance));
  const access = written.flatMap((rule) => unbootstrapped(rule, seen) ?? []);
  if (written.length > MAX_RULES) throw new Inconsistent(`more than ${MAX_RULES} Instances of Object 2`);
  return { accounts, ...(bootstrap && { bootstrap }), ...(access.length > 0 && { access }) };
}

/** Under one context, answers to two servers could be sealed with the same nonce (RFC 8613 §3.3, §8.3). */
function forbidSharedOscore(accounts: readonly (Account | BootstrapAccount)[]): void {
  const used = new Set<number>();
  for (const { oscore } of accounts) {
    if (oscore?.instance === undefined) continue;
    if (used.has(oscore.instance)) throw new Inconsistent(`/21/${oscore.instance} is the context of two servers`);
    used.add(oscore.instance);
  }
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
  const security = wayTo(values, shortServerId, binding);
  if (security === undefined) throw new Inconsistent(`no Instance of Object 0 for server ${shortServerId}`);
  // Neither Object can say these: what was known of a server holds on.
  const known = provision.accounts.find((account) => account.shortServerId === shortServerId);
  const version = known?.version ?? provision.bootstrap?.version;
  const trust = known?.trust ?? provision.bootstrap?.trust;
  const secured = securityFields(values, security);
  const isProven = secured.credentials !== undefined || secured.oscore !== undefined;
  const lacking = isProven || known?.uri !== secured.uri ? undefined : known.lacking;
  const queue = binding.includes("Q") || known?.queue;
  const mode = get(Server.notificationMode);
  return {
    ...secured,
    lifetime,
    shortServerId,
    securityInstance: security,
    serverInstance: instance,
    ...optionalFields(get),
    binding: binding.replaceAll("Q", "") || "U",
    ...(queue !== undefined && { queue }),
    ...(mode !== undefined && { confirmNotifications: mode === 1 }),
    ...(version !== undefined && { version }),
    ...(trust && { trust }),
    ...(lacking !== undefined && { lacking }),
  };
}

/**
 * Of several ways to one server, the first that we can go: over the transport that is preferred, if there is such a one
 * (LwM2M Core 1.2 §6.2.1.2).
 */
function wayTo(values: Values, shortServerId: number, binding: string): number | undefined {
  const uri = (instance: number) => values.get(path(SECURITY, instance, Security.uri));
  const found = instances(values, SECURITY).filter(
    (instance) =>
      values.get(path(SECURITY, instance, Security.shortServerId)) === shortServerId && !isBootstrap(values, instance),
  );
  const usable = found.filter((instance) => isUsable(uri(instance)));
  return usable.find((instance) => isTcp(uri(instance)) === binding.startsWith("T")) ?? usable[0] ?? found[0];
}

const isTcp = (uri: ResourceValue | undefined): boolean => typeof uri === "string" && uri.includes("+tcp:");

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
    ...(bootstrap?.trust && { trust: bootstrap.trust }),
  };
}

/** Its Instance has been given to another: it takes one that is free. */
function withoutPlace(account: BootstrapAccount): BootstrapAccount {
  const { uri, holdOff, accountTimeout, version, listen } = account;
  return {
    uri,
    ...securityOf(account),
    ...(holdOff !== undefined && { holdOff }),
    ...(accountTimeout !== undefined && { accountTimeout }),
    ...(version && { version }),
    ...(listen !== undefined && { listen }),
  };
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
