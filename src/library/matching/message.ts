/** Whether a message is of a definition: by its topic, and by what its JSON holds. */

import type { Scalar } from "../../base/outcome.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { MatchSpec } from "../definition/match.ts";
import type { JsonReader } from "../framing/json.ts";
import { type Find, finder, parseJsonPath } from "../framing/path.ts";
import type { Complain } from "../source.ts";
import { HINT, SURE } from "./ble.ts";
import { parseTopic, type TopicPattern } from "./topic.ts";

type MqttMatch = NonNullable<MatchSpec["mqtt"]>;
export type Message = Extract<Frame["payload"], { kind: "message" }>;

/** A value that must be there, beside the path that must be. */
const VALUE = 3;

export interface MessageMatcher {
  readonly topics: readonly TopicPattern[];
  score(message: Message): number;
  /** The same for a topic that is known to be one of these, with so many levels spelled out. */
  readonly scoreBody: (body: Uint8Array, literals: number) => number;
}

export function compileMessage(mqtt: MqttMatch, json: JsonReader, complain: Complain): MessageMatcher {
  const topics = topicsOf(mqtt.topic, complain);
  const shape = mqtt.json && shapeScore(mqtt.json, complain);
  const scoreBody: MessageMatcher["scoreBody"] = (body, literals) => {
    if (!shape) return SURE + literals;
    // A body that cannot be a JSON document with something in it is not worth an attempt.
    const more = maybeJson(body) ? shape(parsed(json, body)) : -1;
    return more < 0 ? 0 : SURE + literals + more;
  };
  return {
    topics,
    scoreBody,
    score({ topic, body }) {
      let most = -1;
      for (const { literals, matches } of topics) if (literals > most && matches(topic)) most = literals;
      return most < 0 ? 0 : scoreBody(body, most);
    },
  };
}

function topicsOf(topic: string | readonly string[], complain: Complain): TopicPattern[] {
  const patterns: TopicPattern[] = [];
  for (const text of [topic].flat()) {
    const pattern = parseTopic(text);
    if (pattern) patterns.push(pattern);
    else complain(["match", "mqtt", "topic"], `"${text}" is no topic`, "levels are words, + or +name; # may end it");
  }
  return patterns;
}

/** What a document shows of what is asked for; -1 if something is lacking. */
function shapeScore(
  { has = [], any, is = {} }: NonNullable<MqttMatch["json"]>,
  complain: Complain,
): (document: unknown) => number {
  const all = pathsOf(has, "has", complain);
  const some = any && pathsOf(any, "any", complain);
  const values = valuesOf(is, complain);
  const sure = HINT * all.length + VALUE * values.length;
  return (document) => {
    for (const find of all) if (find(document) === undefined) return -1;
    for (const [find, wanted] of values) if (!wanted.has(find(document))) return -1;
    if (!some) return sure;
    let found = 0;
    for (const find of some) if (find(document) !== undefined && ++found === HINT) break;
    return found === 0 ? -1 : sure + found;
  };
}

function pathsOf(paths: readonly string[], key: string, complain: Complain): Find[] {
  const known: Find[] = [];
  for (const text of paths) {
    const path = parseJsonPath(text);
    if (path) known.push(finder(path));
    else complain(["match", "mqtt", "json", key], `"${text}" is no path`);
  }
  return known;
}

function valuesOf(is: Readonly<Record<string, Scalar | Scalar[]>>, complain: Complain) {
  const known: (readonly [Find, ReadonlySet<unknown>])[] = [];
  for (const [text, value] of Object.entries(is)) {
    const path = parseJsonPath(text);
    if (path) known.push([finder(path), new Set<unknown>([value].flat())]);
    else complain(["match", "mqtt", "json", "is", text], `"${text}" is no path`);
  }
  return known;
}

const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, 0x0a, 0x0d];

function maybeJson(body: Uint8Array): boolean {
  let i = 0;
  while (BLANKS.includes(body[i])) i += 1;
  return body[i] === 0x7b || body[i] === 0x5b;
}

function parsed(json: JsonReader, body: Uint8Array): unknown {
  try {
    return json.parse(body);
  } catch {
    return undefined;
  }
}
