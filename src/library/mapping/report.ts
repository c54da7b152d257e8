/** The `report` of a definition: how often, and after what change, a server is told of what each field feeds. */

import { parseDuration } from "../../base/duration.ts";
import type { ObjectRegistry, ResourceModel } from "../../model/objects.ts";
import { depth, ids, parent, type Path, path } from "../../model/path.ts";
import { convert } from "../../model/units.ts";
import { didYouMean } from "../check.ts";
import type { Decoder } from "../decode.ts";
import type { Report, ReportOf, ReportSpecs } from "../device.ts";
import { significant } from "../language/decimal.ts";
import type { Complain } from "../source.ts";
import { unitOf } from "./ipso.ts";
import type { InstancePlan, ObjectPlan } from "./plan.ts";

export interface ReportContext {
  readonly models: ObjectRegistry;
  readonly fields: Decoder["fields"];
  readonly complain: Complain;
}

type Spec = ReportSpecs[string];

/** The name that stands for all fields. */
const ALL = "default";

/** Undefined if the definition says nothing, as most do: nobody has to ask then. */
export function compileReport(
  { report }: { readonly report: ReportSpecs | undefined },
  { instances, many }: ObjectPlan,
  context: ReportContext,
): ReportOf | undefined {
  if (!report || Object.keys(report).length === 0) return undefined;
  const specs = new Map(Object.entries(report));
  checkReport(specs, context);
  const exact = new Map<Path, Report>();
  for (const plan of instances) enter(exact, plan, specs, context);
  // Instances of many are the same but for their number, which only the sensor gives them.
  const ofMany = new Map<Path, Report>();
  for (const each of many) enter(ofMany, each.instance(0, each.field), specs, context);
  const own = new Set(instances.map((plan) => plan.path));
  return (at) => {
    const found = exact.get(at);
    if (found !== undefined || ofMany.size === 0 || depth(at) < 3) return found;
    const [object = 0, instance = 0, ...rest] = ids(at);
    return own.has(path(object, instance)) ? undefined : ofMany.get(path(object, 0, ...rest));
  };
}

/** What a definition says of its fields, with other figures where the owner of a sensor wants them. */
export function withChanges(report: ReportSpecs | undefined, changes: ReportSpecs): ReportSpecs {
  const changed = Object.entries(changes).map(([name, spec]) => [name, { ...report?.[name], ...spec }] as const);
  return { ...report, ...Object.fromEntries(changed) };
}

function checkReport(specs: ReadonlyMap<string, Spec>, { fields, complain }: ReportContext): void {
  for (const [name, spec] of specs) {
    const where = ["report", name];
    if (name !== ALL && !fields.has(name))
      complain(where, `no field "${name}"`, didYouMean(name, [...fields.keys(), ALL]));
    const { pmin = 0, pmax } = periods({ ...specs.get(ALL), ...spec });
    if (pmax !== undefined && pmax < pmin) complain(where, "max is shorter than min");
  }
}

/** What one Instance shows, with what its fields say of it. Extremes, times and qualities are told as they come. */
function enter(
  reports: Map<Path, Report>,
  { sensor, resources }: InstancePlan,
  specs: ReadonlyMap<string, Spec>,
  { models, fields }: ReportContext,
): void {
  const put = (at: Path, field: string | undefined) => {
    const spec = { ...specs.get(ALL), ...(field !== undefined && specs.get(field)) };
    const resource = models.resource(at);
    const unit = field === undefined ? undefined : fields.get(field)?.unit;
    const st = resource && spec.delta !== undefined ? step(spec.delta, unit, at, resource) : undefined;
    const report: Report = { ...periods(spec), ...(st !== undefined && { st }) };
    if (Object.keys(report).length === 0) return;
    reports.set(at, report);
    // Who observes all Resource Instances observes this one too, and no single number.
    if (depth(at) > 3 && !reports.has(parent(at))) reports.set(parent(at), periods(spec));
  };
  if (sensor) put(sensor.value, sensor.field);
  for (const each of resources) {
    // What happens is told when it does, unless something is said of it by name.
    if (each.kind === "field" && !(each.event && !specs.has(each.field))) put(each.path, each.field);
    // Computed from one field, it comes as often as that one.
    if (each.kind === "expression") put(each.path, each.expression.names.length === 1 ? each.expression.names[0] : ALL);
  }
}

/** In seconds. */
function periods({ min, max }: Spec): Pick<Report, "pmin" | "pmax"> {
  const pmin = min === undefined ? undefined : parseDuration(min);
  const pmax = max === undefined ? undefined : parseDuration(max);
  return {
    ...(pmin !== undefined && { pmin: pmin / 1_000 }),
    ...(pmax !== undefined && { pmax: pmax / 1_000 }),
  };
}

/** A change of the field as a change of the Resource: zero points cancel out. Undefined for what is no number. */
function step(delta: number, from: string | undefined, at: Path, resource: ResourceModel): number | undefined {
  if (resource.type !== "float" && resource.type !== "integer" && resource.type !== "unsigned") return undefined;
  const to = unitOf(ids(at)[0] ?? 0, resource);
  if (from === undefined || to === undefined) return delta;
  const [zero, one] = [convert(0, from, to), convert(delta, from, to)];
  return zero === undefined || one === undefined ? undefined : significant(Math.abs(one - zero));
}
