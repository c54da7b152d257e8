/** What a definition says of its device, told as plain data: for `isthmus device show` and the pages of docs/devices. */

import type { ObjectRegistry, ResourceModel } from "../model/objects.ts";
import type { CompiledDevice } from "./compile.ts";
import type { ByteCondition, LengthSpec } from "./definition/common.ts";
import type { Definition } from "./definition/definition.ts";
import type { FieldSpec } from "./definition/field.ts";
import type { InstanceSpec, ResourceSpec } from "./definition/objects.ts";
import { Shared, unitOf, valueResource } from "./mapping/ipso.ts";

export interface Portrait {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly family: string;
  /** Other names under which it is sold. */
  readonly also: readonly string[];
  readonly version: string | undefined;
  readonly link: string | undefined;
  /** What its golden frames come from; undefined if it does not say. */
  readonly proof: Definition["proof"];
  /** How it is heard: Bluetooth, serial, Modbus, MQTT, plugin. */
  readonly medium: Medium;
  /** Topic filters that bring its messages; none if it does not come by MQTT. */
  readonly topics: readonly string[];
  /** What tells it from others, in words, one condition each. */
  readonly recognised: readonly string[];
  /** What its key is, in words; undefined if it needs none. */
  readonly key: string | undefined;
  readonly endpoint: string;
  readonly alive: Definition["alive"];
  readonly fields: readonly PortraitField[];
  readonly resources: readonly PortraitResource[];
  readonly commands: readonly PortraitCommand[];
  readonly frames: readonly PortraitFrame[];
}

export type Medium = "Bluetooth" | "serial" | "Modbus" | "MQTT" | "plugin";

export interface PortraitField {
  readonly name: string;
  readonly unit: string | undefined;
  readonly range: readonly [number, number] | undefined;
  /** Where it stands, in words. */
  readonly place: string;
}

export interface PortraitResource {
  /** Such as `/3303/0/5700`, `/3303/*` for as many as are heard. */
  readonly path: string;
  readonly object: string;
  readonly objectVersion: string;
  readonly resource: string;
  readonly unit: string | undefined;
  /** Operations of a server: R, W, E. */
  readonly operations: string;
  /** The field or constant it shows, in words. */
  readonly shows: string;
  /** Application Type. */
  readonly type: string | undefined;
  /** It appears when it is first heard. */
  readonly appears: boolean;
}

export interface PortraitCommand {
  readonly name: string;
  readonly does: string;
}

export interface PortraitFrame {
  readonly name: string;
  readonly expect: Readonly<Record<string, unknown>>;
  /** What it is instead of a reading: another's, refused, sealed. */
  readonly instead: string | undefined;
  /** The payload as it is written in the definition. */
  readonly payload: string;
}

export function portraitOf(device: CompiledDevice, models: ObjectRegistry): Portrait {
  const { definition } = device;
  const { id, vendor, model, version, link, proof } = definition;
  return {
    id,
    vendor,
    model,
    version,
    link,
    proof,
    family: definition.family ?? vendor,
    also: definition.also ?? [],
    medium: mediumOf(definition),
    topics: topicsOf(definition),
    recognised: recognisedBy(definition),
    key: device.key && keyWords(device.key),
    endpoint: definition.identity.endpoint,
    alive: definition.alive,
    fields: fieldsOf(device),
    resources: Object.entries(definition.objects).flatMap(([key, spec]) => resourcesOf(key, spec, { device, models })),
    commands: Object.entries(definition.commands ?? {}).map(([name, spec]) => ({ name, does: doing(spec) })),
    frames: definition.tests.map((test) => ({
      name: test.name,
      expect: test.expect ?? {},
      instead: insteadWords(test),
      payload: payloadWords(test),
    })),
  };
}

function mediumOf({ match, frame }: Definition): Medium {
  if (frame.registers !== undefined) return "Modbus";
  if (match?.ble) return "Bluetooth";
  if (match?.mqtt) return "MQTT";
  if (match?.serial || frame.bytes !== undefined || frame.packet || frame.nmea) return "serial";
  return match?.fields || frame.fields ? "plugin" : "serial";
}

/** Where its messages come, and where it is said whether it is there: `+name` of ours is the broker's `+`. */
function topicsOf({ match, alive }: Definition): string[] {
  const told = (alive.told ?? []).map(({ topic }) => topic).filter(isDefined);
  const topics = match?.mqtt ? [match.mqtt.topic, told].flat() : [];
  return [...new Set(topics.map((topic) => topic.replaceAll(/\+\w+/g, "+")))];
}

function keyWords({ lengths, optional, where }: NonNullable<CompiledDevice["key"]>): string {
  const digits = lengths.map((bytes) => String(bytes * 2)).join(" or ");
  return `${optional ? "if its payload is encrypted: " : ""}${digits} hex digits. ${where}`;
}

function recognisedBy({ match }: Definition): string[] {
  const { ble, serial, mqtt, fields } = match ?? {};
  const words: string[] = [];
  const say = (what: string, value: unknown) => {
    if (value !== undefined) words.push(`${what} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  };
  if (ble) {
    say("company", companyWords(ble.manufacturer));
    say("service data", [ble.service_data].flat().filter(isDefined).map(uuidWords).join(" or ") || undefined);
    say("services", ble.services?.map(uuidWords).join(", "));
    say("name", ble.name && `/${ble.name}/`);
    say("address", ble.address && `${ble.address}...`);
    if (ble.length !== undefined) words.push(lengthWords(ble.length));
    say("beginning with", ble.prefix);
    for (const condition of ble.bytes ?? []) words.push(conditionWords(condition));
  }
  if (serial) {
    say("line", serial.line && `/${serial.line}/`);
    say("sentences", serial.sentences?.join(", "));
    say("beginning with", serial.prefix);
    if (serial.length !== undefined) words.push(lengthWords(serial.length));
    for (const condition of serial.bytes ?? []) words.push(conditionWords(condition));
  }
  if (mqtt) {
    say("topic", [mqtt.topic].flat().join(" or "));
    say("with", mqtt.json?.has?.join(", "));
    say("with any of", mqtt.json?.any?.join(", "));
    say("with", mqtt.json?.is);
  }
  for (const [name, value] of Object.entries(fields ?? {})) say(name, String(value));
  return words;
}

function lengthWords(length: LengthSpec): string {
  if (typeof length === "number") return `${length} bytes`;
  if (Array.isArray(length)) return `${length.join(" or ")} bytes`;
  const { min = 0, max } = length;
  return max === undefined ? `${min} bytes or more` : `${min} to ${max} bytes`;
}

function conditionWords({ at, mask, is, not }: ByteCondition): string {
  const values = (numbers: number | readonly number[]) => [numbers].flat().map(hexByte).join(" or ");
  const masked = mask === undefined ? "" : ` under mask ${hexByte(mask)}`;
  const wanted = [is === undefined ? "" : ` is ${values(is)}`, not === undefined ? "" : ` is not ${values(not)}`];
  return `byte ${at}${masked}${wanted.filter((each) => each !== "").join(",")}`;
}

const hexByte = (value: number) => `0x${value.toString(16).toUpperCase().padStart(2, "0")}`;

type Company = NonNullable<NonNullable<Definition["match"]>["ble"]>["manufacturer"];

function companyWords(company: Company): string | undefined {
  if (company === undefined || typeof company === "string") return company;
  if (typeof company === "number") return hexWord(company);
  if (Array.isArray(company)) return company.map(hexWord).join(" or ");
  return `${hexWord(company.is)} under mask ${hexWord(company.mask)}`;
}

const hexWord = (value: number) => `0x${value.toString(16).toUpperCase().padStart(4, "0")}`;
const uuidWords = (uuid: number | string) => (typeof uuid === "number" ? hexWord(uuid) : uuid);
const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

function fieldsOf({ definition, fields }: CompiledDevice): PortraitField[] {
  const specs = new Map<string, FieldSpec>();
  for (const form of definition.forms ?? [])
    for (const [name, spec] of Object.entries(form.fields)) specs.set(name, spec);
  for (const [name, spec] of Object.entries(definition.fields ?? {})) specs.set(name, spec);
  const mapped = mappedFields(definition);
  return [...fields]
    .filter(([name]) => specs.has(name) || mapped.has(name))
    .map(([name, { unit }]) => {
      const spec = specs.get(name);
      const own = spec && placeOf(spec);
      const { codec } = definition.frame;
      return { name, unit, range: spec?.range, place: own ?? (codec === undefined ? "by its name" : `codec ${codec}`) };
    });
}

/** The fields that a server sees something of. */
export function mappedFields({ objects }: Definition): ReadonlySet<string> {
  const names = new Set<string>();
  for (const instance of Object.values(objects))
    for (const [key, spec] of Object.entries(instance)) {
      if (key === "value" && typeof spec === "string") names.add(spec);
      else if (typeof spec === "string" && /^\d/.test(key)) names.add(spec);
      else if (isResource(spec)) for (const name of namesIn(spec)) names.add(name);
    }
  return names;
}

function namesIn({ field, read, quality, expr, count, pulse }: ResourceSpec): string[] {
  const words = [expr, count, pulse].flatMap(
    (text) => text?.replaceAll(/'[^']*'|"[^"]*"/g, "").match(/[a-z_]\w*/g) ?? [],
  );
  return [field, read, quality, ...words].filter(isDefined);
}

const isResource = (value: unknown): value is ResourceSpec =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Undefined for what is found by its own name. */
function placeOf(spec: FieldSpec): string | undefined {
  const { at, type, bits, slices, tag, flag, json, topic, column, group, nmea, fc, address, name, expr } = spec;
  const section = spec.in === undefined ? "" : ` of ${typeof spec.in === "number" ? hexWord(spec.in) : spec.in}`;
  if (expr !== undefined) return `= ${expr}`;
  if (fc !== undefined) return `function ${fc}, register ${hexWord(address ?? 0)}, ${type ?? ""}`;
  const under = topic === undefined ? "" : `${json === undefined ? "" : " "}under ${[topic].flat().join(", ")}`;
  if (json !== undefined || topic !== undefined) return `${[json ?? []].flat().join(", else ")}${under}`;
  if (column !== undefined) return `column ${column}`;
  if (group !== undefined) return `group ${group}`;
  if (nmea !== undefined)
    return Object.entries(nmea)
      .map(([sentence, part]) => `${sentence} ${String(part)}`)
      .join(", ");
  if (slices) return `bits of bytes ${slices.map((each) => each.at).join(", ")}${section}`;
  const chosen = bits
    ? bits.width === 1
      ? `, bit ${bits.shift}`
      : `, bits ${bits.shift} to ${bits.shift + bits.width - 1}`
    : "";
  if (tag !== undefined) return `tag 0x${tag.toString(16).padStart(2, "0")}, byte ${at ?? 0}, ${type ?? ""}${chosen}`;
  if (flag !== undefined) return `if flag ${flag}, ${type ?? ""}${chosen}`;
  if (at !== undefined) return `byte ${at}${section}, ${type ?? ""}${chosen}`;
  return name;
}

interface Seen {
  readonly device: CompiledDevice;
  readonly models: ObjectRegistry;
}

function resourcesOf(key: string, spec: InstanceSpec, { device, models }: Seen): PortraitResource[] {
  const [object = ""] = key.split("/");
  const model = models.object(Number(object));
  if (!model) return [];
  const appears = spec.when !== undefined;
  const common = { object: model.name, objectVersion: model.version, type: spec.type, appears };
  const row = (id: number, resource: ResourceModel, shows: string, operations = "R"): PortraitResource => ({
    ...common,
    path: `/${key}/${id}`,
    resource: resource.name,
    unit: unitOf(model.id, resource),
    operations,
    shows,
  });
  const rows: PortraitResource[] = [];
  const value = valueResource(model);
  if (spec.value !== undefined && value) {
    const shown = row(value.id, value, spec.value);
    // An Object without a unit of its own shows that of what it is given.
    rows.push({ ...shown, unit: shown.unit ?? device.fields.get(spec.value)?.unit });
  }
  for (const [id, each] of Object.entries(spec)) {
    const resource = model.resources.get(Number.parseInt(id, 10));
    if (!/^\d/.test(id) || !resource || resource.id === Shared.Timestamp) continue;
    if (typeof each === "string") rows.push({ ...row(resource.id, resource, each), path: `/${key}/${id}` });
    else if (isResource(each)) {
      const operations = `${each.execute === undefined ? "R" : "E"}${each.write === undefined ? "" : "W"}`;
      rows.push({ ...row(resource.id, resource, resourceWords(each), operations), path: `/${key}/${id}` });
    }
  }
  return rows;
}

function resourceWords({
  const: constant,
  field,
  expr,
  count,
  pulse,
  time,
  quality,
  read,
  write,
  execute,
}: ResourceSpec): string {
  if (constant !== undefined) return JSON.stringify(constant);
  if (time) return "time of measurement";
  const words = [
    field ?? read,
    expr === undefined ? undefined : `= ${expr}`,
    count === undefined ? undefined : `count of ${count}`,
    pulse === undefined ? undefined : `pulse at ${pulse}`,
    quality === undefined ? undefined : `quality of ${quality}`,
    write === undefined ? undefined : `command ${write}`,
    execute === undefined ? undefined : `command ${execute}`,
  ];
  return words.filter(isDefined).join("; ");
}

function doing({
  publish,
  send,
  bytes,
  modbus,
  fields,
  range,
  confirm,
  described,
}: NonNullable<Definition["commands"]>[string]): string {
  const words = [
    publish && `publishes ${publish.text ?? JSON.stringify(publish.json)} to ${publish.topic}`,
    send === undefined ? undefined : `sends ${JSON.stringify(send)}`,
    bytes === undefined ? undefined : `sends the bytes ${bytes}`,
    modbus && `writes ${modbus.fc === 5 || modbus.fc === 15 ? "coil" : "register"} ${hexWord(modbus.address)}`,
    described && "as the device has said itself",
    fields && `asks the plugin for ${JSON.stringify(fields)}`,
    range && `takes ${range[0]} to ${range[1]}`,
    confirm && `confirmed by ${confirm.field} within ${confirm.within}`,
  ];
  return words.filter(isDefined).join("; ");
}

function insteadWords({ match, error, state, told }: Definition["tests"][number]): string | undefined {
  if (told !== undefined) return told === "gone" ? "it is not there" : "it is there";
  if (match === false) return "not of this device";
  return error === undefined ? state : `refused: ${error}`;
}

function payloadWords({ hex, text, topic, json, advert, fields, registers }: Definition["tests"][number]): string {
  if (topic !== undefined) return `${topic} ${json === undefined ? (text ?? hex ?? "") : JSON.stringify(json)}`;
  if (hex !== undefined) return hex.replaceAll(/\s+/g, "");
  return text ?? JSON.stringify(advert ?? fields ?? registers ?? {});
}
