/**
 * Homie (homieiot.github.io): every property of a device is a topic, and attributes beside it say what it is.
 * Versions 3 and 4: `homie/device/node/property` and `.../$unit`; version 5: `homie/5/device/$description`, one JSON.
 */

import type { Scalar } from "../../base/outcome.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";
import type { Convention } from "../codecs/codec.ts";
import { readNumber } from "../framing/framing.ts";
import { isRecord, member } from "../framing/path.ts";
import { MAX_FIELDS, Memory } from "./memory.ts";
import { asPart, isName, ONLINE, partOf, readPart } from "./parts.ts";
import {
  inOwnUnit,
  quantityFields,
  quantityInUnit,
  quantityNamed,
  suits,
  type Told,
  truthNamed,
  writtenUnit,
} from "./quantities.ts";

const FORMAT = "homie";
const BASE = "homie";
const MAX_DESCRIPTION = 65_536;
const MAX_VALUE = 256;
const ATTRIBUTES: readonly string[] = ["$unit", "$datatype", "$settable", "$format"];
const GONE: readonly string[] = ["lost", "disconnected"];
/** What is said while a device begins is neither. */
const HERE: readonly string[] = ["ready", "alert", "sleeping"];

interface Property {
  datatype: string | undefined;
  unit: string | undefined;
  settable: boolean;
  /** Of numbers: the least and the most. */
  format: string | undefined;
}

interface Thing {
  /** Where its topics begin. */
  readonly base: string;
  /** By `node/property`. */
  readonly properties: Map<string, Property>;
  /** How many nodes it has; undefined while it has not said so. */
  nodes: number | undefined;
  name: string | undefined;
  /** Version 5: the device whose will speaks for this one too. */
  root: string | undefined;
  /** Under which names values were told. */
  readonly told: Set<string>;
}

export function homie(): Convention {
  const things = new Memory<Thing>();
  return {
    fields: quantityFields,
    fresh: homie,
    owns: () => false,
    decode: readPart,
    set: (source, field, value) => setting(things, source, field, value),
    parts(frame) {
      const { payload } = frame;
      if (payload.kind !== "message") return [frame];
      const [base, ...levels] = payload.topic.split("/");
      if (base !== BASE) return [];
      const place = levels[0] === "5" ? levels.slice(1) : levels;
      if (place.length < 2 || place.length > 4 || place[0] === undefined || !isName(place[0])) return [];
      const thing = things.meet(levels.slice(0, levels[0] === "5" ? 2 : 1).join("-"), () =>
        newThing(levels[0] === "5" ? `${BASE}/5` : BASE),
      );
      const [device = "", attribute] = place;
      if (attribute === "$state" && place.length === 2) return presence(frame, things, device, thing);
      return heard(frame, thing, place, levels[0] === "5");
    },
  };
}

const newThing = (base: string): Thing => ({
  base,
  properties: new Map(),
  nodes: undefined,
  name: undefined,
  root: undefined,
  told: new Set(),
});

/** `place`: the device, then what the message is about. */
function heard(frame: Frame, thing: Thing, place: readonly string[], five: boolean): readonly Frame[] {
  const { payload } = frame;
  if (payload.kind !== "message") return [];
  const [device = "", second = "", third = "", fourth] = place;
  const source = `${FORMAT}/${device}`;
  if (second.startsWith("$")) {
    if (place.length > 2) return [];
    const text = textOf(payload.body, MAX_DESCRIPTION);
    aboutThing(thing, second, text);
    return [];
  }
  if (place.length === 4) {
    const text = textOf(payload.body, MAX_VALUE);
    if (!five && ATTRIBUTES.includes(fourth ?? "")) aboutProperty(thing, `${second}/${third}`, fourth ?? "", text);
    return [];
  }
  if (place.length !== 3 || third.startsWith("$") || !isName(second) || !isName(third)) return [];
  // What a broker kept comes in any order: before it is known what else the device has, its names are not sure.
  if (payload.retained === true && thing.nodes === undefined) return [];
  const told = valueOf(thing, second, third, textOf(payload.body, MAX_VALUE));
  if (told === undefined) return [];
  if (thing.told.size < MAX_FIELDS) thing.told.add(told[0]);
  return [
    partOf(
      frame,
      FORMAT,
      source,
      new Map([told, ...(thing.name === undefined ? [] : [["model", thing.name] as const])]),
    ),
  ];
}

function textOf(body: Uint8Array, most: number): string | undefined {
  return body.length > most ? undefined : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}

/** Whether it is there; if not, none of its values holds any more, nor do those of whoever it speaks for. */
function presence(frame: Frame, things: Memory<Thing>, device: string, thing: Thing): readonly Frame[] {
  const { payload } = frame;
  const state = payload.kind === "message" ? textOf(payload.body, MAX_VALUE) : undefined;
  if (state === undefined) return [];
  if (HERE.includes(state)) return [partOf(frame, FORMAT, `${FORMAT}/${device}`, new Map([[ONLINE, true]]))];
  if (!GONE.includes(state)) return [];
  const lost = [[device, thing] as const];
  for (const [name, each] of things.entries())
    if (each.root === device && each !== thing) lost.push([name.replace(/^5-/, ""), each]);
  return lost.map(([name, { told }]) => {
    const nothing = new Map<string, Told>([...told].map((field) => [field, null]));
    return partOf(frame, FORMAT, `${FORMAT}/${name}`, nothing.set(ONLINE, false));
  });
}

function aboutThing(thing: Thing, attribute: string, text: string | undefined): void {
  if (text === undefined) return;
  if (attribute === "$name") thing.name = text.slice(0, MAX_VALUE);
  if (attribute === "$nodes") thing.nodes = text.split(",").filter((node) => node !== "").length;
  if (attribute === "$description") describe(thing, text);
}

function aboutProperty(thing: Thing, name: string, attribute: string, text: string | undefined): void {
  if (text === undefined || name.length > MAX_VALUE) return;
  const property = thing.properties.get(name) ?? {
    datatype: undefined,
    unit: undefined,
    settable: false,
    format: undefined,
  };
  if (!thing.properties.has(name) && thing.properties.size >= MAX_FIELDS) return;
  thing.properties.set(name, property);
  if (attribute === "$unit") property.unit = text;
  else if (attribute === "$settable") property.settable = text === "true";
  else if (attribute === "$format") property.format = text;
  else property.datatype = text;
}

/** Version 5: all properties at once. */
function describe(thing: Thing, text: string): void {
  let description: unknown;
  try {
    description = JSON.parse(text);
  } catch {
    return;
  }
  const nodes = member(description, "nodes");
  if (!isRecord(nodes)) return;
  const [name, root] = [member(description, "name"), member(description, "root")];
  thing.root = typeof root === "string" ? root.slice(0, MAX_VALUE) : undefined;
  if (typeof name === "string") thing.name = name.slice(0, MAX_VALUE);
  thing.properties.clear();
  thing.nodes = Object.keys(nodes).length;
  for (const [node, about] of Object.entries(nodes)) {
    const properties = member(about, "properties");
    for (const [property, what] of isRecord(properties) ? Object.entries(properties) : []) {
      if (thing.properties.size >= MAX_FIELDS) return;
      const [datatype, unit, format] = ["datatype", "unit", "format"].map((key) => member(what, key));
      thing.properties.set(`${node}/${property}`, {
        datatype: typeof datatype === "string" ? datatype : undefined,
        unit: typeof unit === "string" ? unit : undefined,
        settable: member(what, "settable") === true,
        format: typeof format === "string" ? format : undefined,
      });
    }
  }
}

/** A property's name here and its value; undefined if it is nothing that can be told. */
function valueOf(thing: Thing, node: string, property: string, text: string | undefined): [string, Told] | undefined {
  const { datatype, unit, settable } = thing.properties.get(`${node}/${property}`) ?? {};
  const several = (thing.nodes ?? 1) > 1;
  if (text === undefined) return undefined;
  if (settable === true && (datatype === "boolean" || isNumeric(datatype)))
    return [settingOf(node, property, datatype), truthOrNumber(text, datatype)];
  if (datatype === "boolean") {
    const truth = truthNamed(property);
    const part = truth === undefined ? asPart(`${node}_${property}`) : several ? asPart(node) : "";
    return [inPart(part, truth ?? "state"), text === "true" ? true : text === "false" ? false : null];
  }
  if (!isNumeric(datatype)) return undefined;
  const spoken = unit === undefined || unit === "#" ? undefined : writtenUnit(unit);
  const strange = unit !== undefined && unit !== "#" && spoken === undefined;
  const named = quantityNamed(property);
  const fits = named !== undefined && !strange && suits(named, spoken);
  const name = fits ? named : ((spoken === undefined ? undefined : quantityInUnit(spoken)) ?? "number");
  // A device has one battery: its level is that of the whole.
  const part = fits ? (several && name !== "battery" ? asPart(node) : "") : asPart(`${node}_${property}`);
  const number = readNumber(text);
  const value = number === undefined ? undefined : inOwnUnit(name, number, name === "number" ? undefined : spoken);
  return [inPart(part, name), value ?? null];
}

const isNumeric = (datatype: string | undefined): datatype is string =>
  datatype === "float" || datatype === "integer" || datatype === "percent";

/** What can be set is named after its node and property: that is how it is found again. */
const settingOf = (node: string, property: string, datatype: string) =>
  `${asPart(`${node}_${property}`)}/${datatype === "boolean" ? "switch" : "setpoint"}`;

function truthOrNumber(text: string, datatype: string): Told {
  if (datatype === "boolean") return text === "true" ? true : text === "false" ? false : null;
  return readNumber(text) ?? null;
}

/** `homie/device/node/property/set` (Homie 4, Properties; 5, Property command topic). @throws RangeError if it does not take the value. */
function setting(things: Memory<Thing>, source: string, field: string, value: Scalar): Payload | undefined {
  const device = source.slice(FORMAT.length + 1);
  const thing = things.get(`5-${device}`) ?? things.get(device);
  for (const [name, { settable, datatype = "", format }] of thing?.properties ?? []) {
    const [node = "", property = ""] = name.split("/");
    if (!settable || (datatype !== "boolean" && !isNumeric(datatype)) || settingOf(node, property, datatype) !== field)
      continue;
    const [least, most] = limitsOf(format);
    if (typeof value === "number" && !(value >= least && value <= most))
      throw new RangeError(`${value} is not within ${least} to ${most}`);
    if (datatype === "integer" && !Number.isInteger(value)) throw new RangeError(`${String(value)} is no whole number`);
    const topic = `${thing?.base ?? BASE}/${device}/${name}/set`;
    return { kind: "message", topic, body: new TextEncoder().encode(String(value)) };
  }
  return undefined;
}

/** `10:35`, in version 5 perhaps with a step behind it, and open at either end. */
function limitsOf(format = ""): readonly [least: number, most: number] {
  const [least = "", most = ""] = format.split(":");
  return [readNumber(least) ?? -Infinity, readNumber(most) ?? Infinity];
}

const inPart = (part: string, name: string) => (part === "" ? name : `${part}/${name}`);
