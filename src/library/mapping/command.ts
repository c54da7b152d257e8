/** The `commands` of a definition: a Write or an Execute becomes what the device understands. */

import { fromHex } from "../../base/bytes.ts";
import { parseDuration } from "../../base/duration.ts";
import type { Scalar } from "../../base/outcome.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { ids, parsePath, parts, type Path } from "../../model/path.ts";
import { convert } from "../../model/units.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Payload } from "../../sdk/adapter.ts";
import { significant } from "../language/decimal.ts";
import type { CommandSpec } from "../definition/objects.ts";
import type { Definition } from "../definition/definition.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { Decoder } from "../decode.ts";
import type { MappedRequest, PlannedCommand } from "../device.ts";
import type { Lookup } from "../language/expression.ts";
import { unitOf } from "./ipso.ts";
import { compileWrite } from "./modbus-write.ts";
import { checkedRegExp, checkedTemplate, type Names } from "../language/names.ts";
import { plainAddress, sourceNames } from "../identity.ts";
import type { Complain, Where } from "../source.ts";
import type { Template } from "../language/template.ts";
import type { TopicPattern } from "../matching/topic.ts";

const DEFAULT_TIMEOUT_MS = 5_000;
/** What a command's templates may use, besides what the source tells. */
const OWN_NAMES = ["value", "raw", "args"] as const;

export interface CommandPlans {
  plan(request: MappedRequest): PlannedCommand | undefined;
}

interface CompiledCommand {
  readonly spec: CommandSpec;
  /** Undefined: the device has described it itself. */
  readonly payload: ((lookup: Lookup) => Payload | undefined) | undefined;
  readonly equals: Template | Scalar | undefined;
}

/** What stands behind a Resource that can be written or executed. */
interface Binding {
  readonly command: CompiledCommand;
  readonly boolean: boolean;
  readonly resourceUnit: string | undefined;
  /** The field that shows the state: values go out as they come in, the other way round. */
  readonly field: FieldSpec | undefined;
}

export interface CommandContext {
  readonly models: ObjectRegistry;
  readonly topics: readonly TopicPattern[];
  readonly fields: ReadonlyMap<string, unknown>;
  /** Of a convention. */
  readonly set: Decoder["set"];
  readonly complain: Complain;
}

export function compileCommands(definition: Definition, context: CommandContext): CommandPlans {
  const divide = partition(definition);
  const names = new Set([...OWN_NAMES, ...sourceNames(context.topics), ...(divide ? ["part"] : [])]);
  const commands = new Map<string, CompiledCommand>();
  for (const [name, spec] of Object.entries(definition.commands ?? {})) {
    const where = ["commands", name];
    if (spec.described && !context.set)
      context.complain([...where, "described"], "only devices that describe themselves say how they are set");
    const payload = spec.described
      ? undefined
      : compilePayload(spec, where, { known: names, complain: context.complain });
    if (spec.expect !== undefined) checkedRegExp(spec.expect, [...where, "expect"], context.complain);
    const equals = compileConfirm(spec, where, context, names);
    if (payload || spec.described) commands.set(name, { spec, payload, equals });
  }
  const bindings = bind(definition, commands, context.models);
  return {
    plan(request) {
      const { source = request.source, part } = divide?.(request.source) ?? {};
      const binding = bindings.get(request.path) ?? bindings.get(manyOf(request.path));
      if (binding && !binding.command.payload) return planDescribed(binding, request, context.set);
      return plan(binding, { ...request, source, part }, context.topics);
    },
  };
}

/**
 * One source of several sensors: the part after # tells them apart for us, not for the adapter. No topic has a #, but the
 * key of a thing in a message may; of other sources, what they are called may have one, and what tells them apart has none.
 */
function partition({ identity, frame }: Definition) {
  const each = frame.each !== undefined;
  if (!each && identity.split === undefined) return undefined;
  return (source: string) => {
    const at = each ? source.indexOf("#") : source.lastIndexOf("#");
    return at < 0 ? { source } : { source: source.slice(0, at), part: source.slice(at + 1) };
  };
}

/** The Resource in whichever of many Instances. */
function manyOf(at: Path): string {
  const [object = 0, , resource = 0] = ids(at);
  return `/${object}/*/${resource}`;
}

/** A described command counts as done when the device says what was asked of it. */
const DESCRIBED_MS = 5_000;

function planDescribed(
  binding: Binding,
  { value: written, heardAs, source }: MappedRequest,
  set: Decoder["set"],
): PlannedCommand | undefined {
  if (written === undefined || heardAs === undefined) return undefined;
  const value = deviceValue(binding, written);
  const payload = set?.(source, heardAs, value);
  if (!payload) return undefined;
  return {
    kind: "device",
    command: { source, payload, timeoutMs: DESCRIBED_MS },
    confirm: { field: heardAs, equals: value, withinMs: DESCRIBED_MS },
  };
}

function compileConfirm(
  { confirm }: CommandSpec,
  where: Where,
  { fields, complain }: CommandContext,
  known: ReadonlySet<string>,
) {
  if (!confirm) return undefined;
  if (!fields.has(confirm.field)) complain([...where, "confirm", "field"], `no field "${confirm.field}"`);
  if (typeof confirm.equals !== "string") return confirm.equals;
  return checkedTemplate(confirm.equals, [...where, "confirm", "equals"], { known, complain });
}

function compilePayload(spec: CommandSpec, where: Where, names: Names): CompiledCommand["payload"] | undefined {
  const { publish, send, bytes, modbus, fields } = spec;
  if ([publish, send, bytes, modbus, fields].filter((each) => each !== undefined).length !== 1) {
    names.complain(where, "exactly one of publish, send, bytes, modbus, fields says what is sent");
    return undefined;
  }
  if (publish) return compilePublish(publish, [...where, "publish"], names);
  if (modbus) return compileWrite(modbus, [...where, "modbus"], names);
  if (bytes !== undefined) return () => ({ kind: "bytes", bytes: fromHex(bytes) });
  if (send !== undefined) {
    const template = checkedTemplate(send, [...where, "send"], names);
    return (lookup) => {
      const text = template?.render(lookup);
      return text === undefined ? undefined : { kind: "text", text };
    };
  }
  const record = compileRecord(fields ?? {}, [...where, "fields"], names);
  return (lookup) => {
    const values = record(lookup);
    return values && { kind: "fields", fields: values };
  };
}

function compilePublish({ topic, text, json }: NonNullable<CommandSpec["publish"]>, where: Where, names: Names) {
  if ((text === undefined) === (json === undefined)) {
    names.complain(where, "either text or json is the body");
    return undefined;
  }
  const toTopic = checkedTemplate(topic, [...where, "topic"], names);
  const plain = text === undefined ? undefined : checkedTemplate(text, [...where, "text"], names);
  const record = json && compileRecord(json, [...where, "json"], names);
  return (lookup: Lookup): Payload | undefined => {
    const target = toTopic?.render(lookup);
    const values = record?.(lookup);
    const body = record ? values && JSON.stringify(values) : plain?.render(lookup);
    // A wildcard in the name of a device must not become one in a topic.
    if (target === undefined || body === undefined || /[+#\0]/.test(target)) return undefined;
    return { kind: "message", topic: target, body: new TextEncoder().encode(body) };
  };
}

function compileRecord(record: Readonly<Record<string, Scalar>>, where: Where, names: Names) {
  const entries = Object.entries(record).map(([key, value]) => {
    const template = typeof value === "string" ? checkedTemplate(value, [...where, key], names) : undefined;
    return [key, template ? (lookup: Lookup) => template.value(lookup) : () => value] as const;
  });
  return (lookup: Lookup): Record<string, Scalar> | undefined => {
    const values: Record<string, Scalar> = {};
    for (const [key, read] of entries) {
      const value = read(lookup);
      if (value === undefined) return undefined;
      values[key] = value;
    }
    return values;
  };
}

function bind(
  { objects, fields = {} }: Definition,
  commands: ReadonlyMap<string, CompiledCommand>,
  models: ObjectRegistry,
): ReadonlyMap<string, Binding> {
  const bindings = new Map<string, Binding>();
  for (const [key, instance] of Object.entries(objects))
    for (const [id, spec] of Object.entries(instance)) {
      // Of many, the first has all that is to be known of each.
      const at = parsePath(`/${key.replace(/\*\d*$/, "0")}/${id}`);
      if (!at || typeof spec !== "object" || Array.isArray(spec)) continue;
      const command = commands.get(spec.write ?? spec.execute ?? "");
      const resource = models.resource(at);
      const object = parts(at).object;
      if (!command || !resource || object === undefined) continue;
      const field = spec.read === undefined ? undefined : fields[spec.read];
      const resourceUnit = unitOf(object, resource);
      bindings.set(key.includes("*") ? manyOf(at) : at, {
        command,
        field,
        resourceUnit,
        boolean: resource.type === "boolean",
      });
    }
  return bindings;
}

function plan(
  binding: Binding | undefined,
  request: MappedRequest & { readonly part: string | undefined },
  topics: readonly TopicPattern[],
): PlannedCommand | undefined {
  if (!binding) return undefined;
  const { command } = binding;
  const value = request.value === undefined ? undefined : deviceValue(binding, request.value);
  const raw = value === undefined ? undefined : toRaw(value, binding.field);
  const fromSource = sourceLookup(request.source, topics);
  const own: Readonly<Record<string, Scalar | undefined>> = {
    value,
    raw,
    args: request.args ?? "",
    part: request.part,
  };
  const lookup: Lookup = (name) => (Object.hasOwn(own, name) ? own[name] : undefined) ?? fromSource(name);
  const payload = command.payload?.(lookup);
  if (!payload) return undefined;
  const { expect, timeout, confirm } = command.spec;
  const { equals } = command;
  const expected = typeof equals === "object" ? equals.value(lookup) : (equals ?? value);
  const timeoutMs = parseDuration(timeout ?? confirm?.within ?? "") ?? DEFAULT_TIMEOUT_MS;
  return {
    kind: "device",
    command: { source: request.source, payload, timeoutMs, ...(expect !== undefined && { expect }) },
    ...(confirm &&
      expected !== undefined && {
        confirm: { field: confirm.field, equals: expected, withinMs: parseDuration(confirm.within) ?? timeoutMs },
      }),
  };
}

/** The written value in the device's unit. @throws RangeError if the device does not take it. */
function deviceValue({ command, boolean, resourceUnit, field }: Binding, written: ResourceValue): Scalar {
  const value = typeof written === "bigint" ? Number(written) : written;
  if (typeof value === "object") throw new RangeError("the device takes numbers, texts and booleans only");
  if (boolean !== (typeof value === "boolean")) throw new RangeError(`${String(value)} is not what the device takes`);
  if (typeof value !== "number") return value;
  const unit = field?.unit;
  const converted = resourceUnit !== undefined && unit !== undefined ? convert(value, resourceUnit, unit) : value;
  if (converted === undefined) throw new RangeError(`${resourceUnit ?? ""} does not convert to ${unit ?? ""}`);
  const final = significant(converted);
  const [low, high] = command.spec.range ?? field?.range ?? [-Infinity, Infinity];
  if (!(final >= low && final <= high)) throw new RangeError(`${final} is not within ${low} to ${high}`);
  return final;
}

/** What the device would send for this value: the field's scale and map the other way round. */
function toRaw(value: Scalar, field: FieldSpec | undefined): Scalar {
  const mapped = Object.entries(field?.map ?? {}).find(([, meaning]) => meaning === value);
  if (mapped) return mapped[0];
  return typeof value === "number" ? significant((value - (field?.offset ?? 0)) / (field?.scale ?? 1)) : value;
}

function sourceLookup(source: string, topics: readonly TopicPattern[]): Lookup {
  let captures: ReadonlyMap<string, string> | undefined;
  for (const pattern of topics) captures ??= pattern.match(source);
  return (name) => {
    if (name === "address") return plainAddress(source);
    return name === "source" ? source : captures?.get(name);
  };
}
