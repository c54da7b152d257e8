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
  { identity }: Definition,
  { decoder, topics, complain }: { decoder: Decoder; topics: readonly TopicPattern[]; complain: Complain },
): Identify {
  const { split } = identity;
  if (split !== undefined && !decoder.fields.has(split))
    complain(["identity", "split"], `no field "${split}"`, didYouMean(split, decoder.fields.keys()));
  checkFrom(identity.from, topics, complain);
  const known = new Set([...sourceNames(topics), ...(split === undefined ? [] : [split])]);
  const template = checkedTemplate(identity.endpoint, ["identity", "endpoint"], { known, complain });
  return (frame) => {
    if (frame.source === "") return undefined;
    const part = split === undefined ? undefined : partOf(frame, split, decoder);
    if (split !== undefined && part === undefined) return undefined;
    const endpoint = safeName(template?.render(namesOf(frame, topics, split, part)) ?? "");
    if (endpoint === "") return undefined;
    const whole = part === undefined || frame.source.endsWith(`#${part}`);
    return { source: whole ? frame.source : `${frame.source}#${part}`, endpoint };
  };
}

/** What tells the sensors of one source apart; a frame that cannot be read belongs to none of them. */
function partOf(frame: Frame, split: string, decoder: Decoder): Scalar | undefined {
  try {
    return decoder.decode(frame)?.fields.get(split)?.value;
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

function namesOf(frame: Frame, topics: readonly TopicPattern[], split: string | undefined, part: unknown): Lookup {
  const { source, payload } = frame;
  const topic = payload.kind === "message" ? payload.topic : source;
  let captures: ReadonlyMap<string, string> | undefined;
  for (const pattern of topics) captures ??= pattern.match(topic);
  return (name) => {
    if (name === "address") return plainAddress(source);
    if (name === "source") return shortSource(source);
    if (name === split) return String(part);
    return captures?.get(name);
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
