/** JSON documents: fields by path. */

import { DecodeError } from "../../base/bytes.ts";
import { parseInstant } from "../../base/instant.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { Frame } from "../../sdk/adapter.ts";
import { type Found, type Framing, isQuantity, type Raw, type Reader, readNumber, wrongType } from "./framing.ts";
import { Finds } from "./document/finds.ts";
import { member, parseJsonPath } from "./path.ts";

const MAX_DOCUMENT = 65_536;
const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, 0x0a, 0x0d];

/** Parses bodies; matching and decoding the same frame share the work. */
export class JsonReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** What all definitions ask of a document to know whether it is theirs. */
  readonly asked = new Finds();
  #answered: Uint8Array | undefined;
  #answer: Finds | undefined;
  #body: Uint8Array | undefined;
  #document: unknown;
  #refused = false;

  /** @throws DecodeError if it is no JSON, or too long. */
  parse(body: Uint8Array): unknown {
    if (body !== this.#body) this.#read(body);
    if (this.#refused) throw new DecodeError("no JSON");
    return this.#document;
  }

  /** What `asked` finds in a body; undefined if it is no JSON, or none with something in it. */
  answers(body: Uint8Array): Finds | undefined {
    if (body === this.#answered) return this.#answer;
    this.#answered = body;
    return (this.#answer = this.#ask(body));
  }

  #ask(body: Uint8Array): Finds | undefined {
    // What cannot be a document with something in it is not worth an attempt.
    if (!mayHold(body)) return undefined;
    try {
      return this.asked.read(this.parse(body));
    } catch {
      return undefined;
    }
  }

  #read(body: Uint8Array): void {
    if (body.length > MAX_DOCUMENT) throw new DecodeError(`JSON of ${body.length} bytes`);
    this.#body = body;
    try {
      this.#document = JSON.parse(this.#decoder.decode(body));
      this.#refused = false;
    } catch {
      this.#document = undefined;
      this.#refused = true;
    }
  }
}

/** Whether an object or a list may begin here. */
function mayHold(body: Uint8Array): boolean {
  let i = 0;
  while (BLANKS.includes(body[i])) i += 1;
  return body[i] === 0x7b || body[i] === 0x5b;
}

/** Where in a message its document stands. */
export interface Whereabouts {
  /** A key that may wrap it. */
  readonly root?: string | undefined;
  /** End of a topic whose last level is the key under which others would have it. */
  readonly key_from?: string | undefined;
}

interface JsonFraming extends Framing<Finds> {
  open(frame: Frame): Finds;
  text(path: string): (found: Finds) => string | undefined;
}

export function jsonFraming(reader: JsonReader, { root, key_from }: Whereabouts): JsonFraming {
  const prefix = key_from?.slice(0, -1);
  const finds = new Finds();
  const documentOf = (frame: Frame) => {
    const document = parseFrame(reader, frame);
    if (prefix !== undefined && frame.payload.kind === "message") {
      const key = keyAfter(frame.payload.topic, prefix);
      if (key !== undefined) return { [key]: document };
    }
    return root === undefined ? document : (unwrapped(member(document, root)) ?? document);
  };
  return {
    open: (frame) => finds.read(documentOf(frame)),
    reader(_name, spec) {
      if (spec.json === undefined) return '"json" is missing: what is its path?';
      return wrongType(spec, "JSON") ?? jsonReader(spec.json, spec, finds);
    },
    text: (path) => textAt(path, finds),
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
function textAt(path: string, finds: Finds): (found: Finds) => string | undefined {
  const keys = parseJsonPath(path);
  if (!keys) return () => undefined;
  const slot = finds.one(keys);
  return (found) => {
    const word = found.value(slot);
    return typeof word === "string" ? word : undefined;
  };
}

function parseFrame(reader: JsonReader, { payload }: Frame): unknown {
  if (payload.kind === "message") return reader.parse(payload.body);
  if (payload.kind === "bytes") return reader.parse(payload.bytes);
  if (payload.kind === "text") return reader.parse(new TextEncoder().encode(payload.text));
  throw new DecodeError(`no JSON in a frame of ${payload.kind}`);
}

/** Finds a field in a document; of several paths, the first that leads to something. A complaint in words if one is none. */
function jsonReader(paths: string | readonly string[], spec: FieldSpec, finds: Finds): Reader<Finds> | string {
  const read = rawOf(spec);
  const ones: number[] = [];
  const manys: number[] = [];
  for (const path of [paths].flat()) {
    const keys = parseJsonPath(path);
    if (!keys) return `"${path}" is no path`;
    const star = keys.findIndex((key) => key.endsWith("*"));
    if (star < 0) {
      ones.push(finds.one(keys));
      continue;
    }
    const [above, begins, below] = [keys.slice(0, star), keys[star]?.slice(0, -1) ?? "", keys.slice(star + 1)];
    if (below.some((key) => key.endsWith("*"))) return "one * is enough";
    manys.push(finds.many({ above, begins, below, read }));
  }
  if (ones.length > 0 && manys.length > 0) return "either all of its paths have a * or none";
  return manys.length > 0 ? { many: manyReader(manys) } : { one: oneReader(ones, read) };
}

function oneReader(slots: readonly number[], read: (value: unknown) => Raw): (found: Finds) => Raw {
  const [slot = 0, another] = slots;
  if (another === undefined)
    return (found) => {
      const value = found.value(slot);
      return value === undefined ? undefined : read(value);
    };
  return (found) => {
    for (const each of slots) {
      const value = found.value(each);
      if (value !== undefined) return read(value);
    }
    return undefined;
  };
}

function manyReader(slots: readonly number[]): (found: Finds) => readonly Found[] {
  const [slot = 0, another] = slots;
  if (another === undefined) return (found) => found.found(slot);
  return (found) => slots.flatMap((each) => found.found(each));
}

/** Numbers may come as text; null, the empty text and a time that is none mean: not available. */
export function rawOf(spec: FieldSpec): (value: unknown) => Raw {
  const quantity = isQuantity(spec);
  if (spec.type === "iso8601") return timeOf;
  return (value) => {
    if (typeof value === "number" || value === undefined) return value;
    if (value === null || value === "") return null;
    if (typeof value === "string") return quantity ? (readNumber(value) ?? null) : value;
    return typeof value === "boolean" && !quantity ? value : null;
  };
}

function timeOf(value: unknown): Raw {
  if (value === undefined) return undefined;
  return typeof value === "string" && parseInstant(value) !== undefined ? value : null;
}
