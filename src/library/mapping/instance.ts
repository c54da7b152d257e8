/** One Object Instance of a definition, compiled. */

import type { Scalar } from "../../base/outcome.ts";
import type { ObjectModel, ObjectRegistry, ResourceModel } from "../../model/objects.ts";
import { ids, type Path, path } from "../../model/path.ts";
import { convert, isUnit } from "../../model/units.ts";
import { didYouMean } from "../check.ts";
import type { InstanceSpec, ResourceSpec } from "../definition/objects.ts";
import { Shared, unitOf, valueResource } from "./ipso.ts";
import type { Expression } from "../language/expression.ts";
import { checkedExpression } from "../language/names.ts";
import type { Decoder } from "../decode.ts";
import type { Constant, InstancePlan, ResourcePlan, SensorPlan } from "./plan.ts";
import { meantUnit } from "../fields/unit-hint.ts";
import type { Complain, Where } from "../source.ts";
import { canFeed, type ToResource, toResource } from "./target.ts";

export interface ObjectContext {
  readonly models: ObjectRegistry;
  readonly fields: Decoder["fields"];
  readonly commands: ReadonlySet<string>;
  readonly complain: Complain;
}

export interface InstanceContext extends ObjectContext {
  /** The key in the definition, such as `3303/*`. */
  readonly key: string;
  readonly spec: InstanceSpec;
  readonly model: ObjectModel;
  /** The field by the name under which it was heard, where one field stands for many. */
  readonly heard?: string;
}

/** An Instance under construction. */
interface Parts {
  readonly base: Path;
  readonly instance: number;
  readonly constants: Constant[];
  readonly starts: Constant[];
  readonly resources: ResourcePlan[];
  readonly times: Path[];
  readonly writable: Path[];
  readonly executable: Path[];
}

const RESERVED = ["value", "range", "type", "when"] as const;
const SOURCES = ["const", "field", "expr", "count", "pulse", "time", "quality", "read", "write", "execute"] as const;

export function compileInstance(context: InstanceContext, instance: number): InstancePlan {
  const { spec, model } = context;
  const base = path(model.id, instance);
  const parts: Parts = {
    ...{ base, instance, constants: [], starts: [], resources: [] },
    ...{ times: [], writable: [], executable: [] },
  };
  const sensor = spec.value === undefined ? undefined : compileSensor(context, parts, spec.value);
  const name = context.heard ?? spec.value ?? "";
  const type = spec.type?.replace("{component}", partOf(name)).replace("{name}", name);
  if (type !== undefined) addConstant(context, parts, { id: Shared.ApplicationType, value: type });
  if (spec.range && sensor) {
    addConstant(context, parts, { id: Shared.MinRange, value: spec.range[0] });
    addConstant(context, parts, { id: Shared.MaxRange, value: spec.range[1] });
  }
  for (const [key, value] of Object.entries(spec)) {
    if (RESERVED.some((reserved) => reserved === key)) continue;
    if (typeof value === "string" || isResourceSpec(value)) compileResource(context, parts, key, value);
  }
  const { constants, starts, resources, times, writable, executable } = parts;
  const sure = spec.when === undefined;
  const main = sensor ? [sensor.value] : mainOf(model, resources);
  const fed = { constants, starts, resources, times };
  return { path: base, sure, ...fed, main, writable, executable, ...(sensor && { sensor }) };
}

/** Of `probe_1/temperature`, which part of the device says it; a name without parts stands for itself. */
const partOf = (name: string) => (name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : name);

/** What the Object cannot be without; else the first thing measured. Of what is true for a moment, how often it was. */
function mainOf(model: ObjectModel, resources: readonly ResourcePlan[]): Path[] {
  const pulses = resources.some(({ kind }) => kind === "pulse");
  const counts = resources.filter(({ kind }) => kind === "count").map((each) => each.path);
  if (pulses && counts.length > 0) return counts;
  const measured = resources.filter(({ kind }) => kind !== "quality").map((each) => each.path);
  const mandatory = measured.filter((each) => model.resources.get(ids(each)[2] ?? -1)?.mandatory);
  return mandatory.length > 0 ? mandatory : measured.slice(0, 1);
}

const isResourceSpec = (value: unknown): value is ResourceSpec => typeof value === "object" && !Array.isArray(value);

/** `value: f`: the value with its unit, extremes, time and quality, as far as the Object has Resources for them. */
function compileSensor(context: InstanceContext, parts: Parts, name: string): SensorPlan | undefined {
  const { model, key, complain, spec } = context;
  const where = ["objects", key, "value"];
  const field = fieldOf(context, name, where);
  const resource = valueResource(model);
  if (!resource) {
    complain(where, `Object ${model.id} has no value of its own`, "name the Resources one by one");
    return undefined;
  }
  if (spec.range && !model.resources.has(Shared.MinRange))
    complain(["objects", key, "range"], `Object ${model.id} has none`);
  // A Resource that is told by itself where it comes from needs no value; the field says when the Instance is there.
  if (!field || spec[String(resource.id)] !== undefined) return undefined;
  const toValue = target(context, resource, field.unit, where);
  const shown = unitOf(model.id, resource) ?? field.unit;
  if (shown !== undefined && resource.type === "float" && model.resources.has(Shared.Units)) {
    if (isUnit(shown) || shown === "deg/s") addConstant(context, parts, { id: Shared.Units, value: shown });
    else complain(where, `${shown} is no SenML unit`, "give the field a unit of SenML");
  }
  const has = (id: number) => (model.resources.has(id) ? path(model.id, parts.instance, id) : undefined);
  const minimum = has(Shared.MinMeasured);
  const maximum = has(Shared.MaxMeasured);
  const reset = has(Shared.Reset);
  const time = has(Shared.Timestamp);
  const quality = has(Shared.Quality);
  if (reset) parts.executable.push(reset);
  const value = path(model.id, parts.instance, resource.id);
  return {
    ...{ field: context.heard ?? name, value, toValue },
    ...(minimum && maximum && { minimum, maximum }),
    ...(reset && { reset }),
    ...(time && { time }),
    ...(quality && { quality }),
  };
}

function compileResource(context: InstanceContext, parts: Parts, key: string, given: string | ResourceSpec): void {
  const { model, complain } = context;
  const where: Where = ["objects", context.key, key];
  const match = /^(\d{1,5})(?:\/(\d{1,5}))?$/.exec(key);
  if (!match) {
    complain(where, `unknown key "${key}"`, didYouMean(key, RESERVED) ?? "Resources are numbers");
    return;
  }
  const resource = model.resources.get(Number(match[1]));
  if (!resource) {
    const known = [...model.resources.keys()].map(String);
    complain(where, `no Resource ${match[1]!} in Object ${model.id} (${model.name})`, didYouMean(match[1]!, known));
    return;
  }
  if (resource.multiple !== (match[2] !== undefined)) {
    const right = resource.multiple ? `has several Instances: ${resource.id}/0` : "has no Instances of its own";
    complain(where, `Resource ${resource.id} (${resource.name}) ${right}`);
    return;
  }
  const numbers = match[2] === undefined ? [resource.id] : [resource.id, Number(match[2])];
  const at = path(model.id, parts.instance, ...numbers);
  addResource(context, parts, { at, resource, where, spec: typeof given === "string" ? { field: given } : given });
}

interface Place {
  readonly at: Path;
  readonly resource: ResourceModel;
  readonly where: Where;
  readonly spec: ResourceSpec;
}

function addResource(context: InstanceContext, parts: Parts, { at, resource, where, spec }: Place): void {
  const { complain } = context;
  const sources = SOURCES.filter((source) => spec[source] !== undefined);
  const commanding = sources.filter((source) => source === "write" || source === "execute");
  if (sources.length - commanding.length > 1 || sources.length === 0) {
    complain(where, `one of ${SOURCES.join(", ")} says where the value comes from`);
    return;
  }
  const name = spec.field ?? spec.read;
  if (spec.const !== undefined) addConstant(context, parts, { id: resource.id, value: spec.const, at });
  else if (name !== undefined) {
    const found = fieldOf(context, name, where);
    const common = { kind: "field", path: at, field: heardName(context, name) } as const;
    if (found) {
      const toValue = target(context, resource, found.unit, where);
      parts.resources.push({ ...common, toValue, ...(found.event && { event: true }) });
    }
  } else if (spec.expr !== undefined) {
    const expression = expressionOf(context, spec.expr, [...where, "expr"]);
    const toValue = target(context, resource, undefined, where);
    if (expression) parts.resources.push({ kind: "expression", path: at, expression, toValue });
  } else if (spec.count !== undefined || spec.pulse !== undefined) {
    addHappening(context, parts, { at, resource, where, spec });
  } else if (spec.time) {
    if (resource.type === "time") parts.times.push(at);
    else complain(where, `Resource ${resource.id} is no time`);
  } else if (spec.quality !== undefined && fieldOf(context, spec.quality, where))
    parts.resources.push({ kind: "quality", path: at, field: spec.quality });
  addCommand(context, parts, { at, resource, where, spec });
}

/** How often something has happened, or that it happens now. */
function addHappening(context: InstanceContext, parts: Parts, { at, resource, where, spec }: Place): void {
  const { count, pulse = "" } = spec;
  const { id, type } = resource;
  if (count === undefined) {
    if (type !== "boolean") context.complain(where, `Resource ${id} is ${type}: a pulse is true or false`);
    const expression = expressionOf(context, pulse, [...where, "pulse"]);
    if (expression) parts.resources.push({ kind: "pulse", path: at, expression });
    parts.starts.push({ path: at, value: false });
    return;
  }
  if (type !== "integer" && type !== "unsigned" && type !== "float")
    context.complain(where, `Resource ${id} is ${type}: a count is a number`);
  const expression = expressionOf(context, count, [...where, "count"]);
  const event = expression?.names.some((name) => infoOf(context, name)?.event) === true;
  if (expression) parts.resources.push({ kind: "count", path: at, expression, event });
  parts.starts.push({ path: at, value: 0 });
}

function expressionOf(context: InstanceContext, text: string, where: Where): Expression | undefined {
  const { fields, complain, heard, spec } = context;
  const expression = checkedExpression(text, where, { known: new Set(fields.keys()), complain });
  if (!expression || heard === undefined || !expression.names.some((name) => name === spec.value)) return expression;
  const named = (name: string) => heardName(context, name);
  return {
    names: expression.names.map(named),
    evaluate: (lookup) => expression.evaluate((name) => lookup(named(name))),
  };
}

/** In an Instance of many, the field that it is made for goes by the name under which it was heard. */
function heardName({ heard, spec }: InstanceContext, name: string): string {
  return heard !== undefined && name === spec.value ? heard : name;
}

function infoOf({ fields, heard, spec }: InstanceContext, name: string) {
  return fields.get(name === heard ? (spec.value ?? name) : name);
}

function addCommand({ commands, complain }: InstanceContext, parts: Parts, { at, resource, where, spec }: Place): void {
  for (const way of ["write", "execute"] as const) {
    const name = spec[way];
    if (name === undefined) continue;
    if (!commands.has(name)) complain([...where, way], `no command "${name}"`, didYouMean(name, commands));
    const allowed = way === "write" ? resource.operations.includes("W") : resource.operations === "E";
    if (!allowed) complain([...where, way], `Resource ${resource.id} (${resource.name}) takes no ${way}`);
    (way === "write" ? parts.writable : parts.executable).push(at);
  }
}

function addConstant(context: InstanceContext, parts: Parts, constant: { id: number; value: Scalar; at?: Path }): void {
  const { model, key, complain } = context;
  const { id, value, at } = constant;
  const resource = model.resources.get(id);
  const typed = resource && toResource(resource.type, undefined, undefined)(value);
  if (typed === undefined)
    complain(["objects", key], `Resource ${id} of Object ${model.id} cannot be "${String(value)}"`);
  else parts.constants.push({ path: at ?? path(model.id, parts.instance, id), value: typed });
}

function fieldOf({ fields, complain }: InstanceContext, name: string, where: Where) {
  const found = fields.get(name);
  if (!found) complain(where, `no field "${name}"`, didYouMean(name, fields.keys()));
  return found;
}

/** How the field's values become the Resource's; complains where they never could. */
function target(context: InstanceContext, resource: ResourceModel, from: string | undefined, where: Where): ToResource {
  const { model, complain } = context;
  const to = unitOf(model.id, resource);
  if (!canFeed(resource.type)) complain(where, `a field cannot feed Resource ${resource.id}: it is ${resource.type}`);
  if (from !== undefined && to !== undefined && convert(1, from, to) === undefined) {
    const meant = meantUnit(from);
    complain(
      where,
      `${from} does not convert to ${to}, the unit of Resource ${resource.id} (${resource.name})`,
      meant === undefined ? undefined : `the unit of the field: did you mean ${meant}?`,
    );
  }
  return toResource(resource.type, from, to);
}
