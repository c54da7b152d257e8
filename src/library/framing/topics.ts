/** Messages that say one value each, their topic telling which: `shellies/door/sensor/lux` with the body `118`. */

import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import { type Framing, type Raw, type Reader, wrongType } from "./framing.ts";
import { jsonFraming, type JsonReader, jsonReader, rawOf, textAt, type Whereabouts } from "./json.ts";
import { componentOf } from "./path.ts";

/** The end of a topic, by levels; `+` takes any. */
interface Ending {
  readonly levels: readonly string[];
}

/** What the topic of a message says, and its body. */
export interface Spoken {
  /** The endings that its topic has, with what their `+` took; none: the message is of the fields without a topic. */
  readonly endings: ReadonlyMap<Ending, string>;
  readonly body: Uint8Array;
  readonly document: () => unknown;
}

const NOTHING: ReadonlyMap<Ending, string> = new Map();
/** Topics whose endings are remembered. */
const MAX_TOPICS = 1_024;
/** A bare word or number longer than that is no value. */
const MAX_VALUE = 256;

/** Fields with a `topic` are read from messages under it only, fields without one from all others. */
export function topicFraming(json: JsonReader, whereabouts: Whereabouts): Framing<Spoken> {
  const endings = new Map<string, Ending>();
  const plain = jsonFraming(json, whereabouts);
  const known = new Map<string, ReadonlyMap<Ending, string>>();
  let documents = false;
  const endingsOf = (topic: string) => {
    let found = known.get(topic);
    if (!found) {
      found = match(topic, endings.values());
      if (known.size >= MAX_TOPICS) known.clear();
      known.set(topic, found);
    }
    return found;
  };
  return {
    open(frame) {
      const { payload } = frame;
      if (payload.kind !== "message") throw new DecodeError(`no topic in a frame of ${payload.kind}`);
      const found = endingsOf(payload.topic);
      if (found.size === 0 && !documents) return undefined;
      return { endings: found, body: payload.body, document: () => plain.open(frame) };
    },
    reader(name, spec) {
      if (spec.topic === undefined) {
        documents = true;
        const inner = plain.reader(name, spec);
        return typeof inner === "string" ? inner : aside(inner);
      }
      const own: Ending[] = [];
      for (const text of [spec.topic].flat()) {
        const ending = endings.get(text) ?? parseEnding(text);
        if (typeof ending === "string") return ending;
        endings.set(text, ending);
        own.push(ending);
      }
      return underTopic(own, spec);
    },
    text(path) {
      const read = textAt(path);
      return ({ document }) => read(document());
    },
  };
}

function parseEnding(text: string): Ending | string {
  const levels = text.split("/");
  if (levels.some((level) => level === "" || (level !== "+" && /[+#]/.test(level))))
    return `"${text}" is no end of a topic: levels are words or one +`;
  return levels.indexOf("+") === levels.lastIndexOf("+") ? { levels } : "one + is enough";
}

/** Of a message that its topic gives to other fields, there is nothing for this one. */
function aside(inner: Reader<unknown>): Reader<Spoken> | string {
  if ("one" in inner) return { one: ({ endings, document }) => (endings.size > 0 ? undefined : inner.one(document())) };
  if (!("many" in inner)) return "JSON has names of its own";
  return { many: ({ endings, document }) => (endings.size > 0 ? [] : inner.many(document())) };
}

function underTopic(endings: readonly Ending[], spec: FieldSpec): Reader<Spoken> | string {
  const wrong = wrongType(spec, "messages");
  if (wrong !== undefined) return wrong;
  const read = spec.json === undefined ? bodyReader(spec) : documentReader(spec.json, spec);
  if (typeof read === "string") return read;
  const open = endings.filter(({ levels }) => levels.includes("+")).length;
  if (open > 0 && open < endings.length) return "either all of its topics have a + or none";
  const at = (spoken: Spoken) => endings.find((ending) => spoken.endings.has(ending));
  if (open === 0) return { one: (spoken) => (spoken.endings.size > 0 && at(spoken) ? read(spoken) : undefined) };
  return {
    many(spoken) {
      const ending = at(spoken);
      const component = ending && spoken.endings.get(ending);
      const raw = component === undefined ? undefined : read(spoken);
      return component === undefined || raw === undefined ? [] : [[component, "", raw]];
    },
  };
}

function documentReader(path: string | readonly string[], spec: FieldSpec): ((spoken: Spoken) => Raw) | string {
  const inner = jsonReader(path, spec);
  if (typeof inner === "string") return inner;
  return "one" in inner ? ({ document }) => inner.one(document()) : "a field with a topic has no * in its path";
}

/** The whole body is the value: a number, a word, `true`. */
function bodyReader(spec: FieldSpec): (spoken: Spoken) => Raw {
  const read = rawOf(spec);
  return ({ body }) => {
    if (body.length > MAX_VALUE) return null;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8").trim();
    return read(text === "true" ? true : text === "false" ? false : text);
  };
}

function match(topic: string, endings: Iterable<Ending>): ReadonlyMap<Ending, string> {
  const heard = topic.split("/");
  const found = new Map<Ending, string>();
  for (const ending of endings) {
    const component = componentAt(heard, ending);
    if (component !== undefined) found.set(ending, component);
  }
  return found.size === 0 ? NOTHING : found;
}

/** What the `+` took; empty if there is none, undefined if the topic ends otherwise. A bare number is told with what it counts. */
function componentAt(heard: readonly string[], { levels }: Ending): string | undefined {
  const start = heard.length - levels.length;
  if (start < 1) return undefined;
  let component = "";
  for (const [i, level] of levels.entries()) {
    const own = heard[start + i]!;
    if (level !== "+" && level !== own) return undefined;
    if (level === "+") component = /^\d+$/.test(own) ? `${heard[start + i - 1] ?? ""}_${own}` : own;
  }
  return componentOf(component).slice(0, 64);
}
