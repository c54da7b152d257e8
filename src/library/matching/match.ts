/** Which definition a frame belongs to: scored by how much of what it asks for is there. */

import { fromHex } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import type { Frame } from "../../sdk/adapter.ts";
import { fullUuid, lastSection } from "./advert.ts";
import type { BleMatch, MatchSpec } from "../definition/match.ts";
import type { JsonReader } from "../framing/json.ts";
import { parseJsonPath, walk } from "../framing/path.ts";
import { checkedRegExp } from "../language/names.ts";
import type { Complain } from "../source.ts";
import { parseTopic, type TopicPattern } from "./topic.ts";

/** What a definition asks of a frame, for each kind of frame. */
export interface Matcher {
  /** 0: not mine. */
  score(frame: Frame): number;
  /** By what the library finds it: only frames that show one of these are scored. */
  readonly keys: MatchKeys;
  readonly topics: readonly TopicPattern[];
}

export interface MatchKeys {
  readonly companies: readonly number[];
  readonly uuids: readonly string[];
  readonly sentences: readonly string[];
  /** Name and value, in this order. */
  readonly values: readonly (readonly [name: string, value: Scalar])[];
  readonly lines: boolean;
  readonly messages: boolean;
  /** Adverts that only a name tells. */
  readonly names: boolean;
}

type Advert = Extract<Frame["payload"], { kind: "advert" }>;
type Score<Payload> = (payload: Payload) => number;

/** Weights: what identifies a maker counts most, then what narrows it down. */
const SURE = 10;
const SOME = 5;
const HINT = 2;

const NEVER = () => 0;

export function compileMatcher(spec: MatchSpec | undefined, json: JsonReader, complain: Complain): Matcher {
  const advert = spec?.ble ? bleScore(spec.ble, complain) : NEVER;
  const line = spec?.serial ? serialScore(spec.serial, complain) : NEVER;
  const topics = spec?.mqtt ? topicsOf(spec.mqtt.topic, complain) : [];
  const message = spec?.mqtt ? messageScore(spec.mqtt, topics, json, complain) : NEVER;
  const values = Object.entries(spec?.fields ?? {});
  return {
    topics,
    keys: keysOf(spec, values),
    score({ payload }) {
      switch (payload.kind) {
        case "advert":
          return advert(payload);
        case "text":
          return line(payload.text);
        case "message":
          return message(payload);
        case "fields":
          return values.length > 0 && values.every(([name, value]) => payload.fields[name] === value)
            ? SURE * values.length
            : 0;
        default:
          return 0;
      }
    },
  };
}

function keysOf(spec: MatchSpec | undefined, values: MatchKeys["values"]): MatchKeys {
  const { ble, serial } = spec ?? {};
  const uuids = [...[ble?.service_data].flat(), ...(ble?.services ?? [])].map(
    (uuid) => uuid !== undefined && fullUuid(uuid),
  );
  const companies = typeof ble?.manufacturer === "number" ? [ble.manufacturer] : [];
  const known = uuids.filter((uuid) => typeof uuid === "string");
  return {
    companies,
    uuids: companies.length > 0 ? [] : known,
    names: ble?.name !== undefined && companies.length === 0 && known.length === 0,
    sentences: serial?.sentences ?? [],
    lines: serial?.line !== undefined,
    messages: spec?.mqtt !== undefined,
    values: values.slice(0, 1),
  };
}

function bleScore(ble: BleMatch, complain: Complain): Score<Advert> {
  const where = ["match", "ble"];
  const { length, services = [], name } = ble;
  const manufacturer = typeof ble.manufacturer === "number" ? ble.manufacturer : undefined;
  const [service_data] = [ble.service_data].flat();
  const uuid = service_data === undefined ? undefined : fullUuid(service_data);
  if (service_data !== undefined && uuid === undefined) complain([...where, "service_data"], "no UUID");
  const wanted = services.map((each) => fullUuid(each));
  if (wanted.includes(undefined)) complain([...where, "services"], "no UUID");
  const pattern = name === undefined ? undefined : checkedRegExp(name, [...where, "name"], complain);
  const prefix = ble.prefix === undefined ? undefined : fromHex(ble.prefix);
  if (manufacturer === undefined && uuid === undefined && wanted.length === 0 && !pattern)
    complain(where, "matches everything: name a manufacturer, service_data, services or a name");
  const fits = (bytes: Uint8Array) =>
    (length === undefined || bytes.length === length) && (prefix?.every((byte, i) => bytes[i] === byte) ?? true);
  const detail = (length === undefined ? 0 : HINT) + HINT * (prefix?.length ?? 0);
  return (advert) => {
    let score = 0;
    if (manufacturer !== undefined) {
      const bytes = lastSection(advert.manufacturer, manufacturer);
      if (!bytes || (uuid === undefined && !fits(bytes))) return 0;
      score += SURE + detail;
    }
    if (uuid !== undefined) {
      const bytes = advert.services.get(uuid);
      if (!bytes || !fits(bytes)) return 0;
      score += SURE + detail;
    }
    for (const each of wanted) {
      if (each === undefined || !(advert.serviceUuids.includes(each) || advert.services.has(each))) return 0;
      score += SOME;
    }
    if (!pattern) return score;
    return advert.name !== undefined && pattern.test(advert.name) ? score + SOME : 0;
  };
}

function serialScore({ line, sentences }: NonNullable<MatchSpec["serial"]>, complain: Complain): Score<string> {
  const pattern = line === undefined ? undefined : checkedRegExp(line, ["match", "serial", "line"], complain);
  if (line === undefined && sentences === undefined)
    complain(["match", "serial"], 'matches every line: name "line" or "sentences"');
  const known = new Set(sentences);
  return (text) => {
    if (pattern?.test(text.trimEnd())) return SURE;
    const formatter = sentenceOf(text);
    return formatter !== undefined && known.has(formatter) ? SOME : 0;
  };
}

/** What an NMEA sentence is called, whoever talks; undefined if the text is none. */
export function sentenceOf(text: string): string | undefined {
  return (text[0] === "$" || text[0] === "!") && text[6] === "," ? text.slice(3, 6) : undefined;
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

function messageScore(
  { json: shape }: NonNullable<MatchSpec["mqtt"]>,
  topics: readonly TopicPattern[],
  json: JsonReader,
  complain: Complain,
): Score<Extract<Frame["payload"], { kind: "message" }>> {
  const has = pathsOf(shape?.has, "has", complain);
  const any = pathsOf(shape?.any, "any", complain);
  return ({ topic, body }) => {
    if (!topics.some((pattern) => pattern.match(topic))) return 0;
    if (!shape) return SURE;
    // A body that cannot be a JSON object is not worth an attempt.
    if (body[0] !== 0x7b) return 0;
    const document = parsed(json, body);
    if (!has.every((path) => walk(document, path) !== undefined)) return 0;
    const some = any.filter((path) => walk(document, path) !== undefined).length;
    return shape.any && some === 0 ? 0 : SURE + HINT * has.length + Math.min(some, HINT);
  };
}

function parsed(json: JsonReader, body: Uint8Array): unknown {
  try {
    return json.parse(body);
  } catch {
    return undefined;
  }
}

function pathsOf(paths: readonly string[] = [], key: string, complain: Complain): (readonly string[])[] {
  const known: (readonly string[])[] = [];
  for (const text of paths) {
    const path = parseJsonPath(text);
    if (path) known.push(path);
    else complain(["match", "mqtt", "json", key], `"${text}" is no path`);
  }
  return known;
}
