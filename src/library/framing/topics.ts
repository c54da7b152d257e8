/** Messages that say one value each, their topic telling which: `shellies/door/sensor/lux` with the body `118`. */

import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import { type Framing, type Raw, type Reader, wrongType } from "./framing.ts";
import type { Finds } from "./document/finds.ts";
import { jsonFraming, type JsonReader, rawOf, type Whereabouts } from "./json.ts";
import { componentOf } from "./path.ts";

/** The end of a topic, by levels; `+` takes any. */
interface Ending {
  readonly levels: readonly string[];
}

/** What a topic says: which fields its messages speak of, by their numbers, and what the `+` of each took. */
interface Addressed {
  readonly fields: readonly number[];
  readonly components: readonly string[];
}

/** What the topic of a message says, and its body. No field addressed: the message is of the fields without a topic. */
export interface Spoken {
  readonly addressed: Addressed;
  readonly body: Uint8Array;
  readonly document: () => Finds;
}

/** Topics whose endings are remembered. */
const MAX_TOPICS = 1_024;
/** A bare word or number longer than that is no value. */
const MAX_VALUE = 256;

/** Fields with a `topic` are read from messages under it only, fields without one from all others. */
export function topicFraming(json: JsonReader, whereabouts: Whereabouts): Framing<Spoken> {
  /** Of each field with a topic. */
  const fields: (readonly Ending[])[] = [];
  const plain = jsonFraming(json, whereabouts);
  const known = new Map<string, Addressed>();
  let documents = false;
  const addressedBy = (topic: string) => {
    let found = known.get(topic);
    if (!found) {
      found = match(topic, fields);
      if (known.size >= MAX_TOPICS) known.clear();
      known.set(topic, found);
    }
    return found;
  };
  return {
    open(frame) {
      const { payload } = frame;
      if (payload.kind !== "message") throw new DecodeError(`no topic in a frame of ${payload.kind}`);
      const addressed = addressedBy(payload.topic);
      if (addressed.fields.length === 0 && !documents) return undefined;
      let finds: Finds | undefined;
      return { addressed, body: payload.body, document: () => (finds ??= plain.open(frame)) };
    },
    reader(name, spec) {
      if (spec.topic === undefined) {
        documents = true;
        const inner = plain.reader(name, spec);
        return typeof inner === "string" ? inner : aside(inner);
      }
      const own: Ending[] = [];
      for (const text of [spec.topic].flat()) {
        const ending = parseEnding(text);
        if (typeof ending === "string") return ending;
        own.push(ending);
      }
      const read = spec.json === undefined ? bodyReader(spec) : documentReader(plain.reader(name, spec));
      return wrongType(spec, "messages") ?? underTopic(own, fields.push(own) - 1, read);
    },
    text(path) {
      const read = plain.text(path);
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
function aside(inner: Reader<Finds>): Reader<Spoken> | string {
  const isOther = ({ addressed }: Spoken) => addressed.fields.length > 0;
  if ("one" in inner) return { one: (spoken) => (isOther(spoken) ? undefined : inner.one(spoken.document())) };
  return { many: (spoken) => (isOther(spoken) ? [] : inner.many(spoken.document())) };
}

type ReadSpoken = (spoken: Spoken) => Raw;

function underTopic(endings: readonly Ending[], number: number, read: ReadSpoken | string): Reader<Spoken> | string {
  if (typeof read === "string") return read;
  const open = endings.filter(({ levels }) => levels.includes("+")).length;
  if (open > 0 && open < endings.length) return "either all of its topics have a + or none";
  if (open === 0) return { one: (spoken) => (spoken.addressed.fields.includes(number) ? read(spoken) : undefined) };
  return {
    many(spoken) {
      const component = spoken.addressed.components[spoken.addressed.fields.indexOf(number)];
      const raw = component === undefined ? undefined : read(spoken);
      return component === undefined || raw === undefined ? [] : [[component, "", raw]];
    },
  };
}

function documentReader(inner: Reader<Finds> | string): ReadSpoken | string {
  if (typeof inner === "string") return inner;
  return "one" in inner ? ({ document }) => inner.one(document()) : "a field with a topic has no * in its path";
}

/** The whole body is the value: a number, a word, `true`. */
function bodyReader(spec: FieldSpec): ReadSpoken {
  const read = rawOf(spec);
  return ({ body }) => {
    if (body.length > MAX_VALUE) return null;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8").trim();
    return read(text === "true" ? true : text === "false" ? false : text);
  };
}

function match(topic: string, endings: readonly (readonly Ending[])[]): Addressed {
  const heard = topic.split("/");
  const fields: number[] = [];
  const components: string[] = [];
  for (const [number, own] of endings.entries()) {
    const component = own.reduce<string | undefined>((found, each) => found ?? componentAt(heard, each), undefined);
    if (component === undefined) continue;
    fields.push(number);
    components.push(component);
  }
  return { fields, components };
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
