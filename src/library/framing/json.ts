/** JSON documents: fields by path. */

import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { Frame } from "../../sdk/adapter.ts";
import { type Found, type Framing, isQuantity, type Raw, type Reader, readNumber, wrongType } from "./framing.ts";

const MAX_DOCUMENT = 65_536;
/** How many fields one wildcard, or one list, may give. */
const MAX_MANY = 32;
/** A component's name is remembered for as long as its sensor lives: no document may make it long. */
const MAX_COMPONENT = 64;

/** Parses bodies; matching and decoding the same frame share the work. */
export class JsonReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #body: Uint8Array | undefined;
  #document: unknown;

  /** @throws DecodeError if it is no JSON, or too long. */
  parse(body: Uint8Array): unknown {
    if (body === this.#body) return this.#document;
    if (body.length > MAX_DOCUMENT) throw new DecodeError(`JSON of ${body.length} bytes`);
    try {
      this.#document = JSON.parse(this.#decoder.decode(body));
    } catch {
      this.#body = undefined;
      throw new DecodeError("no JSON");
    }
    this.#body = body;
    return this.#document;
  }
}

export function jsonFraming(reader: JsonReader, root: string | undefined): Framing<unknown> {
  return {
    open(frame) {
      const document = parseFrame(reader, frame);
      return root === undefined ? document : (member(document, root) ?? document);
    },
    reader(_name, spec) {
      if (spec.json === undefined) return '"json" is missing: what is its path?';
      return wrongType(spec, "JSON") ?? jsonReader(spec.json, spec);
    },
    text(path) {
      const keys = parseJsonPath(path);
      return (document) => {
        const found = keys && walk(document, keys);
        return typeof found === "string" ? found : undefined;
      };
    },
  };
}

function parseFrame(reader: JsonReader, { payload }: Frame): unknown {
  if (payload.kind === "message") return reader.parse(payload.body);
  if (payload.kind === "bytes") return reader.parse(payload.bytes);
  if (payload.kind === "text") return reader.parse(new TextEncoder().encode(payload.text));
  throw new DecodeError(`no JSON in a frame of ${payload.kind}`);
}

/** The keys of `$.a.b`, or undefined if it is no such path. Keys may hold anything but dots. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  const keys = path.split(".");
  if (keys[0] === "$") keys.shift();
  return keys.length > 0 && keys.every((key) => key.length > 0) ? keys : undefined;
}

/** What stands at a path; undefined if nothing does. */
export function walk(document: unknown, keys: readonly string[]): unknown {
  let found = document;
  for (const key of keys) found = member(found, key);
  return found;
}

function member(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function jsonReader(path: string, spec: FieldSpec): Reader<unknown> | string {
  const keys = parseJsonPath(path);
  if (!keys) return `"${path}" is no path`;
  const read = rawOf(spec);
  const star = keys.indexOf("*");
  if (star < 0) return { one: (document) => read(walk(document, keys)) };
  if (keys.lastIndexOf("*") !== star) return "one * is enough";
  const above = keys.slice(0, star);
  const below = keys.slice(star + 1);
  return { many: (document) => everywhere(walk(document, above), below, read) };
}

/** Each key that has the wanted thing below it; lists are numbered from 1. */
function* everywhere(place: unknown, below: readonly string[], read: (value: unknown) => Raw): Iterable<Found> {
  if (!isRecord(place)) return;
  let left = MAX_MANY;
  for (const [key, inner] of Object.entries(place)) {
    const found = walk(inner, below);
    if (found === undefined || key.length > MAX_COMPONENT) continue;
    for (const [suffix, value] of numbered(found)) {
      if (--left < 0) return;
      yield [key, suffix, read(value)];
    }
  }
}

const numbered = (found: unknown): (readonly [string, unknown])[] =>
  Array.isArray(found) ? found.map((value: unknown, i) => [`_${i + 1}`, value] as const) : [["", found]];

/** Numbers may come as text; null and the empty text mean: not available. */
function rawOf(spec: FieldSpec): (value: unknown) => Raw {
  const quantity = isQuantity(spec);
  return (value) => {
    if (value === undefined) return undefined;
    if (value === null || value === "") return null;
    if (typeof value === "string" && quantity) return readNumber(value) ?? null;
    if (typeof value === "boolean" && quantity) return null;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
  };
}
