/** A draft from JSON messages of MQTT. */

import type { Frame } from "../../../library/index.ts";
import type { Draft, DraftField } from "./draft.ts";
import { expectOf, type Wanted } from "./from-bytes.ts";
import { chosen } from "./chosen.ts";
import { fieldName, type Kind, kindOf } from "./quantity.ts";

const MOST_PATHS = 40;
const DEEPEST = 4;
const MOST_WORDS = 8;
/** True or false is a state, not a quantity. */
const STATE: Kind = { name: "state", object: 3200 };

/** Every scalar in a JSON document by its path; the topic's last level but one names the device. */
export function draftFromMessages(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const messages = frames.flatMap(({ payload }) => {
    if (payload.kind !== "message") return [];
    const document = parsed(payload.body);
    return document === undefined ? [] : [{ topic: payload.topic, document }];
  });
  const newest = messages.at(-1);
  if (!newest) return undefined;
  // The newest say best what a path holds, but not all of them say everything.
  const told = new Map(messages.flatMap(({ document }) => [...pathsOf(document, "$", 0)]));
  const paths = [...told].slice(0, MOST_PATHS);
  const shown = new Map(
    [...wanted.now].flatMap(([name, value]) => {
      const path = pathWith(newest.document, value);
      return path === undefined ? [] : [[path, name] as const];
    }),
  );
  const names = new Set(shown.values());
  const fields = paths.map(([path, value]) => pathField({ path, value, known: shown.get(path) }, names));
  const topic = topicOf(messages.map((each) => each.topic));
  const always = paths.filter(([path]) => messages.every(({ document }) => holds(document, path)));
  const has = always.slice(0, 2).map(([path]) => path);
  return {
    ...wanted,
    notes: [`${messages.length} messages, such as under ${newest.topic}`, ...otherWords(frames)],
    match: { mqtt: { topic, ...(has.length > 0 && { json: { has } }) } },
    endpoint: topic.includes("+name") ? `${wanted.id.replaceAll(".", "-")}-{name}` : wanted.id.replaceAll(".", "-"),
    frame: { json: true },
    expect: expectOf(frames),
    fields,
    tests: chosen(messages, ({ topic: at, document }) => `${at} ${JSON.stringify(document)}`).map((message, i) => ({
      name: `recorded message ${i + 1}`,
      topic: message.topic,
      json: message.document,
    })),
  };
}

/** The first path that holds this number. */
const pathWith = (document: unknown, value: number) =>
  [...pathsOf(document, "$", 0)].find(([, each]) => each === value)?.[0];

/** Whether a path is there, be it with null. */
function holds(document: unknown, path: string): boolean {
  const [, ...keys] = path.split(".");
  let here: unknown = document;
  for (const key of keys) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return false;
    here = new Map(Object.entries(here)).get(key);
  }
  return true;
}

/** What was said that is no document: mostly whether the device is there. */
function otherWords(frames: readonly Frame[]): string[] {
  const words = frames.flatMap(({ payload }) =>
    payload.kind === "message" && parsed(payload.body) === undefined
      ? [`also heard, no JSON document: ${payload.topic} ${new TextDecoder().decode(payload.body).slice(0, 40)}`]
      : [],
  );
  return [...new Set(words)].slice(0, MOST_WORDS);
}

function parsed(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function* pathsOf(value: unknown, path: string, depth: number): Iterable<readonly [string, unknown]> {
  if (typeof value !== "object" || value === null) {
    if (value !== null) yield [path, value];
    return;
  }
  if (depth >= DEEPEST || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value))
    if (!/[.*[\]]/.test(key)) yield* pathsOf(inner, `${path}.${key}`, depth + 1);
}

interface Told {
  readonly path: string;
  readonly value: unknown;
  /** What somebody calls the number there. */
  readonly known: string | undefined;
}

function pathField({ path, value, known }: Told, names: Set<string>): DraftField {
  const key = path.split(".").at(-1) ?? path;
  const numeric = typeof value === "number" ? kindOf(known ?? key) : undefined;
  const kind = typeof value === "boolean" ? STATE : numeric;
  const plain = fieldName(path.split(".").slice(1).join("_"));
  const name = known ?? (numeric && !names.has(numeric.name) ? numeric.name : plain);
  names.add(name);
  const spec = {
    json: path,
    ...(kind?.unit !== undefined && { unit: kind.unit }),
    ...(kind?.range && { range: kind.range }),
  };
  return { name, spec, kind, shown: typeof value !== "string" };
}

/** Levels that all topics share stay; the last one that differs, or else the last but one, is the device's name. */
function topicOf(topics: readonly string[]): string {
  const [first = ""] = topics;
  const levels = first.split("/");
  const differing = levels.findLastIndex((level, i) => topics.some((topic) => topic.split("/")[i] !== level));
  const named = differing >= 0 ? differing : Math.max(0, levels.length - 2);
  return levels.map((level, i) => (i === named && levels.length > 1 ? "+name" : level)).join("/");
}
