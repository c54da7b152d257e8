/** JSON documents: fields by path. */

import { isAscii } from "node:buffer";
import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { Frame } from "../../sdk/adapter.ts";
import { type Found, type Framing, isQuantity, type Raw, type Reader, readNumber, wrongType } from "./framing.ts";
import { everywhere, finder, member, parseJsonPath, Places, walk } from "./path.ts";

const MAX_DOCUMENT = 65_536;

/** Parses bodies; matching and decoding the same frame share the work. */
export class JsonReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly places = new Places();
  #body: Uint8Array | undefined;
  #document: unknown;
  #refused = false;

  /** @throws DecodeError if it is no JSON, or too long. */
  parse(body: Uint8Array): unknown {
    if (body !== this.#body) this.#read(body);
    if (this.#refused) throw new DecodeError("no JSON");
    return this.#document;
  }

  #read(body: Uint8Array): void {
    if (body.length > MAX_DOCUMENT) throw new DecodeError(`JSON of ${body.length} bytes`);
    this.#body = body;
    this.places.clear();
    try {
      this.#document = JSON.parse(this.#text(body));
      this.#refused = false;
    } catch {
      this.#document = undefined;
      this.#refused = true;
    }
  }

  /** Nearly all messages are ASCII, for which there is a shorter way than that of Unicode. */
  #text(body: Uint8Array): string {
    if (!isAscii(body)) return this.#decoder.decode(body);
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  }
}

/** Where in a message its document stands. */
export interface Whereabouts {
  /** A key that may wrap it. */
  readonly root?: string | undefined;
  /** End of a topic whose last level is the key under which others would have it. */
  readonly key_from?: string | undefined;
}

export function jsonFraming(reader: JsonReader, { root, key_from }: Whereabouts): Framing<unknown> {
  const prefix = key_from?.slice(0, -1);
  return {
    open(frame) {
      const document = parseFrame(reader, frame);
      if (prefix !== undefined && frame.payload.kind === "message") {
        const key = keyAfter(frame.payload.topic, prefix);
        if (key !== undefined) return { [key]: document };
      }
      return root === undefined ? document : (unwrapped(member(document, root)) ?? document);
    },
    reader(_name, spec) {
      if (spec.json === undefined) return '"json" is missing: what is its path?';
      return wrongType(spec, "JSON") ?? jsonReader(spec.json, spec, reader.places);
    },
    text: textAt,
  };
}

/** The last level of a topic, if those before it end as wanted. */
function keyAfter(topic: string, prefix: string): string | undefined {
  const cut = topic.lastIndexOf("/") + 1;
  const above = topic.slice(0, cut);
  // Such a key in an object would be no key.
  return above === prefix || above.endsWith(`/${prefix}`) ? topic.slice(cut).replace("__proto__", "") : undefined;
}

/** Some formats carry JSON as text within JSON; the document bounds its length. @throws DecodeError if it is none. */
function unwrapped(inner: unknown): unknown {
  if (typeof inner !== "string") return inner;
  try {
    return JSON.parse(inner);
  } catch {
    throw new DecodeError("no JSON in the text of a key");
  }
}

/** A word at a path that tells the unit of something else. */
export function textAt(path: string): (document: unknown) => string | undefined {
  const keys = parseJsonPath(path);
  return (document) => {
    const found = keys && walk(document, keys);
    return typeof found === "string" ? found : undefined;
  };
}

function parseFrame(reader: JsonReader, { payload }: Frame): unknown {
  if (payload.kind === "message") return reader.parse(payload.body);
  if (payload.kind === "bytes") return reader.parse(payload.bytes);
  if (payload.kind === "text") return reader.parse(new TextEncoder().encode(payload.text));
  throw new DecodeError(`no JSON in a frame of ${payload.kind}`);
}

/** Finds a field in a document; of several paths, the first that leads to something. A complaint in words if one is none. */
export function jsonReader(
  paths: string | readonly string[],
  spec: FieldSpec,
  places = new Places(),
): Reader<unknown> | string {
  if (typeof paths === "string") return pathReader(paths, spec, places);
  const readers = paths.map((path) => pathReader(path, spec, places));
  const ones: ((document: unknown) => Raw)[] = [];
  const manys: ((document: unknown) => Iterable<Found>)[] = [];
  for (const reader of readers) {
    if (typeof reader === "string") return reader;
    if ("one" in reader) ones.push(reader.one);
    else if ("many" in reader) manys.push(reader.many);
  }
  if (ones.length > 0 && manys.length > 0) return "either all of its paths have a * or none";
  if (manys.length > 0) return { many: (document) => manys.flatMap((many) => Array.from(many(document))) };
  return {
    one(document) {
      for (const read of ones) {
        const raw = read(document);
        if (raw !== undefined) return raw;
      }
      return undefined;
    },
  };
}

function pathReader(path: string, spec: FieldSpec, places = new Places()): Reader<unknown> | string {
  const keys = parseJsonPath(path);
  if (!keys) return `"${path}" is no path`;
  const read = rawOf(spec);
  const [star = -1, another] = keys.flatMap((key, i) => (key.endsWith("*") ? [i] : []));
  if (star < 0) {
    const find = finder(keys);
    return { one: (document) => read(find(document)) };
  }
  if (another !== undefined) return "one * is enough";
  const above = keys.slice(0, star);
  const below = keys.slice(star + 1);
  const listed = above.at(-1) ?? "item";
  const begins = keys[star]?.slice(0, -1) ?? "";
  const place = finder(above);
  const each = everywhere(places, { begins, below, listed, read });
  return { many: (document) => each(place(document)) };
}

/** Numbers may come as text; null and the empty text mean: not available. */
export function rawOf(spec: FieldSpec): (value: unknown) => Raw {
  const quantity = isQuantity(spec);
  return (value) => {
    if (typeof value === "number" || value === undefined) return value;
    if (value === null || value === "") return null;
    if (typeof value === "string") return quantity ? (readNumber(value) ?? null) : value;
    return typeof value === "boolean" && !quantity ? value : null;
  };
}
