/** Whether a message is of a definition: by its topic, and by what its JSON holds. */

import type { Frame } from "../../sdk/adapter.ts";
import type { MatchSpec } from "../definition/match.ts";
import type { Finds } from "../framing/document/finds.ts";
import type { JsonReader } from "../framing/json.ts";
import { parseJsonPath } from "../framing/path.ts";
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
  const shape = mqtt.json && shapeScore(mqtt.json, json.asked, complain);
  const scoreBody: MessageMatcher["scoreBody"] = (body, literals) => {
    if (!shape) return SURE + literals;
    const found = json.answers(body);
    const more = found ? shape(found) : -1;
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
  asked: Finds,
  complain: Complain,
): (found: Finds) => number {
  const slotOf = (text: string, ...where: readonly string[]) => {
    const path = parseJsonPath(text);
    if (path) return [asked.one(path)];
    complain(["match", "mqtt", "json", ...where], `"${text}" is no path`);
    return [];
  };
  const all = has.flatMap((text) => slotOf(text, "has"));
  const some = any?.flatMap((text) => slotOf(text, "any"));
  const values = Object.entries(is).flatMap(([text, value]) =>
    slotOf(text, "is", text).map((slot) => [slot, new Set<unknown>([value].flat())] as const),
  );
  const sure = HINT * all.length + VALUE * values.length;
  return (found) => {
    for (const slot of all) if (found.value(slot) === undefined) return -1;
    for (const [slot, wanted] of values) if (!wanted.has(found.value(slot))) return -1;
    if (!some) return sure;
    let shown = 0;
    for (const slot of some) if (found.value(slot) !== undefined && ++shown === HINT) break;
    return shown === 0 ? -1 : sure + shown;
  };
}
