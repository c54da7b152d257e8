/** What one endpoint remembers across restarts: its ports, what servers set on their account, and what they stored. */

import { Secret } from "../base/secret.ts";
import { type Account, provisionFromJson, provisionToJson, type SavedProvision } from "../lwm2m/index.ts";
import { depth, type Path, parsePath } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";
import { type KeptAttributes, keptFromJson, keptToJson } from "./kept/attributes.ts";

/** A fresh one is empty: thousands are kept. Ports, which all have, are a plain object: a third of the size of a Map. */
export interface Memory {
  /** Local UDP port by server URI. */
  ports?: Readonly<Record<string, number>>;
  /** What a server wrote to its own account, by server URI. */
  accounts?: Map<string, RememberedAccount>;
  /** What bootstrap gave, keys among it, with a trace of the configuration that it goes before. */
  provision?: SavedProvision;
  /** What servers attached to paths, by Short Server ID. */
  attributes?: KeptAttributes;
  /** Values that servers wrote and only the gateway keeps, such as Application Type. */
  stored?: Map<Path, ResourceValue>;
  /** Its number as a device behind the gateway: in Object 25, and in its prefix. */
  device?: number;
  /** Instances that appeared when they were first heard, with the names under which they were. */
  appeared?: Map<Path, string>;
  /** How often things have happened, by Resource. */
  counts?: Map<Path, number>;
  /** What its frames are sealed with, in hexadecimal digits, if a person has said so and not the configuration. */
  key?: Secret;
}

export interface RememberedAccount {
  /** The account as configured when the server changed it: another configuration makes the change void. */
  readonly configured: Account;
  readonly current: Account;
}

/** A server may fill an endpoint's memory: this far. */
export const MAX_STORED = 100;
const MAX_STORED_TEXT = 1_000;
/** A device may fill it as well: no mapping makes more Instances appear. */
const MAX_APPEARED = 64;
const MAX_NAME = 100;
const MAX_COUNTS = 64;
const KEY = /^(?:[0-9a-f]{2}){1,64}$/;
/** What a key is called that is kept here, wherever it might be shown. */
export const KEY_NAME = "key of a sensor";
/** Instances of Object 25 that there may be. */
const MAX_DEVICE = 65_534;

/** Whether a value may be kept. */
export function isStorable(value: ResourceValue): boolean {
  if (value instanceof Uint8Array) return value.length <= MAX_STORED_TEXT;
  return typeof value !== "string" || value.length <= MAX_STORED_TEXT;
}

/** Keeps in mind that an Instance has appeared; false if there is no room for it, or for its name. */
export function rememberAppeared(memory: Memory, instance: Path, heardAs: string): boolean {
  if (heardAs.length > MAX_NAME || (memory.appeared?.size ?? 0) >= MAX_APPEARED) return false;
  memory.appeared ??= new Map();
  memory.appeared.set(instance, heardAs);
  return true;
}

export function memoryToJson({
  ports,
  accounts,
  provision,
  attributes,
  stored,
  device,
  appeared,
  counts,
  key,
}: Memory): Record<string, unknown> {
  return {
    ...(ports && { ports }),
    ...(accounts?.size && { accounts: Object.fromEntries(accounts) }),
    ...(provision && { provision: { ...provisionToJson(provision.provision), factory: provision.factory } }),
    ...(attributes && { attributes: keptToJson(attributes) }),
    ...(stored?.size && { stored: Object.fromEntries(Array.from(stored, ([at, value]) => [at, valueToJson(value)])) }),
    ...(device !== undefined && { device }),
    ...(appeared?.size && { appeared: Object.fromEntries(appeared) }),
    ...(counts?.size && { counts: Object.fromEntries(counts) }),
    ...(key && { key: key.reveal() }),
  };
}

/** Reads what `memoryToJson` wrote; what it does not understand is left out, since all of it can be learnt anew. */
export function memoryFromJson(json: Readonly<Record<string, unknown>>): Memory {
  const { ports, accounts, provision, attributes, stored, device, appeared, counts, key } = json;
  const memory: Memory = {};
  if (typeof device === "number" && Number.isInteger(device) && device > 0 && device <= MAX_DEVICE)
    memory.device = device;
  for (const [uri, port] of pairs(ports))
    if (typeof port === "number" && Number.isInteger(port) && port > 0 && port <= 65_535)
      memory.ports = { ...memory.ports, [uri]: port };
  for (const [uri, pair] of pairs(accounts)) {
    const { configured, current } = Object.fromEntries(pairs(pair));
    const before = accountFromJson(configured);
    const after = accountFromJson(current);
    if (!before || !after) continue;
    memory.accounts ??= new Map();
    memory.accounts.set(uri, { configured: before, current: after });
  }
  const saved = provisionFromJson(provision);
  const { factory } = Object.fromEntries(pairs(provision));
  if (saved && typeof factory === "string") memory.provision = { provision: saved, factory };
  const kept = keptFromJson(attributes);
  if (kept) memory.attributes = kept;
  for (const [text, json] of pairs(stored)) {
    const at = parsePath(text);
    const value = valueFromJson(json);
    if (at === undefined || value === undefined) continue;
    memory.stored ??= new Map();
    memory.stored.set(at, value);
  }
  for (const [text, heardAs] of pairs(appeared)) {
    const instance = parsePath(text);
    if (instance !== undefined && depth(instance) === 2 && typeof heardAs === "string")
      rememberAppeared(memory, instance, heardAs);
  }
  for (const [text, count] of pairs(counts)) {
    const at = parsePath(text);
    if (at === undefined || typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) continue;
    memory.counts ??= new Map();
    if (memory.counts.size < MAX_COUNTS) memory.counts.set(at, count);
  }
  if (typeof key === "string" && KEY.test(key)) memory.key = new Secret(key, KEY_NAME);
  return memory;
}

function pairs(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function accountFromJson(json: unknown): Account | undefined {
  return provisionFromJson({ accounts: [json] })?.accounts[0];
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
