/** What one endpoint remembers across restarts: its ports, what servers set on their account, and what they stored. */

import type { Account } from "../lwm2m/index.ts";
import { type Path, parsePath } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";

/** A fresh one is empty: thousands are kept. Ports, which all have, are a plain object: a third of the size of a Map. */
export interface Memory {
  /** Local UDP port by server URI. */
  ports?: Readonly<Record<string, number>>;
  /** What a server wrote to its own account, by server URI. */
  accounts?: Map<string, RememberedAccount>;
  /** Values that servers wrote and only the gateway keeps, such as Application Type. */
  stored?: Map<Path, ResourceValue>;
}

export interface RememberedAccount {
  /** The account as configured when the server changed it: another configuration makes the change void. */
  readonly configured: Account;
  readonly current: Account;
}

/** A server may fill an endpoint's memory: this far. */
export const MAX_STORED = 100;
const MAX_STORED_TEXT = 1_000;

/** Whether a value may be kept. */
export function isStorable(value: ResourceValue): boolean {
  if (value instanceof Uint8Array) return value.length <= MAX_STORED_TEXT;
  return typeof value !== "string" || value.length <= MAX_STORED_TEXT;
}

export function memoryToJson({ ports, accounts, stored }: Memory): Record<string, unknown> {
  return {
    ...(ports && { ports }),
    ...(accounts?.size && { accounts: Object.fromEntries(accounts) }),
    ...(stored?.size && { stored: Object.fromEntries(Array.from(stored, ([at, value]) => [at, valueToJson(value)])) }),
  };
}

/** Reads what `memoryToJson` wrote; what it does not understand is left out, since all of it can be learnt anew. */
export function memoryFromJson({ ports, accounts, stored }: Readonly<Record<string, unknown>>): Memory {
  const memory: Memory = {};
  for (const [uri, port] of pairs(ports))
    if (typeof port === "number" && Number.isInteger(port) && port > 0 && port <= 65_535)
      memory.ports = { ...memory.ports, [uri]: port };
  for (const [uri, pair] of pairs(accounts)) {
    const { configured, current } = Object.fromEntries(pairs(pair));
    if (!isAccount(configured) || !isAccount(current)) continue;
    memory.accounts ??= new Map();
    memory.accounts.set(uri, { configured, current });
  }
  for (const [text, json] of pairs(stored)) {
    const at = parsePath(text);
    const value = valueFromJson(json);
    if (at === undefined || value === undefined) continue;
    memory.stored ??= new Map();
    memory.stored.set(at, value);
  }
  return memory;
}

function pairs(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function isAccount(value: unknown): value is Account {
  if (typeof value !== "object" || value === null) return false;
  if (!("uri" in value && "lifetime" in value && "shortServerId" in value)) return false;
  return (
    typeof value.uri === "string" &&
    typeof value.lifetime === "number" &&
    value.lifetime >= 0 &&
    typeof value.shortServerId === "number"
  );
}

/** JSON has fewer types than LwM2M: those it lacks become an object with one key. */
function valueToJson(value: ResourceValue): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  return typeof value === "object" ? { link: [value.object, value.instance] } : value;
}

function valueFromJson(json: unknown): ResourceValue | undefined {
  if (typeof json === "string" || typeof json === "number" || typeof json === "boolean") return json;
  const [[kind, content] = []] = pairs(json);
  if (kind === "integer" && typeof content === "string" && /^-?\d{1,20}$/.test(content)) return BigInt(content);
  if (kind === "bytes" && typeof content === "string") return new Uint8Array(Buffer.from(content, "hex"));
  if (kind !== "link" || !Array.isArray(content)) return undefined;
  const [object, instance] = content.map(Number);
  return object !== undefined && instance !== undefined ? { object, instance } : undefined;
}
