/** Which sensor a frame belongs to, and what its endpoint would be called. */

import { DecodeError } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { Frame } from "../sdk/adapter.ts";
import { didYouMean } from "./check.ts";
import type { Decoder } from "./decode.ts";
import type { Definition } from "./definition/definition.ts";
import type { Identity } from "./device.ts";
import type { Lookup } from "./language/expression.ts";
import { checkedTemplate } from "./language/names.ts";
import type { Complain } from "./source.ts";
import type { TopicPattern } from "./matching/topic.ts";

/** Endpoint names travel in queries and file names: short, lower-case, nothing that needs escaping. */
const MAX_ENDPOINT = 64;

/** What every source tells: itself, its address without punctuation, and the names in its topic. */
export function sourceNames(topics: readonly TopicPattern[]): string[] {
  return ["source", "address", ...topics.flatMap(({ names }) => names)];
}

export type Identify = (frame: Frame) => Identity | undefined;

export function compileIdentity(
  { identity, match }: Definition,
  { decoder, topics, complain }: { decoder: Decoder; topics: readonly TopicPattern[]; complain: Complain },
): Identify {
  const split = identity.split === undefined ? [] : [identity.split].flat();
  for (const name of split.filter((each) => !decoder.fields.has(each)))
    complain(["identity", "split"], `no field "${name}"`, didYouMean(name, decoder.fields.keys()));
  checkFrom(identity.from, topics, complain);
  const known = new Set([...sourceNames(topics), ...split, ...(split.length > 0 ? ["part"] : [])]);
  const template = checkedTemplate(identity.endpoint, ["identity", "endpoint"], { known, complain });
  const mainTopic = identity.from?.startsWith("topic.") ? filling([match?.mqtt?.topic].flat()[0]) : undefined;
  return (frame) => {
    if (frame.source === "") return undefined;
    const parts = split.length === 0 ? undefined : partsOf(frame, split, decoder);
    if (split.length > 0 && parts === undefined) return undefined;
    const captures = capturesOf(frame, topics);
    const part = parts && [...parts.values()].join("-");
    const lookup = namesOf(
      frame,
      captures,
      new Map([...(parts ?? []), ...(part === undefined ? [] : [["part", part] as const])]),
    );
    const endpoint = safeName(template?.render(lookup) ?? "");
    if (endpoint === "") return undefined;
    const source = frame.payload.kind === "message" ? (mainTopic?.(captures) ?? frame.source) : frame.source;
    return { source: part === undefined || source.endsWith(`#${part}`) ? source : `${source}#${part}`, endpoint };
  };
}

/**
 * A device that speaks under several topics has one source all the same: the first of them, with its own names in it;
 * what `#` stands for is left out. Undefined if a message does not tell all of these names.
 */
function filling(pattern: string | undefined): ((captures: Captures) => string | undefined) | undefined {
  const levels = pattern?.replace(/\/#$/, "").split("/") ?? [];
  if (levels.length === 0 || levels.some((level) => level === "+" || level === "#")) return undefined;
  return (captures) => {
    let topic = "";
    for (const [i, level] of levels.entries()) {
      const own = level.startsWith("+") ? captures?.get(level.slice(1)) : level;
      if (own === undefined) return undefined;
      topic += i === 0 ? own : `/${own}`;
    }
    return topic;
  };
}

/** What tells the sensors of one source apart; a frame that cannot be read, or tells none of it, belongs to none of them. */
function partsOf(frame: Frame, split: readonly string[], decoder: Decoder): ReadonlyMap<string, Scalar> | undefined {
  try {
    const fields = decoder.decode(frame)?.fields;
    const parts = new Map<string, Scalar>();
    for (const name of split) {
      const value = fields?.get(name)?.value;
      if (value !== undefined) parts.set(name, value);
    }
    return parts.size === 0 ? undefined : parts;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function checkFrom(from: string | undefined, topics: readonly TopicPattern[], complain: Complain): void {
  const known = [
    "source",
    "ble.address",
    "serial.port",
    ...topics.flatMap(({ names }) => names.map((name) => `topic.${name}`)),
  ];
  if (from !== undefined && !known.includes(from))
    complain(["identity", "from"], `"${from}" is unknown`, didYouMean(from, known) ?? `known are ${known.join(", ")}`);
}

type Captures = ReadonlyMap<string, string> | undefined;

function capturesOf({ source, payload }: Frame, topics: readonly TopicPattern[]): Captures {
  const topic = payload.kind === "message" ? payload.topic : source;
  let captures: Captures;
  for (const pattern of topics) captures ??= pattern.match(topic);
  return captures;
}

function namesOf({ source }: Frame, captures: Captures, parts: ReadonlyMap<string, Scalar>): Lookup {
  return (name) => {
    if (name === "address") return plainAddress(source);
    if (name === "source") return shortSource(source);
    const part = parts.get(name);
    return part === undefined ? captures?.get(name) : String(part);
  };
}

/** An address without its punctuation. */
export const plainAddress = (source: string) => source.replaceAll(/[^0-9A-Za-z]/g, "");

/** Of a device file only its own name: folders say where it is plugged in, if anything. */
function shortSource(source: string): string {
  return source.startsWith("/") ? source.slice(source.lastIndexOf("/") + 1) : source;
}

/** Lower case, letters, digits and single dashes. */
function safeName(text: string): string {
  const plain = text.normalize("NFKD").toLowerCase();
  return plain
    .replaceAll(/[\u0300-\u036f]/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, MAX_ENDPOINT)
    .replace(/-$/, "");
}
