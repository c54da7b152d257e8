/** What a client says of itself in Register and Update, checked (LwM2M Core 1.2 §6.2). */

import { DecodeError } from "../base/bytes.ts";
import { type Link, readLinks } from "../content/index.ts";

export const VERSIONS = ["1.0", "1.1", "1.2"] as const;
export type Version = (typeof VERSIONS)[number];

export interface Registration {
  readonly endpoint: string;
  readonly version: Version;
  /** Seconds. */
  readonly lifetime: number;
  readonly binding?: string;
  /** Whether the client sleeps. */
  readonly queue: boolean;
  readonly links: ObjectLinks;
}

export interface ObjectLinks {
  /** Object Instances, and Objects without one: `/3303/0`, `/5`. */
  readonly objects: readonly string[];
  /** Object versions that were named, by Object: `3303` to `1.1`. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface RegistrationUpdate {
  readonly lifetime?: number;
  readonly binding?: string;
  readonly links?: ObjectLinks;
}

/** A request that is answered with an error of CoAP, and why. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** LwM2M Core 1.2 §6.2.1: the lifetime of a client that names none. */
const DEFAULT_LIFETIME = 86_400;
/** LwM2M 1.0 (§5.3.1.1) knows UDP and SMS, and queues by a letter; from 1.1 on (§6.2.1.2) the queue is a parameter. */
const BINDING_1_0 = /^(?:UQ?S?|SQ?)$/;
const BINDING = /^[UMHTSN]{1,6}$/;
const MAX_LIFETIME = 2 ** 31;
const MAX_ENDPOINT = 255;
const MAX_OBJECTS = 1_024;
const MAX_VERSIONS = 256;

/**
 * Parameters without meaning here, such as the profile of LwM2M 1.2, are passed over.
 * @param spoken the versions that this server speaks.
 */
export function readRegister(
  query: string,
  payload: Uint8Array,
  spoken: readonly Version[] = VERSIONS,
): Registration | Refusal {
  const parameters = new Map(parametersOf(query));
  const endpoint = parameters.get("ep");
  if (!endpoint || endpoint.length > MAX_ENDPOINT) return bad("ep must name the client");
  const named = parameters.get("lwm2m");
  if (named === undefined) return bad("lwm2m must name the version");
  const version = spoken.find((each) => each === named);
  // §6.2.1 asks for 4.12 where the server does not know the version.
  if (version === undefined) return { code: "4.12", reason: `LwM2M ${named} is not spoken here` };
  const common = readCommon(parameters);
  if ("code" in common) return common;
  if (common.binding !== undefined && !isBinding(common.binding, version))
    return bad(`b=${common.binding} is no binding of LwM2M ${version}`);
  if (parameters.has("Q") && (version === "1.0" || parameters.get("Q") !== ""))
    return bad("Q stands alone, and there is none in LwM2M 1.0");
  const links = readObjectLinks(payload);
  if ("code" in links) return links;
  if (links.objects.length === 0) return bad("no Objects");
  const queue = parameters.has("Q") || common.binding?.includes("Q") === true;
  return { endpoint, version, lifetime: DEFAULT_LIFETIME, ...common, queue, links };
}

function isBinding(binding: string, version: Version): boolean {
  return (version === "1.0" ? BINDING_1_0 : BINDING).test(binding);
}

/** §6.2.2: only what changed is there. @param version that of the Register. */
export function readUpdate(query: string, payload: Uint8Array, version: Version = "1.1"): RegistrationUpdate | Refusal {
  const parameters = new Map(parametersOf(query));
  if (parameters.has("ep")) return bad("ep cannot change");
  const common = readCommon(parameters);
  if ("code" in common) return common;
  if (common.binding !== undefined && !isBinding(common.binding, version))
    return bad(`b=${common.binding} is no binding of LwM2M ${version}`);
  if (payload.length === 0) return common;
  const links = readObjectLinks(payload);
  return "code" in links ? links : { ...common, links };
}

/** A Bootstrap-Request or Bootstrap-Pack-Request (LwM2M Core 1.2 §6.1.7.1). */
export function readBootstrapRequest(query: string): { endpoint: string; preferredFormat?: number } | Refusal {
  const parameters = new Map(parametersOf(query));
  const endpoint = parameters.get("ep");
  const format = parameters.get("pct");
  if (!endpoint || endpoint.length > MAX_ENDPOINT) return bad("ep must name the client");
  if (format !== undefined && !/^\d{1,5}$/.test(format)) return bad("pct must be a Content-Format");
  return { endpoint, ...(format !== undefined && { preferredFormat: Number(format) }) };
}

function readCommon(parameters: ReadonlyMap<string, string>): { lifetime?: number; binding?: string } | Refusal {
  const lifetime = parameters.get("lt");
  const binding = parameters.get("b");
  if (lifetime !== undefined && (!/^\d{1,10}$/.test(lifetime) || Number(lifetime) > MAX_LIFETIME))
    return bad("lt must be whole seconds");
  if (binding !== undefined && !/^[UMHTSNQ]{1,7}$/.test(binding)) return bad("b must be a binding such as U");
  return {
    ...(lifetime !== undefined && { lifetime: Number(lifetime) }),
    ...(binding !== undefined && { binding }),
  };
}

/** The list of Objects and Object Instances (§6.2.1, RFC 6690); an alternate root path is taken off. */
export function readObjectLinks(payload: Uint8Array): ObjectLinks | Refusal {
  try {
    const links = readLinks(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    const root = links.find(({ attributes }) => attributes.get("rt") === "oma.lwm2m")?.target ?? "/";
    return objectsOf(links, root === "/" ? "" : root);
  } catch (error) {
    if (error instanceof DecodeError || error instanceof TypeError) return bad(error.message);
    throw error;
  }
}

function objectsOf(links: readonly Link[], root: string): ObjectLinks | Refusal {
  const objects = new Set<string>();
  const versions = new Map<string, string>();
  for (const { target, attributes } of links) {
    if (!target.startsWith(`${root}/`)) continue;
    const path = target.slice(root.length);
    const match = /^\/(\d{1,5})(?:\/(\d{1,5}))?$/.exec(path);
    if (!match) {
      if (path === "/") continue;
      return bad(`${target} is no Object`);
    }
    objects.add(path);
    const version = attributes.get("ver");
    if (typeof version === "string") versions.set(match[1]!, version);
  }
  if (objects.size > MAX_OBJECTS || versions.size > MAX_VERSIONS) return bad("too many Objects");
  // `</3303>;ver=1.1` beside `</3303/0>` only carries the version.
  const parents = new Set([...objects].map((path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  return {
    objects: [...objects].filter((path) => !parents.has(path)).sort(byNumbers),
    versions: Object.fromEntries(versions),
  };
}

/** Paths in the order of their numbers. */
export function byNumbers(a: string, b: string): number {
  const left = a.split("/").map(Number);
  const right = b.split("/").map(Number);
  for (let i = 1; i < Math.max(left.length, right.length); i++) {
    const step = (left[i] ?? -1) - (right[i] ?? -1);
    if (step !== 0) return step;
  }
  return 0;
}

function* parametersOf(query: string): Iterable<[string, string]> {
  for (const part of query.split("&")) {
    const at = part.indexOf("=");
    if (part !== "") yield at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
  }
}

const bad = (reason: string): Refusal => ({ code: "4.00", reason });
