/** Which fields of an account stand for which Resources, so that bootstrap, storage and comparison agree. */

import type { Account, BootstrapAccount, ServerSecurity } from "./account.ts";

/** Whole numbers, 0 or more (LwM2M Core 1.2 Appendix E.2). */
export const NUMBER_FIELDS = [
  [2, "defaultMinimumPeriod"],
  [3, "defaultMaximumPeriod"],
  [5, "disableTimeout"],
  [13, "priority"],
  [14, "initialDelay"],
  [17, "retryCount"],
  [18, "retryTimer"],
  [19, "sequenceDelay"],
  [20, "sequenceCount"],
] as const;

export const BOOLEAN_FIELDS = [
  [6, "storing"],
  [15, "failureBlock"],
  [16, "bootstrapOnFailure"],
  [23, "muteSend"],
] as const;

export const TEXT_FIELDS = [
  [7, "binding"],
  [22, "preferredTransport"],
] as const;

type NumberField = (typeof NUMBER_FIELDS)[number][1];
type BooleanField = (typeof BOOLEAN_FIELDS)[number][1];
type TextField = (typeof TEXT_FIELDS)[number][1];

/** What an account may have or not. */
export type OptionalFields = Pick<Account, NumberField | BooleanField | TextField>;

/** More servers and more rules than anybody has, and no way to fill a memory or a disk. */
export const MAX_ACCOUNTS = 16;
export const MAX_RULES = 256;
/** Timers beyond 68 years mean nothing. */
const MAX_NUMBER = 0x7fff_ffff;
const MAX_TEXT = 32;

/** What an account says of security, and nothing else. */
export function securityOf(account: ServerSecurity): ServerSecurity {
  const { credentials, matchingType, serverName, certificateUsage, ciphersuites, oscore, trust, lacking } = account;
  return {
    ...(credentials && { credentials }),
    ...(matchingType !== undefined && { matchingType }),
    ...(serverName !== undefined && { serverName }),
    ...(certificateUsage !== undefined && { certificateUsage }),
    ...(ciphersuites && { ciphersuites }),
    ...(oscore && { oscore }),
    ...(trust && { trust }),
    ...(lacking !== undefined && { lacking }),
  };
}

const SECURITY_FIELDS: ReadonlySet<string> = new Set<keyof ServerSecurity>([
  "credentials",
  "matchingType",
  "serverName",
  "certificateUsage",
  "ciphersuites",
  "oscore",
  "trust",
  "lacking",
]);

/** What an account says of everything else: nothing that anybody must not see. */
export function withoutSecurity(account: Account): Account {
  const { uri, lifetime, shortServerId } = account;
  return { ...otherFields(account), uri, lifetime, shortServerId };
}

/** All fields but those of `ServerSecurity`, by their names. */
export function otherFields(account: Account | BootstrapAccount): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(account).filter(([name]) => !SECURITY_FIELDS.has(name)));
}

/** The optional fields that `find` knows, by Resource and by name; what is not of its type is left out. */
export function optionalFields(find: (resource: number, name: string) => unknown): OptionalFields {
  const numbers: Partial<Record<NumberField, number>> = {};
  const booleans: Partial<Record<BooleanField, boolean>> = {};
  const texts: Partial<Record<TextField, string>> = {};
  for (const [resource, name] of NUMBER_FIELDS) {
    const value = find(resource, name);
    if (isCount(value)) numbers[name] = value;
  }
  for (const [resource, name] of BOOLEAN_FIELDS) {
    const value = find(resource, name);
    if (typeof value === "boolean") booleans[name] = value;
  }
  for (const [resource, name] of TEXT_FIELDS) {
    const value = find(resource, name);
    if (typeof value === "string" && value.length <= MAX_TEXT) texts[name] = value;
  }
  return { ...numbers, ...booleans, ...texts };
}

/** A whole number that a timer or a counter can have. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER;
}

/** LwM2M Core 1.2 Appendix E.2: 0 and 65535 are reserved. */
export function isShortServerId(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= 65_534;
}
