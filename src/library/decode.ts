/** A frame becomes a reading: the framing opens the payload, the fields say what is in it. */

import { parseDuration } from "../base/duration.ts";
import type { Frame, Stamp } from "../sdk/adapter.ts";
import { advertBytes } from "./matching/advert.ts";
import { didYouMean } from "./check.ts";
import { catalogue } from "./codecs/catalogue.ts";
import type { Codec, Convention, FieldInfo, KeyNeed, Session } from "./codecs/codec.ts";
import type { Definition } from "./definition/definition.ts";
import type { Lookup } from "./language/expression.ts";
import { compileField, type Field, readField, type Values } from "./field.ts";
import { bytesFraming } from "./framing/bytes.ts";
import { compileEach, type Parts } from "./framing/each.ts";
import type { Framing } from "./framing/framing.ts";
import { jsonFraming, type JsonReader } from "./framing/json.ts";
import { nmeaFraming } from "./framing/nmea.ts";
import { fieldsFraming, registersFraming } from "./framing/registers.ts";
import { topicFraming } from "./framing/topics.ts";
import { csvFraming, lineFraming } from "./framing/text.ts";
import { checkedRegExp } from "./language/names.ts";
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
  /** Undefined: nothing in it for us. @throws DecodeError if the frame is malformed, SealedError if it stays closed. */
  decode(frame: Frame, session?: Session): Reading | undefined;
}

/** Reads all fields of a frame; undefined if there is nothing in it for us. */
type ReadValues = (frame: Frame, session: Session | undefined) => Values | undefined;

/** 2100: a device that says later than that has no clock. */
const LATEST_MS = Date.UTC(2100, 0);

const KINDS = ["bytes", "json", "csv", "line", "nmea", "registers", "fields", "codec"] as const;

export function compileDecoder(definition: Definition, json: JsonReader, complain: Complain): Decoder | undefined {
  const { frame } = definition;
  const kinds = KINDS.filter((kind) => frame[kind] !== undefined);
  if (kinds.length !== 1) {
    complain(["frame"], `exactly one of ${KINDS.join(", ")} says how a payload is read`);
    return undefined;
  }
  if (frame.root !== undefined && frame.json === undefined) complain(["frame", "root"], "only JSON has a root");
  if (frame.codec !== undefined) return codecDecoder(definition, frame.codec, complain);
  switch (kinds[0]) {
    case "bytes":
      return fieldDecoder(definition, bytesFraming(payloadOf(definition, complain)), complain);
    case "json": {
      const parts = partsOf(frame.each, json, complain);
      const decoder = jsonDecoder(definition, json, complain);
      return decoder && parts ? { ...decoder, parts } : decoder;
    }
    case "csv":
      return fieldDecoder(definition, csvFraming(frame.csv?.columns ?? [], frame.csv?.separator), complain);
    case "line": {
      const pattern = checkedRegExp(frame.line ?? "", ["frame", "line"], complain);
      return pattern && fieldDecoder(definition, lineFraming(pattern), complain);
    }
    case "nmea":
      return fieldDecoder(definition, nmeaFraming(), complain);
    case "registers":
      return fieldDecoder(definition, registersFraming(), complain);
    default:
      return fieldDecoder(definition, fieldsFraming(), complain);
  }
}

/** Where the topic tells which field a message speaks of, that is another way of reading. */
function jsonDecoder(definition: Definition, json: JsonReader, complain: Complain): Decoder | undefined {
  const { root } = definition.frame;
  const byTopic = Object.values(definition.fields ?? {}).some(({ topic }) => topic !== undefined);
  if (byTopic) return fieldDecoder(definition, topicFraming(json, root), complain);
  return fieldDecoder(definition, jsonFraming(json, root), complain);
}

function partsOf(each: string | undefined, json: JsonReader, complain: Complain): Parts | undefined {
  const parts = each === undefined ? undefined : compileEach(each, json);
  if (each !== undefined && !parts) complain(["frame", "each"], `"${each}" is no path with one *`);
  return parts;
}

function payloadOf({ frame, match }: Definition, complain: Complain) {
  if (frame.bytes === "ble.manufacturer" && match?.ble?.manufacturer === undefined)
    complain(["frame", "bytes"], "of which company? match.ble.manufacturer is missing");
  if (frame.bytes === "ble.service_data" && match?.ble?.service_data === undefined)
    complain(["frame", "bytes"], "of which service? match.ble.service_data is missing");
  if (frame.bytes === "ble.manufacturer") return advertBytes("manufacturer", match?.ble);
  if (frame.bytes === "ble.service_data") return advertBytes("service_data", match?.ble);
  return ({ payload }: Frame) =>
    payload.kind === "bytes" ? payload.bytes : payload.kind === "message" ? payload.body : undefined;
}

function fieldDecoder<Opened>(
  definition: Definition,
  framing: Framing<Opened>,
  complain: Complain,
): Decoder | undefined {
  const known = new Set<string>();
  const fields: Field<Opened>[] = [];
  for (const [name, spec] of Object.entries(definition.fields ?? {})) {
    const field = compileField(name, spec, { framing, known, complain });
    if (field) fields.push(field);
    known.add(name);
  }
  if (known.size === 0) complain(["frame"], '"fields" is missing');
  const hidden = fields.filter((field) => field.hidden).map(({ name }) => name);
  const read: ReadValues = (frame) => {
    const opened = framing.open(frame);
    if (opened === undefined) return undefined;
    const values: Values = new Map();
    const lookup: Lookup = (name) => values.get(name)?.value;
    for (const field of fields) readField(field, opened, values, lookup);
    for (const name of hidden) values.delete(name);
    return values;
  };
  // A field with a mistake is still a field: whatever refers to it is no second mistake.
  const many = new Set(fields.filter(({ reader }) => reader && "many" in reader).map(({ name }) => name));
  const units = Object.entries(definition.fields ?? {})
    .filter(([name]) => !name.startsWith("_"))
    .map(([name, { unit, event }]) => [name, { unit, many: many.has(name), ...(event && { event }) }] as const);
  return finishDecoder(definition, { fields: new Map(units), read }, complain);
}

function codecDecoder(definition: Definition, name: string, complain: Complain): Decoder | undefined {
  if (definition.fields) complain(["fields"], "the codec names the fields");
  const codec = catalogue.get(name)?.(definition);
  if (!codec) {
    complain(["frame", "codec"], `no codec "${name}"`);
    return undefined;
  }
  const read: ReadValues = (frame, session) => codec.decode(frame, session);
  const decoder = finishDecoder(definition, { fields: codec.fields, read, codec }, complain);
  if (!isConvention(codec)) return decoder;
  return { ...decoder, parts: (frame) => codec.parts(frame), owns: (topic) => codec.owns(topic) };
}

const isConvention = (codec: Codec): codec is Convention => "parts" in codec;

interface Readable {
  readonly fields: Decoder["fields"];
  readonly read: ReadValues;
  readonly codec?: Codec;
}

function finishDecoder(definition: Definition, { fields, read, codec }: Readable, complain: Complain): Decoder {
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
    key: codec?.key,
    ...(codec?.createSession && { createSession: (key) => codec.createSession?.(key) }),
    decode(frame, session) {
      const values = read(frame, session);
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
  const ms = typeof told === "number" ? Math.round(told * 1000) : typeof told === "string" ? Date.parse(told) : NaN;
  if (!(ms > 0 && ms < LATEST_MS)) return received;
  if (!received.trusted) return { ms, trusted: true };
  return Math.abs(received.ms - ms) <= within ? { ms, trusted: true } : received;
}
