/** Bootstrap-Discover: which Objects and Instances there are, and which server each belongs to (LwM2M Core 1.2 §6.1.7.3). */

import { Code, type Reply } from "../../coap/index.ts";
import { Format, type Link, writeLinks } from "../../content/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { contains, cut, depth, idAt, path, type Path, ROOT } from "../../model/path.ts";
import type { Version } from "../account.ts";
import { SERVER, Server } from "./configuration.ts";
import type { Draft } from "./draft.ts";
import { SECURITY, Security } from "./security.ts";

/** Objects that come with the enabler: its version tells theirs, as in the examples of §6.1.7.3. */
const LAST_CORE_OBJECT = 7;
const ORIGINAL_VERSION = "1.0";
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();
const encoder = new TextEncoder();

export interface Enabler {
  readonly version: Version;
  readonly models: ObjectRegistry;
}

/** `query`: there is none here, `depth` being of the other Discover; what is not understood is not passed over. */
export function discover(draft: Draft, where: Path, query: readonly string[], enabler: Enabler): Reply {
  if (depth(where) > 1) return { code: Code.MethodNotAllowed };
  if (query.length > 0) return { code: Code.BadRequest, diagnostic: "no parameters here" };
  const links: Link[] = [];
  let previous: Path | undefined;
  for (const instance of draft.instances()) {
    if (!contains(where, instance)) continue;
    const object = cut(instance, 1);
    const version = object === previous ? ORIGINAL_VERSION : versionOf(idAt(object, 0) ?? 0, enabler);
    if (version !== ORIGINAL_VERSION) links.push({ target: object, attributes: new Map([["ver", version]]) });
    previous = object;
    links.push({ target: instance, attributes: attributesOf(draft, instance, enabler.version) });
  }
  if (links.length === 0 && where !== ROOT && !isKnown(where, enabler)) return { code: Code.NotFound };
  return { code: Code.Content, format: Format.LinkFormat, payload: encoder.encode(introduced(links, enabler.version)) };
}

/** The version is an attribute of the root; in LwM2M 1.0 it stood before the links, bare and in quotes (1.0.2 §5.2.7.3). */
function introduced(links: readonly Link[], version: Version): string {
  if (version === "1.0") return ['lwm2m="1.0"', ...links.map((link) => writeLinks([link]))].join(",");
  return writeLinks([{ target: ROOT, attributes: new Map([["lwm2m", version]]) }, ...links]);
}

/** The account of the Bootstrap-Server has neither: its Instance is recognised by that. */
function attributesOf(draft: Draft, instance: Path, version: Version): ReadonlyMap<string, string> {
  const [object, id] = [idAt(instance, 0), idAt(instance, 1) ?? 0];
  if (object === SERVER) return ssid(draft.get(path(SERVER, id, Server.shortServerId)));
  if (object !== SECURITY || draft.get(path(SECURITY, id, Security.bootstrap)) === true) return NO_ATTRIBUTES;
  const uri = draft.get(path(SECURITY, id, Security.uri));
  const attributes = new Map(ssid(draft.get(path(SECURITY, id, Security.shortServerId))));
  // LwM2M 1.0 knows no such attribute (1.0.2 §5.2.7.3).
  return typeof uri === "string" && version !== "1.0" ? attributes.set("uri", uri) : attributes;
}

function ssid(value: unknown): ReadonlyMap<string, string> {
  return typeof value === "number" ? new Map([["ssid", String(value)]]) : NO_ATTRIBUTES;
}

function versionOf(object: number, { models }: Enabler): string {
  return (object > LAST_CORE_OBJECT ? models.object(object)?.version : undefined) ?? ORIGINAL_VERSION;
}

function isKnown(object: Path, { models }: Enabler): boolean {
  return models.object(idAt(object, 0) ?? 0) !== undefined;
}
