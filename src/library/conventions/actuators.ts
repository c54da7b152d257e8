/** What can be set of an entity of Home Assistant's discovery: under which topic, and in which words (home-assistant.io, MQTT). */

import type { Scalar } from "../../base/outcome.ts";
import type { JsonRecord } from "../framing/path.ts";

/** How a value is written. */
export interface Settable {
  readonly topic: string;
  readonly retained: boolean;
  /** @throws RangeError if it does not take the value. */
  write(this: void, value: Scalar): string;
}

/** Something that is set, and that says how it is set. */
export interface Actuator {
  readonly field: "switch" | "light" | "brightness" | "setpoint";
  /** Where its state is told, and the template of it as written. */
  readonly topic: string;
  readonly template: unknown;
  /** `full`: the number that stands for 100 %. */
  readonly meaning:
    | { readonly unit: undefined; readonly full?: number }
    | { readonly on: string; readonly off: string };
  readonly settable: Settable;
}

type Found = Actuator | { readonly refused: string };

const MAX_TEXT = 256;
const FULL = 255;

/** Things that are on or off: the words that set them, and those that tell their state. */
const SWITCHES: Readonly<Record<string, readonly [on: Word, off: Word, isOn: Word, isOff: Word]>> = {
  switch: [
    ["payload_on", "ON"],
    ["payload_off", "OFF"],
    ["state_on", undefined],
    ["state_off", undefined],
  ],
  lock: [
    ["payload_lock", "LOCK"],
    ["payload_unlock", "UNLOCK"],
    ["state_locked", "LOCKED"],
    ["state_unlocked", "UNLOCKED"],
  ],
  valve: [
    ["payload_open", "OPEN"],
    ["payload_close", "CLOSE"],
    ["state_open", "open"],
    ["state_closed", "closed"],
  ],
};
/** A key, and the word if it is not there; undefined: the word that sets it. */
type Word = readonly [key: string, otherwise: string | undefined];

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= MAX_TEXT ? value : undefined;
const numberOf = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);

/** None where nothing can be set, or its state is not told; `refused`: it is set in a way that is not understood here. */
export function actuatorsOf(component: string, config: JsonRecord): readonly Found[] {
  if (textOf(config["state_topic"]) === undefined || textOf(config["command_topic"]) === undefined) return [];
  if (component === "light") return lightsOf(config);
  const strange = [config["command_template"], config["code_format"]].find((each) => !isPlain(each));
  const refused = (what: string) => [
    { refused: `what a ${component} is told is more than is understood here: ${what}` },
  ];
  if (Object.hasOwn(SWITCHES, component) || component === "number") {
    if (strange !== undefined) return refused(JSON.stringify(strange).slice(0, MAX_TEXT));
    if (config["reports_position"] === true) return refused("a position");
  }
  if (component === "number") return [setpointOf(config)];
  const words = Object.hasOwn(SWITCHES, component) ? SWITCHES[component] : undefined;
  return words ? [switchOf(config, words)] : [];
}

/** The value and nothing else. */
const isPlain = (template: unknown) =>
  template === undefined || (typeof template === "string" && /^\{\{\s*value\s*\}\}$/.test(template));

function settable(config: JsonRecord, write: Settable["write"], key = "command_topic"): Settable {
  return { topic: textOf(config[key]) ?? "", retained: config["retain"] === true, write };
}

function switchOf(config: JsonRecord, [on, off, isOn, isOff]: NonNullable<(typeof SWITCHES)[string]>): Actuator {
  const word = ([key, otherwise]: Word) => wordOf(config[key]) ?? otherwise;
  const [yes = "", no = ""] = [word(on), word(off)];
  return {
    field: "switch",
    topic: textOf(config["state_topic"]) ?? "",
    template: config["state_value_template"] ?? config["value_template"],
    meaning: { on: word(isOn) ?? yes, off: word(isOff) ?? no },
    settable: settable(config, (value) => (isTrue(value) ? yes : no)),
  };
}

const wordOf = (value: unknown) =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : textOf(value);

function setpointOf(config: JsonRecord): Actuator {
  const [least, most] = [numberOf(config["min"], 1), numberOf(config["max"], 100)];
  return {
    field: "setpoint",
    topic: textOf(config["state_topic"]) ?? "",
    template: config["value_template"],
    meaning: { unit: undefined },
    settable: settable(config, (value) => String(within(value, least, most))),
  };
}

/** A light of the schema "json" has all in one document; one of the default schema has topics of their own. */
function lightsOf(config: JsonRecord): readonly Found[] {
  const { schema = "default" } = config;
  const full = numberOf(config["brightness_scale"], FULL);
  if (schema === "json") return jsonLight(config, full);
  if (schema !== "default") return [{ refused: `a light of the schema ${String(schema).slice(0, MAX_TEXT)}` }];
  const [on, off] = [wordOf(config["payload_on"]) ?? "ON", wordOf(config["payload_off"]) ?? "OFF"];
  const found: Found[] = [
    {
      field: "light",
      topic: textOf(config["state_topic"]) ?? "",
      template: config["state_value_template"],
      meaning: { on, off },
      settable: settable(config, (value) => (isTrue(value) ? on : off)),
    },
  ];
  const [told, set] = [textOf(config["brightness_state_topic"]), textOf(config["brightness_command_topic"])];
  if (told === undefined || set === undefined) return found;
  const template = config["brightness_command_template"];
  if (!isPlain(template))
    found.push({ refused: `a light's brightness is told as ${String(template).slice(0, MAX_TEXT)}` });
  else
    found.push({
      field: "brightness",
      topic: told,
      template: config["brightness_value_template"],
      meaning: { unit: undefined, full },
      settable: settable(config, (value) => String(scaled(value, full)), "brightness_command_topic"),
    });
  return found;
}

function jsonLight(config: JsonRecord, full: number): readonly Actuator[] {
  const topic = textOf(config["state_topic"]) ?? "";
  const light: Actuator = {
    ...{ field: "light", topic, template: "{{ value_json.state }}", meaning: { on: "ON", off: "OFF" } },
    settable: settable(config, (value) => JSON.stringify({ state: isTrue(value) ? "ON" : "OFF" })),
  };
  const modes = config["supported_color_modes"];
  const dims = config["brightness"] === true || (Array.isArray(modes) && modes.some((mode) => mode !== "onoff"));
  if (!dims) return [light];
  return [
    light,
    {
      ...{ field: "brightness", topic, template: "{{ value_json.brightness }}", meaning: { unit: undefined, full } },
      settable: settable(config, (value) => JSON.stringify({ state: "ON", brightness: scaled(value, full) })),
    },
  ];
}

function isTrue(value: Scalar): boolean {
  if (typeof value !== "boolean") throw new RangeError(`${String(value)} is neither true nor false`);
  return value;
}

function within(value: Scalar, least: number, most: number): number {
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw new RangeError(`${String(value)} is not within ${least} to ${most}`);
  return value;
}

const scaled = (percent: Scalar, full: number) => Math.round((within(percent, 0, 100) / 100) * full);

/** A number between nothing and `full`, in whole percent. */
export const inPercent = (value: number, full: number): number => Math.round((value / full) * 100);
