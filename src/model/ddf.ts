/** Reads Object definitions from OMA's XML files, the Device Description Framework (LwM2M Core 1.2 Appendix D). */

import { XMLParser } from "fast-xml-parser";
import { DecodeError } from "../base/bytes.ts";
import type { ObjectModel, ResourceModel } from "./objects.ts";
import { MAX_ID } from "./path.ts";
import { operationsOf } from "./registry.ts";
import type { ResourceType } from "./value.ts";

/** The largest file of the registry is below 200 kB. */
const MAX_LENGTH = 4_000_000;

/** Spellings found in the registry, lower case. */
const TYPES: ReadonlyMap<string, ResourceType> = new Map([
  ["string", "string"],
  ["integer", "integer"],
  ["unsigned integer", "unsigned"],
  ["float", "float"],
  ["boolean", "boolean"],
  ["opaque", "opaque"],
  ["time", "time"],
  ["objlnk", "objlnk"],
  ["corelnk", "corelnk"],
]);

const ATTRIBUTE = "@";

/** An element: its children by name, or its text. */
type Element = unknown;

/**
 * The Objects that a file describes, usually one.
 * A Resource without a type counts as a string: it is executable, and its arguments are text.
 * @throws DecodeError naming the Object and Resource at fault; entities and document types are refused.
 */
export function parseDdf(xml: string): ObjectModel[] {
  if (xml.length > MAX_LENGTH) throw new DecodeError(`DDF: ${xml.length} characters are too many`);
  // Nothing in a definition needs a document type, and everything bad in XML begins with one.
  if (/<!DOCTYPE|<!ENTITY/i.test(xml)) throw new DecodeError("DDF: document types are refused");
  checkTags(xml);
  const root = child(parseXml(xml), "LWM2M");
  const objects = children(root, "Object");
  if (objects.length === 0) throw new DecodeError("DDF: no LWM2M/Object element");
  return objects.map(readObject);
}

/** The parser forgives tags that are left open or closed in the wrong order; a definition cut short must not pass. */
function checkTags(xml: string): void {
  const bare = xml.replaceAll(/<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/g, "");
  const open: string[] = [];
  for (const [tag, slash = "", name = ""] of bare.matchAll(/<(\/?)([^\s<>/]*)[^<>]*>?/g)) {
    if (name === "" || !tag.endsWith(">")) throw new DecodeError(`DDF: malformed tag "${tag.slice(0, 40)}"`);
    if (slash === "") {
      if (!tag.endsWith("/>")) open.push(name);
    } else if (open.pop() !== name) throw new DecodeError(`DDF: </${name.slice(0, 40)}> closes nothing`);
  }
  const left = open.pop();
  if (left !== undefined) throw new DecodeError(`DDF: <${left.slice(0, 40)}> is never closed`);
}

function parseXml(xml: string): Element {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    parseTagValue: false,
    trimValues: true,
    maxNestedTags: 12,
    isArray: (name) => name === "Object" || name === "Item",
  });
  try {
    return parser.parse(xml) as Element;
  } catch (error) {
    throw new DecodeError(`DDF: ${error instanceof Error ? error.message.slice(0, 200) : "malformed XML"}`);
  }
}

function readObject(element: Element): ObjectModel {
  const id = toId(text(element, "ObjectID"));
  if (id === undefined) throw new DecodeError(`DDF: object "${text(element, "Name") ?? "?"}": no valid ObjectID`);
  const where = `DDF: object ${id}`;
  const name = text(element, "Name");
  if (!name) throw new DecodeError(`${where}: no Name`);
  // A version that is not given is 1.0 (LwM2M Core 1.2 §7.2.2).
  const version = text(element, "ObjectVersion") ?? "1.0";
  if (!/^\d{1,3}\.\d{1,3}$/.test(version)) throw new DecodeError(`${where}: version "${version.slice(0, 20)}"`);
  const resources = new Map<number, ResourceModel>();
  for (const item of children(child(element, "Resources"), "Item")) {
    const resource = readResource(item, where);
    if (resources.has(resource.id)) throw new DecodeError(`${where}: resource ${resource.id} twice`);
    resources.set(resource.id, resource);
  }
  return { id, name, version, ...readFlags(element, where), resources };
}

function readResource(item: Element, object: string): ResourceModel {
  const raw = text(item, `${ATTRIBUTE}ID`);
  const id = toId(raw);
  if (id === undefined) throw new DecodeError(`${object}: resource "${(raw ?? "?").slice(0, 20)}" has no valid ID`);
  const where = `${object}: resource ${id}`;
  const name = text(item, "Name");
  if (!name) throw new DecodeError(`${where}: no Name`);
  const spelled = (text(item, "Operations") ?? "").toUpperCase();
  const operations = operationsOf(spelled);
  if (operations !== spelled) throw new DecodeError(`${where}: operations "${spelled.slice(0, 20)}"`);
  const type = TYPES.get((text(item, "Type") ?? "string").toLowerCase());
  if (!type) throw new DecodeError(`${where}: type "${(text(item, "Type") ?? "").slice(0, 40)}"`);
  const range = type === "boolean" ? undefined : parseRange(text(item, "RangeEnumeration") ?? "");
  const unit = text(item, "Units");
  return { id, name, type, operations, ...readFlags(item, where), ...(range && { range }), ...(unit && { unit }) };
}

function readFlags(element: Element, where: string): { multiple: boolean; mandatory: boolean } {
  const instances = text(element, "MultipleInstances");
  if (instances !== "Multiple" && instances !== "Single")
    throw new DecodeError(`${where}: MultipleInstances is neither Single nor Multiple`);
  const mandatory = text(element, "Mandatory");
  if (mandatory !== "Mandatory" && mandatory !== "Optional")
    throw new DecodeError(`${where}: Mandatory is neither Mandatory nor Optional`);
  return { multiple: instances === "Multiple", mandatory: mandatory === "Mandatory" };
}

/**
 * The bounds in a range text: `0..255`, `0-255`, `1...15`, `0..64 bytes`.
 * Enumerations, single numbers and prose set no bounds, and neither does a range that is upside down.
 */
export function parseRange(spelled: string): readonly [number, number] | undefined {
  const match = /^(-?\d+(?:\.\d+)?)\s*(?:\.{2,3}|-)\s*(-?\d+(?:\.\d+)?)(?:\s*bytes)?$/i.exec(spelled.trim());
  if (!match) return undefined;
  const [low, high] = [Number(match[1]), Number(match[2])];
  return low <= high ? [low, high] : undefined;
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

/** Own properties alone: an element may be called `constructor`. */
function child(element: Element, name: string): Element {
  return typeof element === "object" && element !== null && Object.hasOwn(element, name)
    ? Reflect.get(element, name)
    : undefined;
}

function children(element: Element, name: string): readonly Element[] {
  const found = child(element, name);
  return Array.isArray(found) ? found : [];
}

function text(element: Element, name: string): string | undefined {
  const found = child(element, name);
  return typeof found === "string" && found !== "" ? found : undefined;
}
