/** What is said of a device being there: by its own will, by who speaks for it, or by a value among its others. */

import type { Scalar } from "../../base/outcome.ts";
import type { Definition } from "../definition/definition.ts";
import type { Saying, Told } from "../device.ts";
import { type JsonPath, parseJsonPath, walk } from "../framing/path.ts";
import type { Complain, Where } from "../source.ts";
import { parseTopic, type TopicPattern } from "./topic.ts";

type Spec = NonNullable<Definition["alive"]["told"]>[number];

/** Words are short, and so are the documents that hold them. */
const MAX_BODY = 4_096;

/** What a word stands for, however it is typed: `true` in JSON and "true" as text are one. */
type Words = ReadonlyMap<string, Saying>;

interface ByTopic {
  readonly pattern: TopicPattern;
  readonly path: JsonPath | undefined;
  readonly words: Words;
}

interface Context {
  /** The topics under which the device speaks itself. */
  readonly topics: readonly TopicPattern[];
  readonly fields: { has(name: string): boolean };
  readonly complain: Complain;
}

export function compileTold(specs: readonly Spec[], { topics, fields, complain }: Context): Told {
  const byTopic: ByTopic[] = [];
  const byField = new Map<string, Words>();
  for (const [i, spec] of specs.entries()) {
    const where = ["alive", "told", i];
    const words = wordsOf(spec);
    if ((spec.topic === undefined) === (spec.field === undefined))
      complain(where, "either a topic or a field says whether it is there");
    else if (spec.field !== undefined) {
      if (!fields.has(spec.field)) complain([...where, "field"], `no field "${spec.field}"`);
      byField.set(spec.field, words);
    } else if (spec.topic !== undefined) {
      const found = compileTopic(spec, { words, topics, where, complain });
      if (found) byTopic.push(found);
    }
  }
  return {
    inside: byField.size > 0,
    topics: (source) => topicsOf(source, byTopic, topics),
    says: (topic, body) => saidUnder(topic, body, byTopic),
    read({ fields: values }) {
      for (const [name, words] of byField) {
        const value = values.get(name)?.value;
        if (value === undefined) continue;
        const saying = words.get(String(value));
        if (saying) return { saying, alone: [...values.keys()].every((each) => byField.has(each)) };
      }
      return undefined;
    },
  };
}

function wordsOf({ here, gone }: Spec): Words {
  const all = (words: Scalar | readonly Scalar[], saying: Saying) =>
    [words].flat().map((word) => [String(word), saying] as const);
  return new Map([...all(here, "here"), ...all(gone, "gone")]);
}

interface TopicContext extends Omit<Context, "fields"> {
  readonly words: Words;
  readonly where: Where;
}

function compileTopic({ topic = "", json }: Spec, context: TopicContext): ByTopic | undefined {
  const { words, topics, where, complain } = context;
  const pattern = parseTopic(topic);
  const path = json === undefined ? undefined : parseJsonPath(json);
  if (!pattern || pattern.open || pattern.levels.includes("+")) {
    complain([...where, "topic"], `"${topic}" is no topic of one device`, "levels are words or +name, as in match");
    return undefined;
  }
  const known = new Set(topics.flatMap(({ names }) => names));
  for (const name of pattern.names.filter((each) => !known.has(each)))
    complain([...where, "topic"], `no topic of match tells "${name}"`);
  if (json !== undefined && !path) complain([...where, "json"], `"${json}" is no path`);
  return { pattern, path, words };
}

/** The names in the topic that a source is heard under fill those in the topics that speak of it. */
function topicsOf(source: string, all: readonly ByTopic[], own: readonly TopicPattern[]): readonly string[] {
  // Of several sensors behind one topic, what follows the # tells them apart; no topic has one.
  const [address = ""] = source.split("#", 1);
  let captures: ReadonlyMap<string, string> | undefined;
  for (const pattern of own) captures ??= pattern.match(address);
  const found: string[] = [];
  for (const { pattern } of all) {
    const levels = pattern.levels.map((level) => (level.startsWith("+") ? captures?.get(level.slice(1)) : level));
    if (!levels.includes(undefined)) found.push(levels.join("/"));
  }
  return found;
}

function saidUnder(topic: string, body: Uint8Array, all: readonly ByTopic[]): Saying | undefined {
  if (body.length > MAX_BODY) return undefined;
  let text: string | undefined;
  for (const { pattern, path, words } of all) {
    if (!pattern.matches(topic)) continue;
    text ??= Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8").trim();
    const saying = words.get(path === undefined ? text : wordAt(text, path));
    if (saying) return saying;
  }
  return undefined;
}

/** A body that is no document is the word itself, as older versions of some programs have it. */
function wordAt(text: string, path: JsonPath): string {
  if (!text.startsWith("{")) return text;
  try {
    return String(walk(JSON.parse(text), path));
  } catch {
    return text;
  }
}
