/** The Resources of Object 1 one by one: since when they are there, what they say, and what they may be told. */

import { type ResourceValue } from "../../model/value.ts";
import type { Account, Version } from "../account.ts";
import { BOOLEAN_FIELDS, NUMBER_FIELDS, TEXT_FIELDS } from "../account-fields.ts";
import { bindingOf } from "./schemes.ts";

/** The account as it would be, or why it cannot be. */
export type Told = Account | string;

interface ServerResource {
  readonly id: number;
  /** The version of LwM2M whose servers may read it; the oldest unless given. Bootstrap-Servers know all. */
  readonly since?: Version;
  /** Undefined: it is not there. */
  readonly read: (account: Account, version: Version, alert: number | undefined) => ResourceValue | undefined;
  readonly write?: (account: Account, value: ResourceValue, version: Version) => Told;
}

/** /1/x/5 where nothing is said. */
export const DISABLE_TIMEOUT_S = 86_400;
/** Letters of LwM2M Core 1.2 Table 6.2.1.2-2: UDP, TCP, SMS, non-IP, MQTT, HTTP. */
const BINDINGS = /^(?!.*(.).*\1)[UTSNMH]+$/;
/** Timers beyond 68 years mean nothing, and a registration that long is none. */
const MAX_SECONDS = 0x7fff_ffff;
const MAX_UNSIGNED = 0xffff_ffff;

/** What stands in an account under the name of a Resource. */
type NumberField =
  | "lifetime"
  | "defaultMinimumPeriod"
  | "defaultMaximumPeriod"
  | "disableTimeout"
  | "initialDelay"
  | "retryCount"
  | "retryTimer"
  | "sequenceDelay"
  | "sequenceCount";

const RESOURCES: readonly ServerResource[] = [
  { id: 0, read: ({ shortServerId }) => shortServerId },
  { id: 1, read: ({ lifetime }) => lifetime, write: writeLifetime },
  { id: 2, read: (account) => account.defaultMinimumPeriod, write: number("defaultMinimumPeriod", [0, MAX_SECONDS]) },
  { id: 3, read: (account) => account.defaultMaximumPeriod, write: number("defaultMaximumPeriod", [0, MAX_SECONDS]) },
  {
    id: 5,
    read: ({ disableTimeout = DISABLE_TIMEOUT_S }) => disableTimeout,
    write: number("disableTimeout", [0, MAX_SECONDS]),
  },
  { id: 6, read: ({ storing = true }) => storing, write: flag("storing") },
  { id: 7, read: readBinding, write: writeBinding },
  // What the TLS of a server last said against us, for other servers: this one has us.
  { id: 11, since: "1.1", read: (_account, _version, alert) => alert },
  // What orders registrations was for Bootstrap-Servers alone until 1.2.
  { id: 13, since: "1.2", read: ({ priority }) => priority },
  {
    id: 14,
    since: "1.2",
    read: ({ initialDelay }) => initialDelay,
    write: number("initialDelay", [0, MAX_SECONDS]),
  },
  { id: 15, since: "1.2", read: ({ failureBlock }) => failureBlock },
  { id: 16, since: "1.2", read: ({ bootstrapOnFailure }) => bootstrapOnFailure },
  { id: 17, since: "1.2", read: ({ retryCount }) => retryCount, write: number("retryCount", [1, MAX_UNSIGNED]) },
  { id: 18, since: "1.2", read: ({ retryTimer }) => retryTimer, write: number("retryTimer", [0, MAX_UNSIGNED]) },
  {
    id: 19,
    since: "1.2",
    read: ({ sequenceDelay }) => sequenceDelay,
    write: number("sequenceDelay", [0, MAX_UNSIGNED]),
  },
  {
    id: 20,
    since: "1.2",
    read: ({ sequenceCount }) => sequenceCount,
    write: number("sequenceCount", [1, MAX_UNSIGNED]),
  },
  { id: 22, since: "1.1", read: ({ preferredTransport }) => preferredTransport, write: writePreferredTransport },
  { id: 23, since: "1.1", read: ({ muteSend = false }) => muteSend, write: flag("muteSend") },
  {
    id: 26,
    since: "1.2",
    read: ({ confirmNotifications = false }) => (confirmNotifications ? 1 : 0),
    write: writeNotificationMode,
  },
];

/** What a server of this version reads, in ascending order. `alert`: /1/x/11, which is no part of an account. */
export function readResources(
  account: Account,
  version: Version,
  alert?: number,
): (readonly [number, ResourceValue])[] {
  const found: (readonly [number, ResourceValue])[] = [];
  for (const { id, since = "1.0", read } of RESOURCES) {
    const value = since <= version ? read(account, version, alert) : undefined;
    if (value !== undefined) found.push([id, value]);
  }
  return found;
}

export function isWritable(id: number | undefined, version: Version): boolean {
  return RESOURCES.some((resource) => resource.id === id && resource.write && (resource.since ?? "1.0") <= version);
}

/** The account as it would be with `value` written, or why it cannot be. */
export function writeResource(account: Account, id: number | undefined, value: ResourceValue, version: Version): Told {
  const write = RESOURCES.find((resource) => resource.id === id)?.write;
  return write === undefined || !isWritable(id, version) ? "not to be written" : write(account, value, version);
}

/** Optional Resources and what stands for them in an account; /1/x/6 and /1/x/7 are mandatory (LwM2M Core 1.2 §E.2). */
const OPTIONAL = [...NUMBER_FIELDS, ...BOOLEAN_FIELDS, ...TEXT_FIELDS, [26, "confirmNotifications"] as const].filter(
  ([id]) => id !== 6 && id !== 7,
);

/** The account without what is optional and the server's to write: so a Write that replaces begins (§6.3.3). */
export function vacated(account: Account, version: Version): Account {
  const gone: ReadonlySet<string> = new Set(OPTIONAL.flatMap(([id, name]) => (isWritable(id, version) ? [name] : [])));
  const { uri, lifetime, shortServerId } = account;
  const left: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(account).filter(([name]) => !gone.has(name)),
  );
  return { ...left, uri, lifetime, shortServerId };
}

function number(field: NumberField, range: readonly [number, number]) {
  return (account: Account, value: ResourceValue): Told => {
    const count = countIn(value, range);
    return typeof count === "string" ? count : { ...account, [field]: count };
  };
}

function flag(field: "storing" | "muteSend") {
  return (account: Account, value: ResourceValue): Told =>
    typeof value === "boolean" ? { ...account, [field]: value } : "no boolean";
}

function countIn(value: ResourceValue, [least, most]: readonly [number, number]): number | string {
  const count = typeof value === "bigint" ? Number(value) : value;
  return typeof count === "number" && Number.isInteger(count) && count >= least && count <= most
    ? count
    : `must be ${least} to ${most}`;
}

/** Before LwM2M 1.2 a lifetime of 0 does not mean for ever: servers expire it at once. */
function writeLifetime(account: Account, value: ResourceValue, version: Version): Told {
  const lifetime = countIn(value, [version === "1.2" ? 0 : 1, MAX_SECONDS]);
  return typeof lifetime === "string" ? lifetime : { ...account, lifetime };
}

/** In LwM2M 1.0 Queue Mode is a letter of the binding (Core 1.0 §5.3.1.1). */
function readBinding(account: Account, version: Version): string {
  const { binding = bindingOf(account), queue } = account;
  return version === "1.0" && queue === true ? `${binding}Q` : binding;
}

function writeBinding({ preferredTransport, ...account }: Account, value: ResourceValue, version: Version): Told {
  if (typeof value !== "string") return "no string";
  const spoken = bindingOf(account);
  const queue = version === "1.0" && value === `${spoken}Q`;
  const binding = queue ? spoken : value;
  if (!BINDINGS.test(binding)) return `"${value.slice(0, 20)}" is no binding: letters of UTSNMH, each once`;
  if (!binding.includes(spoken))
    return `${spoken} must be part of the binding: the server is reached by ${account.uri}`;
  return {
    ...account,
    binding,
    ...(version === "1.0" && { queue }),
    // A preference for what is not allowed any more is none.
    ...(preferredTransport !== undefined && binding.includes(preferredTransport) && { preferredTransport }),
  };
}

function writePreferredTransport(account: Account, value: ResourceValue): Told {
  const { binding = bindingOf(account) } = account;
  return typeof value === "string" && value.length === 1 && binding.includes(value)
    ? { ...account, preferredTransport: value }
    : `must be a letter of the binding, ${binding}`;
}

/** 0: non-confirmable, 1: confirmable (LwM2M Core 1.2 §E.2). */
function writeNotificationMode(account: Account, value: ResourceValue): Told {
  const mode = countIn(value, [0, 1]);
  return typeof mode === "string" ? mode : { ...account, confirmNotifications: mode === 1 };
}
