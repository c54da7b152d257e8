/**
 * Home Assistant's MQTT discovery (home-assistant.io, MQTT): configurations say which topics belong to which device, in
 * which unit and under which template; all entities of one device are one sensor.
 */

import { DecodeError } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";
import type { Convention } from "../codecs/codec.ts";
import { isRecord, type JsonRecord } from "../framing/path.ts";
import { readNumber } from "../framing/framing.ts";
import { inPercent } from "./actuators.ts";
import { entitiesOf, type Entity, expanded } from "./discovery.ts";
import { MAX_FIELDS, MAX_THINGS, Memory } from "./memory.ts";
import { ONLINE, partOf, readPart } from "./parts.ts";
import { inOwnUnit, ownName, quantityFields, type Told } from "./quantities.ts";
import type { Template } from "./template.ts";

const FORMAT = "homeassistant";
const PREFIX = "homeassistant/";
const MAX_BODY = 65_536;

interface Binding {
  /** The configuration that it comes from. */
  readonly config: string;
  readonly entity: Entity;
  /** Topics that say that it is not available. */
  gone: Set<string> | undefined;
}

interface State {
  /** Configurations by their topic, with what they brought. */
  readonly configs: Memory<readonly Binding[]>;
  /** The entities of each device. */
  readonly things: Map<string, Set<Binding>>;
  /** Devices that are not there. */
  readonly away: Set<string>;
  readonly values: Map<string, Binding[]>;
  readonly availabilities: Map<string, Binding[]>;
  /** Configurations that were complained about, so that each is once. */
  readonly refused: Set<string>;
}

export function homeAssistant(): Convention {
  const state: State = {
    configs: new Memory(MAX_THINGS * 4, (bindings) => release(state, bindings)),
    things: new Map(),
    away: new Set(),
    values: new Map(),
    availabilities: new Map(),
    refused: new Set(),
  };
  return {
    fields: quantityFields,
    fresh: homeAssistant,
    owns: (topic) => state.values.has(topic) || state.availabilities.has(topic),
    decode: readPart,
    set: (source, field, value) => setting(state, source, field, value),
    parts(frame) {
      const { payload } = frame;
      if (payload.kind !== "message") return [frame];
      const { topic, body } = payload;
      if (body.length > MAX_BODY) throw new DecodeError(`message of ${body.length} bytes`);
      if (topic.startsWith(PREFIX) && topic.endsWith("/config")) {
        const before = state.configs.get(topic) ?? [];
        const refusal = learn(state, topic, body);
        const lost = vanished(state, frame, before);
        // What is no more must be told; a refusal can be said the next time.
        if (refusal !== undefined && lost.length === 0) complain(state, topic, refusal);
        return lost;
      }
      return [...presence(state, frame, topic, body), ...values(state, frame, topic, body)];
    },
  };
}

/**
 * An empty body takes a configuration back. Returns what it says beyond what is understood here.
 * @throws DecodeError if it is no configuration: the one before stays.
 */
function learn(state: State, topic: string, body: Uint8Array): string | undefined {
  const found = body.length === 0 ? [] : [...configurations(topic, body)];
  const before = state.configs.get(topic);
  if (before) release(state, before);
  state.configs.delete(topic);
  const refusals: string[] = [];
  const bindings: Binding[] = [];
  for (const [component, object, config] of found) {
    for (const each of entitiesOf(component, object, config)) {
      if ("refused" in each) refusals.push(each.refused);
      else bindings.push(...bind(state, topic, each));
    }
  }
  if (bindings.length > 0) state.configs.meet(topic, () => bindings);
  return refusals[0];
}

/** @throws DecodeError; the second time it is passed over. */
function complain(state: State, topic: string, refusal: string): void {
  if (state.refused.has(topic)) return;
  if (state.refused.size < MAX_THINGS) state.refused.add(topic);
  throw new DecodeError(`${topic}: ${refusal}`);
}

/** Of a configuration that was taken back or is another now: values that nothing tells any more, devices without any. */
function vanished(state: State, frame: Frame, before: readonly Binding[]): Frame[] {
  const lost = new Map<string, Map<string, Told>>();
  for (const { device, field } of before.map(({ entity }) => entity)) {
    const left = [...(state.things.get(device) ?? [])];
    if (left.some(({ entity }) => entity.field === field)) continue;
    const fields = lost.get(device) ?? new Map<string, Told>();
    lost.set(device, fields.set(field, null));
    if (left.length === 0) fields.set(ONLINE, false);
  }
  return framesOf(frame, lost);
}

/** As the entity that was heard under this name has it. @throws RangeError if it does not take the value. */
function setting(state: State, source: string, field: string, value: Scalar): Payload | undefined {
  const thing = state.things.get(source.slice(FORMAT.length + 1));
  for (const { entity } of thing ?? []) {
    if (entity.field !== field || !entity.settable) continue;
    const { topic, retained, write } = entity.settable;
    const body = new TextEncoder().encode(write(value));
    return { kind: "message", topic, body, ...(retained && { retained }) };
  }
  return undefined;
}

/** One entity, or with `device` in the topic all of a device. */
function* configurations(topic: string, body: Uint8Array): Iterable<readonly [string, string, JsonRecord]> {
  const levels = topic.slice(PREFIX.length).split("/");
  const [component = ""] = levels;
  const object = levels.at(-2) ?? "";
  const config = jsonOf(body);
  if (!isRecord(config) || levels.length < 3) throw new DecodeError("no configuration of an entity");
  const whole = expanded(config);
  if (component !== "device") {
    yield [component, levels.length > 3 ? `${levels.at(-3) ?? ""}_${object}` : object, whole];
    return;
  }
  const { components, ...common } = whole;
  const parts = isRecord(components) ? Object.entries(components).slice(0, MAX_FIELDS) : [];
  for (const [key, part] of parts) {
    const platform = isRecord(part) ? part["platform"] : undefined;
    if (isRecord(part) && typeof platform === "string") yield [platform, key, { ...common, ...part }];
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch {
    throw new DecodeError("no JSON");
  }
}

const textOf = (body: Uint8Array) => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");

/** Nothing if its device, or the memory of devices, is full. */
function bind(state: State, config: string, entity: Entity): readonly Binding[] {
  const { device, topic, availability } = entity;
  const thing = state.things.get(device) ?? new Set();
  if (thing.size >= MAX_FIELDS || (thing.size === 0 && state.things.size >= MAX_THINGS)) return [];
  const binding = { config, entity, gone: undefined };
  state.things.set(device, thing.add(binding));
  put(state.values, topic, binding);
  for (const each of availability) put(state.availabilities, each.topic, binding);
  return [binding];
}

function put(index: Map<string, Binding[]>, topic: string, binding: Binding): void {
  const bindings = index.get(topic);
  if (bindings) bindings.push(binding);
  else index.set(topic, [binding]);
}

function release(state: State, bindings: readonly Binding[]): void {
  for (const binding of bindings) {
    const { device, topic, availability } = binding.entity;
    const thing = state.things.get(device);
    thing?.delete(binding);
    if (thing?.size === 0) {
      state.things.delete(device);
      state.away.delete(device);
    }
    remove(state.values, topic, binding);
    for (const each of availability) remove(state.availabilities, each.topic, binding);
  }
}

function remove(index: Map<string, Binding[]>, topic: string, gone: Binding): void {
  const left = index.get(topic)?.filter((binding) => binding !== gone) ?? [];
  if (left.length === 0) index.delete(topic);
  else index.set(topic, left);
}

/** What a topic says of who is there: the values of who is not are not available. */
function presence(state: State, frame: Frame, topic: string, bytes: Uint8Array): Frame[] {
  const body = new Body(bytes);
  const lost = new Map<string, Map<string, Told>>();
  for (const binding of state.availabilities.get(topic) ?? []) {
    const { device, field } = binding.entity;
    if (!noted(binding, topic, body)) continue;
    const fields = lost.get(device) ?? new Map<string, Told>();
    lost.set(device, isAvailable(binding) ? fields : fields.set(field, null));
  }
  for (const [device, fields] of lost) {
    const speaking = [...(state.things.get(device) ?? [])].filter(({ entity }) => entity.availability.length > 0);
    const was = state.away.has(device);
    if (!speaking.some(isAvailable)) state.away.add(device);
    else state.away.delete(device);
    if (state.away.has(device)) fields.set(ONLINE, false);
    // Nothing but that: what has come back has not told a value yet.
    else if (was || fields.size === 0) lost.set(device, new Map([[ONLINE, true]]));
  }
  return framesOf(frame, lost);
}

/** False if it is neither of the words. */
function noted(binding: Binding, topic: string, body: Body): boolean {
  const { availability, mode } = binding.entity;
  const about = availability.find((each) => each.topic === topic);
  const word = about && applied(about.template, body);
  if (!about || (word !== about.gone && word !== about.there)) return false;
  if (word === about.gone) (binding.gone ??= new Set()).add(topic);
  else if (mode === "latest") binding.gone = undefined;
  else binding.gone?.delete(topic);
  return true;
}

/** Home Assistant, MQTT, availability_mode: all topics have to say so, any of them, or whichever was heard last. */
function isAvailable({ gone, entity: { mode, availability } }: Binding): boolean {
  const count = gone?.size ?? 0;
  return mode === "any" ? count < availability.length : count === 0;
}

function values(state: State, frame: Frame, topic: string, bytes: Uint8Array): Frame[] {
  const body = new Body(bytes);
  const told = new Map<string, Map<string, Told>>();
  for (const { entity } of state.values.get(topic) ?? []) {
    const raw = applied(entity.template, body);
    if (raw === undefined) continue;
    const own = told.get(entity.device) ?? new Map<string, Told>(Object.entries(entity.maker));
    told.set(entity.device, own.set(entity.field, meant(entity, raw)));
  }
  return framesOf(frame, told);
}

const framesOf = (frame: Frame, told: ReadonlyMap<string, ReadonlyMap<string, Told>>) =>
  [...told].map(([device, fields]) => partOf(frame, FORMAT, `${FORMAT}/${device}`, fields));

/** A body that is taken apart when a template first asks. */
class Body {
  readonly value: string;
  #document: { readonly value: unknown } | undefined;

  constructor(bytes: Uint8Array) {
    this.value = textOf(bytes);
  }

  readonly json = (): unknown => {
    this.#document ??= { value: parsed(this.value) };
    return this.#document.value;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const applied = (template: Template | undefined, body: Body): unknown => (template ? template(body) : body.value);

/** Words that stand for nothing, as Home Assistant takes them. */
const UNKNOWN: readonly unknown[] = ["", "None", "unknown", "unavailable", null];

function meant({ field, meaning }: Entity, raw: unknown): Told {
  if (UNKNOWN.includes(raw)) return null;
  if ("on" in meaning) {
    // A template makes text of everything; true is then what Python writes.
    const word = typeof raw === "boolean" ? (raw ? "True" : "False") : String(raw);
    const [on, off] = [meaning.on, meaning.off];
    if (word === on || word.toLowerCase() === on.toLowerCase()) return true;
    return word === off || word.toLowerCase() === off.toLowerCase() ? false : null;
  }
  const number = typeof raw === "number" ? raw : typeof raw === "string" ? readNumber(raw.trim()) : undefined;
  if (number !== undefined && meaning.full !== undefined) return inPercent(number, meaning.full);
  return number === undefined ? null : (inOwnUnit(ownName(field), number, meaning.unit) ?? null);
}
