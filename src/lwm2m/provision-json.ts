/** A provision as JSON and back: how what bootstrap gave survives a restart. It shows keys; who stores it guards it. */

import { createHash } from "node:crypto";
import type { Account, AccessRule, BootstrapAccount, Provision, Version } from "./account.ts";
import {
  isCount,
  isShortServerId,
  MAX_ACCOUNTS,
  MAX_RULES,
  optionalFields,
  otherFields,
  securityOf,
} from "./account-fields.ts";
import { securityFromJson, securityToJson } from "./security-json.ts";

type Json = Readonly<Record<string, unknown>>;

const MAX_RIGHTS = 64;
const MAX_URI = 255;
const MAX_ID = 65_535;
const ALL_RIGHTS = 31;

export function provisionToJson({ accounts, bootstrap, access }: Provision): Json {
  return {
    accounts: accounts.map((account) => withCredentials(account)),
    ...(bootstrap && { bootstrap: withCredentials(bootstrap) }),
    ...(access && { access: access.map((rule) => ({ ...rule, rights: [...rule.rights] })) }),
  };
}

/** Reads what `provisionToJson` wrote; undefined if any of it is not what it should be, since half of it is no use. */
export function provisionFromJson(json: unknown): Provision | undefined {
  const { accounts, bootstrap, access } = section(json);
  if (!Array.isArray(accounts) || accounts.length > MAX_ACCOUNTS) return undefined;
  const read = all(accounts.map(accountFromJson));
  const server = bootstrap === undefined ? undefined : bootstrapFromJson(bootstrap);
  const rules = access === undefined ? undefined : rulesFromJson(access);
  if (read === undefined || new Set(read.map(({ shortServerId }) => shortServerId)).size < read.length)
    return undefined;
  if ((bootstrap !== undefined && !server) || (access !== undefined && !rules)) return undefined;
  return { accounts: read, ...(server && { bootstrap: server }), ...(rules && { access: rules }) };
}

/** Whether two accounts lead to the same server, with the same credentials. */
export function sameWay(a: Account, b: Account): boolean {
  const way = (account: Account) => canonical([wayOf(account), securityToJson(account)]);
  return a === b || way(a) === way(b);
}

/** Whether two accounts lead to the same server, and only how we prove who we are may be another. */
export function sameServer(a: Account, b: Account): boolean {
  return a === b || canonical(wayOf(a)) === canonical(wayOf(b));
}

const wayOf = ({ uri, version = "1.1" }: Account): Json => ({ uri, version });

/** Whether two accounts are the same in all they say, credentials included. */
export function sameAccount(a: Account | BootstrapAccount, b: Account | BootstrapAccount): boolean {
  return a === b || canonical(withCredentials(a)) === canonical(withCredentials(b));
}

/** Short text that is the same for the same provision, and tells nothing of it. */
export function fingerprint(provision: Provision): string {
  return createHash("sha256")
    .update(canonical(provisionToJson(provision)))
    .digest("base64url");
}

function withCredentials(account: Account | BootstrapAccount): Json {
  return { ...otherFields(account), ...securityToJson(securityOf(account)) };
}

/** JSON with the keys of every section in order: fields have none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function accountFromJson(json: unknown): Account | undefined {
  const fields = section(json);
  const { uri, lifetime, shortServerId, queue, confirmNotifications } = fields;
  const common = commonFromJson(fields);
  if (!isUri(uri) || !isCount(lifetime) || !isShortServerId(shortServerId) || !common) return undefined;
  const serverInstance = fields["serverInstance"];
  if (serverInstance !== undefined && !isId(serverInstance)) return undefined;
  return {
    uri,
    lifetime,
    shortServerId,
    ...common,
    ...(serverInstance !== undefined && { serverInstance }),
    ...optionalFields((_, name) => fields[name]),
    ...(typeof queue === "boolean" && { queue }),
    ...(typeof confirmNotifications === "boolean" && { confirmNotifications }),
  };
}

function bootstrapFromJson(json: unknown): BootstrapAccount | undefined {
  const fields = section(json);
  const { uri, holdOff, accountTimeout, purgeAt, listen } = fields;
  const common = commonFromJson(fields);
  if (!isUri(uri) || !common) return undefined;
  return {
    uri,
    ...common,
    ...(isCount(holdOff) && { holdOff }),
    ...(isCount(accountTimeout) && { accountTimeout }),
    ...(typeof purgeAt === "number" && Number.isSafeInteger(purgeAt) && { purgeAt }),
    ...(typeof listen === "boolean" && { listen }),
  };
}

type Common = Omit<BootstrapAccount, "uri" | "holdOff" | "accountTimeout" | "purgeAt" | "listen">;

/** What accounts of both kinds may have; undefined if it is wrong. */
function commonFromJson(fields: Json): Common | undefined {
  const { securityInstance, version } = fields;
  if (securityInstance !== undefined && !isId(securityInstance)) return undefined;
  if (version !== undefined && !isVersion(version)) return undefined;
  const security = securityFromJson(fields);
  return (
    security && {
      ...(securityInstance !== undefined && { securityInstance }),
      ...(version !== undefined && { version }),
      ...security,
    }
  );
}

function rulesFromJson(json: unknown): AccessRule[] | undefined {
  return Array.isArray(json) && json.length <= MAX_RULES ? all(json.map(ruleFromJson)) : undefined;
}

function ruleFromJson(json: unknown): AccessRule | undefined {
  const { instance, object, objectInstance, rights, owner } = section(json);
  if (!isId(instance) || !isId(object) || !isId(objectInstance) || !isId(owner)) return undefined;
  if (!Array.isArray(rights) || rights.length > MAX_RIGHTS) return undefined;
  const read = new Map<number, number>();
  for (const pair of rights) {
    const { 0: shortServerId, 1: bits } = section(pair);
    if (!isId(shortServerId) || !isCount(bits) || bits > ALL_RIGHTS) return undefined;
    read.set(shortServerId, bits);
  }
  return { instance, object, objectInstance, rights: read, owner };
}

/** All of them, or undefined if one is lacking. */
function all<T>(found: readonly (T | undefined)[]): T[] | undefined {
  const there = found.filter((each) => each !== undefined);
  return there.length === found.length ? there : undefined;
}

function section(value: unknown): Json {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

const isUri = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_URI && URL.canParse(value);
const isId = (value: unknown): value is number => isCount(value) && value <= MAX_ID;
const isVersion = (value: unknown): value is Version => value === "1.0" || value === "1.1" || value === "1.2";
