/** A frame becomes a reading: the framing opens the payload, the fields say what is in it. */

import { parseDuration } from "../base/duration.ts";
import { parseInstant } from "../base/instant.ts";
import type { Frame, Stamp } from "../sdk/adapter.ts";
import { didYouMean } from "./check.ts";
import { catalogue } from "./codecs/catalogue.ts";
import type { Codec, Convention, FieldInfo, KeyNeed, Session } from "./codecs/codec.ts";
import type { Definition } from "./definition/definition.ts";
import { FieldNames } from "./fields/names.ts";
import { compileFields, type FieldPlan } from "./fields/fields.ts";
import { codecFraming } from "./framing/codec.ts";
import { compileEach, type Parts } from "./framing/each.ts";
import type { JsonReader } from "./framing/json.ts";
import { chooseFraming, framingKinds } from "./framing/table.ts";
import type { Quantity, Reading } from "./reading.ts";
import type { Complain } from "./source.ts";

export interface Decoder {
  /** Every field that a reading may have, with its unit. Names of many are those without their component. */
  readonly fields: ReadonlyMap<string, FieldInfo>;
  readonly key: KeyNeed | undefined;
  createSession?(key: Uint8Array | undefined): Session | undefined;
  /** What one message stands for, where that is not itself. @throws DecodeError if it is malformed. */
  readonly parts?: Parts;
  /** Whether a topic that no pattern names is ours. */
  readonly owns?: (topic: string) => boolean;
  /** See `Convention`. */
  readonly set?: NonNullable<Convention["set"]>;
  /** Undefined: nothing in it for us. @throws DecodeError if the frame is malformed, SealedError if it stays closed. */
  decode(frame: Frame, session?: Session): Reading | undefined;
}

/** A device that says later than that has no clock; nor has one that says earlier, but counts from when it was switched on. */
const LATEST_MS = Date.UTC(2100, 0);
const EARLIEST_MS = Date.UTC(2020, 0);

/** Keys of `frame` that belong to one way of reading. */
const OWNERS = [
  ["root", "json"],
  ["key_from", "json"],
  ["each", "json"],
  ["tlv", "bytes"],
  ["flags", "bytes"],
  ["packet", "bytes"],
] as const;

export function compileDecoder(definition: Definition, json: JsonReader, complain: Complain): Decoder | undefined {
  const { frame } = definition;
  const [kind, another] = framingKinds.filter((each) => frame[each] !== undefined);
  if (kind === undefined || another !== undefined) {
    complain(["frame"], `exactly one of ${framingKinds.join(", ")} says how a payload is read`);
    return undefined;
  }
  for (const [key, owner] of OWNERS)
    if (frame[key] !== undefined && kind !== owner) complain(["frame", key], `only ${owner} has "${key}"`);
  if (frame.check && kind !== "csv" && kind !== "line")
    complain(["frame", "check"], 'only csv and line have "check"; that of binary frames stands in packet');
  if (frame.codec !== undefined) return codecDecoder(definition, frame.codec, complain);
  if (definition.fields === undefined && definition.forms === undefined) complain(["frame"], '"fields" is missing');
  const plan = chooseFraming(kind, { definition, json, complain }, (framing) =>
    compileFields({ definition, framing, kind, complain }),
  );
  const decoder = plan && finishDecoder(definition, plan, complain);
  const parts = partsOf(frame.each, json, complain);
  return decoder && parts ? { ...decoder, parts } : decoder;
}

function partsOf(each: string | undefined, json: JsonReader, complain: Complain): Parts | undefined {
  const parts = each === undefined ? undefined : compileEach(each, json);
  if (each !== undefined && !parts) complain(["frame", "each"], `"${each}" is no path with one *`);
  return parts;
}

function codecDecoder(definition: Definition, name: string, complain: Complain): Decoder | undefined {
  const codec = catalogue.get(name)?.(definition);
  if (!codec) {
    complain(["frame", "codec"], `no codec "${name}"`);
    return undefined;
  }
  const plan = codecPlan(definition, codec, complain);
  const { key } = codec;
  const decoder = {
    ...finishDecoder(definition, plan, complain),
    key,
    ...(codec.createSession && { createSession: (bytes: Uint8Array | undefined) => codec.createSession?.(bytes) }),
  };
  if (!isConvention(codec)) return decoder;
  return {
    ...decoder,
    parts: (frame) => codec.parts(frame),
    owns: (topic) => codec.owns(topic),
    ...(codec.set && { set: (source, field, value) => codec.set?.(source, field, value) }),
  };
}

/** What the codec names, and on top of it what the definition computes of it or refines. */
function codecPlan(definition: Definition, codec: Codec, complain: Complain): FieldPlan {
  if (!definition.fields)
    return { infos: new FieldNames(codec.fields), read: (frame, session) => codec.decode(frame, session) };
  const plan = compileFields({ definition, framing: codecFraming(codec), kind: "codec", complain });
  return { ...plan, infos: new FieldNames([...codec.fields, ...plan.infos]) };
}

const isConvention = (codec: Codec): codec is Convention => "parts" in codec;

function finishDecoder(definition: Definition, plan: FieldPlan, complain: Complain): Decoder {
  const { infos: fields } = plan;
  const { sequence } = definition.frame;
  const { time } = definition;
  const mustBeField = (name: string, where: readonly string[]) => {
    if (!fields.has(name)) complain(where, `no field "${name}"`, didYouMean(name, fields.keys()));
  };
  if (sequence !== undefined) mustBeField(sequence, ["frame", "sequence"]);
  if (time) mustBeField(time.from, ["time", "from"]);
  const within = parseDuration(time?.within ?? "") ?? 0;
  return {
    fields,
    key: undefined,
    decode(frame, session) {
      const values = plan.read(frame, session);
      if (!values || values.size === 0) return undefined;
      const counted = sequence === undefined ? undefined : values.get(sequence)?.value;
      const at = time ? measured(values.get(time.from), frame.at, within) : frame.at;
      return typeof counted === "number" ? { at, fields: values, sequence: counted } : { at, fields: values };
    },
  };
}

/**
 * The device's own time where it can be believed: where the gateway's clock cannot be, or where both agree
 * so far that the difference is the way from the device to us. A clock that is wrong by years stamps nothing.
 */
function measured(quantity: Quantity | undefined, received: Stamp, within: number): Stamp {
  const told = quantity?.value;
  const ms = typeof told === "number" ? Math.round(told * 1000) : typeof told === "string" ? parseInstant(told) : NaN;
  if (ms === undefined || !(ms > 0 && ms < LATEST_MS)) return received;
  if (!received.trusted) return ms < EARLIEST_MS ? received : { ms, trusted: true };
  return Math.abs(received.ms - ms) <= within ? { ms, trusted: true } : received;
}
