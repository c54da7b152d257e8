/** Messages of Home Assistant's MQTT discovery: what an entity is, where its values are heard and what they mean. */

import { isRecord, type JsonRecord, member } from "../framing/path.ts";
import { actuatorsOf, type Settable } from "./actuators.ts";
import { asPart } from "./parts.ts";
import { quantityInUnit, quantityNamed, suits, writtenUnit } from "./quantities.ts";
import { parseDiscoveryTemplate, type Template, TemplateError } from "./template.ts";

/** Something that one topic tells, or that several tell together. */
export interface Entity {
  /** Who it belongs to: entities with the same one are one sensor. */
  readonly device: string;
  /** The name of its values in readings. */
  readonly field: string;
  readonly topic: string;
  readonly template: Template | undefined;
  /** Numbers: the unit they come in. Booleans: the words for true and false. */
  readonly meaning:
    | { readonly unit: string | undefined; readonly full?: number }
    | { readonly on: string; readonly off: string };
  /** How it is set, if it can be. */
  readonly settable?: Settable;
  readonly availability: readonly Availability[];
  /** Of several words about its availability, which count; the latest unless said otherwise. */
  readonly mode: "all" | "any" | "latest";
  readonly maker: { readonly manufacturer?: string; readonly model?: string; readonly firmware?: string };
}

export interface Availability {
  readonly topic: string;
  readonly template: Template | undefined;
  readonly there: string;
  readonly gone: string;
}

/** `refused`: what of an entity cannot be understood, in words. */
export type Discovered = Entity | { readonly refused: string };

const LONG: Readonly<Record<string, string>> = {
  ...{ stat_t: "state_topic", val_tpl: "value_template", unit_of_meas: "unit_of_measurement", dev_cla: "device_class" },
  ...{ dev: "device", ids: "identifiers", cns: "connections", mf: "manufacturer", mdl: "model", sw: "sw_version" },
  ...{ uniq_id: "unique_id", obj_id: "object_id", def_ent_id: "default_entity_id", avty_t: "availability_topic" },
  ...{
    avty: "availability",
    avty_tpl: "availability_template",
    avty_mode: "availability_mode",
    pl_avail: "payload_available",
    t: "topic",
  },
  ...{ pl_not_avail: "payload_not_available", pl_on: "payload_on", pl_off: "payload_off", stat_on: "state_on" },
  ...{ cmd_t: "command_topic", cmd_tpl: "command_template", ret: "retain", bri_cmd_t: "brightness_command_topic" },
  ...{ bri_cmd_tpl: "brightness_command_template", bri_scl: "brightness_scale", bri_stat_t: "brightness_state_topic" },
  ...{ bri_val_tpl: "brightness_value_template", sup_clrm: "supported_color_modes", pl_lock: "payload_lock" },
  ...{ pl_unlk: "payload_unlock", pl_open: "payload_open", pl_cls: "payload_close", stat_locked: "state_locked" },
  ...{ stat_unlocked: "state_unlocked", stat_open: "state_open", stat_clsd: "state_closed" },
  ...{ stat_off: "state_off", stat_val_tpl: "state_value_template", p: "platform", cmps: "components" },
};

/** What a class of sensors is called here, where that is not the same or an alias. */
const NUMBER_CLASSES: Readonly<Record<string, string>> = { aqi: "aqi", temperature_delta: "number" };
const BOOLEAN_CLASSES: Readonly<Record<string, string>> = {
  ...{ motion: "motion", occupancy: "occupancy", presence: "presence", opening: "opening", door: "door" },
  ...{ window: "window", garage_door: "garage_door", moisture: "moisture_detected", smoke: "smoke" },
  ...{ gas: "gas_detected", carbon_monoxide: "co_detected", vibration: "vibration", tamper: "tamper" },
  ...{ problem: "problem", connectivity: "connectivity", battery: "battery_low" },
};
const MAX_TEXT = 256;

/** The keys by their long names, the base topic `~` put in. */
export function expanded(config: JsonRecord, base = textOf(config["~"])): JsonRecord {
  const long: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key === "__proto__") continue;
    const name = Object.hasOwn(LONG, key) ? (LONG[key] ?? key) : key;
    long[name] = name === "components" ? eachExpanded(value, base) : deeper(value, base);
  }
  return long;
}

/** Components have names of their own, which are short for nothing. */
function eachExpanded(components: unknown, base: string | undefined): unknown {
  if (!isRecord(components)) return components;
  return Object.fromEntries(Object.entries(components).map(([name, each]) => [name, deeper(each, base)]));
}

function deeper(value: unknown, base: string | undefined): unknown {
  if (typeof value === "string" && base !== undefined)
    return value.startsWith("~") ? base + value.slice(1) : value.endsWith("~") ? value.slice(0, -1) + base : value;
  if (isRecord(value)) return expanded(value, base);
  return Array.isArray(value) ? value.map((item: unknown) => (isRecord(item) ? expanded(item, base) : item)) : value;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= MAX_TEXT ? value : undefined;

/** `component`: sensor, binary_sensor and so on; `object`: the identifier in the topic. */
export function entitiesOf(component: string, object: string, config: JsonRecord): readonly Discovered[] {
  const device = isRecord(config["device"]) ? config["device"] : {};
  const owner = ownerOf(device);
  const availability = availabilityOf(config);
  if ("refused" in availability) return [availability];
  const common = {
    device: asPart(owner ?? object),
    ...{ availability: availability.list, mode: modeOf(config["availability_mode"]), maker: makerOf(device) },
  };
  const part = owner === undefined ? "" : asPart(object);
  const found: Discovered[] = [];
  for (const actuator of actuatorsOf(component, config)) {
    const template = "refused" in actuator ? actuator : templateOf(actuator.template);
    if (typeof template === "object") found.push(template);
    else if (!("refused" in actuator))
      found.push({ ...common, ...actuator, field: named(part, actuator.field), template });
  }
  if (found.some((each) => !("refused" in each))) return found;
  // What cannot be set may be told all the same.
  const told = toldOf(component, part, config, object);
  return told === undefined ? found : [...found, "refused" in told ? told : { ...common, ...told }];
}

type ToldOf = Pick<Entity, "topic" | "template" | "field" | "meaning">;

function toldOf(
  component: string,
  part: string,
  config: JsonRecord,
  object: string,
): ToldOf | { readonly refused: string } | undefined {
  const topic = textOf(config["state_topic"]);
  if (topic === undefined || !["sensor", "binary_sensor", "switch"].includes(component)) return undefined;
  const text = config[component === "switch" ? "state_value_template" : "value_template"] ?? config["value_template"];
  const template = templateOf(text);
  if (typeof template === "object") return template;
  if (component !== "sensor") return { topic, template, ...booleanOf(component, part, config) };
  const number = numberOf(part, config, object);
  return number && { topic, template, ...number };
}

function templateOf(text: unknown): Template | { readonly refused: string } | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return parseDiscoveryTemplate(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { refused: `the template ${text.slice(0, MAX_TEXT)} says more than is understood here: ${error.message}` };
  }
}

/** A device is known by its first identifier, or by the address of its first connection. */
function ownerOf(device: JsonRecord): string | undefined {
  const first = member(device["identifiers"], "0") ?? device["identifiers"];
  const address = member(member(device["connections"], "0"), "1");
  return textOf(first) ?? (typeof first === "number" ? String(first) : textOf(address));
}

function makerOf(device: JsonRecord): Entity["maker"] {
  const [manufacturer, model, firmware] = [device["manufacturer"], device["model"], device["sw_version"]].map(textOf);
  return {
    ...(manufacturer !== undefined && { manufacturer }),
    ...(model !== undefined && { model }),
    ...(firmware !== undefined && { firmware }),
  };
}

const named = (part: string, name: string) => (part === "" ? name : `${part}/${name}`);

/** What is no text becomes what Python writes: Zigbee2MQTT's contacts say `"payload_on": false`. */
const wordOf = (value: unknown): string | undefined => {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "number" ? String(value) : textOf(value);
};

function booleanOf(component: string, part: string, config: JsonRecord): Pick<Entity, "field" | "meaning"> {
  const kind = textOf(config["device_class"]) ?? "";
  const name =
    component === "switch" || !Object.hasOwn(BOOLEAN_CLASSES, kind) ? "state" : (BOOLEAN_CLASSES[kind] ?? "state");
  const on = wordOf(config["state_on"]) ?? wordOf(config["payload_on"]) ?? "ON";
  const off = wordOf(config["state_off"]) ?? wordOf(config["payload_off"]) ?? "OFF";
  return { field: named(part, name), meaning: { on, off } };
}

/** Undefined for sensors that tell words. A unit that nobody knows is no unit of a quantity: the number stays one. */
function numberOf(part: string, config: JsonRecord, object: string): Pick<Entity, "field" | "meaning"> | undefined {
  const kind = textOf(config["device_class"]);
  const written = textOf(config["unit_of_measurement"]);
  if (kind === "timestamp" || kind === "date" || kind === "enum") return undefined;
  if (kind === undefined && written === undefined && config["state_class"] === undefined) return undefined;
  const unit = written === undefined ? undefined : writtenUnit(written);
  const name =
    kind === undefined ? undefined : Object.hasOwn(NUMBER_CLASSES, kind) ? NUMBER_CLASSES[kind] : quantityNamed(kind);
  const strange = written !== undefined && unit === undefined && name !== "aqi";
  if (name !== undefined && !strange && suits(name, unit)) {
    // A device has one battery: its level is that of the whole.
    return { field: named(name === "battery" ? "" : part, name), meaning: { unit } };
  }
  const guess = kind === undefined && unit !== undefined ? quantityInUnit(unit) : undefined;
  if (guess !== undefined) return { field: named(part, guess), meaning: { unit } };
  return { field: `${part === "" ? asPart(object) : part}/number`, meaning: { unit: undefined } };
}

const modeOf = (mode: unknown): Entity["mode"] => (mode === "all" || mode === "any" ? mode : "latest");

function availabilityOf(config: JsonRecord): { readonly list: readonly Availability[] } | { readonly refused: string } {
  const several = config["availability"];
  const list: Availability[] = [];
  const single = { ...config, topic: config["availability_topic"], value_template: config["availability_template"] };
  for (const each of Array.isArray(several) ? several.slice(0, 8) : [several ?? single]) {
    const topic = isRecord(each) ? textOf(each["topic"]) : undefined;
    if (!isRecord(each) || topic === undefined) continue;
    const template = templateOf(each["value_template"]);
    if (typeof template === "object") return template;
    const there = textOf(each["payload_available"]) ?? "online";
    list.push({ topic, template, there, gone: textOf(each["payload_not_available"]) ?? "offline" });
  }
  return { list };
}
