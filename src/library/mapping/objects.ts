/** The `objects` of a definition against the registry: every Object, Resource, field and unit must exist and fit. */

import type { ObjectModel } from "../../model/objects.ts";
import { type Path, path } from "../../model/path.ts";
import { didYouMean } from "../check.ts";
import type { Definition } from "../definition/definition.ts";
import type { InstanceSpec } from "../definition/objects.ts";
import { compileInstance, type InstanceContext, type ObjectContext } from "./instance.ts";
import { DeviceObject } from "./ipso.ts";
import type { Complain } from "../source.ts";
import { monotonicOf } from "./monotonic.ts";
import type { InstancePlan, ManyPlan, ObjectPlan } from "./plan.ts";

/**
 * Of a definition, which says what a sensor may have: it costs when the first of them is met, and each of them little.
 * A sensor shows what it was heard to have, and that is bounded by itself (64 names in the mapping).
 */
const MAX_INSTANCES = 128;

export function compileObjects(definition: Definition, context: ObjectContext): ObjectPlan {
  const instances: InstancePlan[] = [];
  const many: ManyPlan[] = [];
  const specs = withDevice(definition);
  if (specs.length > MAX_INSTANCES) context.complain(["objects"], `more than ${MAX_INSTANCES} Instances`);
  for (const [key, spec] of specs) {
    const [object = "", instance = ""] = key.split("/");
    const model = context.models.object(Number(object));
    if (!model) {
      const known = [...context.models.objects()].map(({ id }) => String(id));
      context.complain(["objects", key], `no Object ${object} in the registry`, didYouMean(object, known));
      continue;
    }
    const inner: InstanceContext = { ...context, key, spec, model };
    if (instance.startsWith("*")) {
      const plan = compileMany(inner);
      if (plan) many.push(plan);
    } else if (checkInstance(inner, Number(instance))) {
      let mistakes = 0;
      const complain: Complain = (...about) => {
        mistakes += 1;
        context.complain(...about);
      };
      const plan = compileInstance({ ...inner, complain }, Number(instance));
      // What is missing only because it was misspelt has been said already.
      if (mistakes === 0) checkMandatory(inner, plan);
      instances.push(plan);
    }
  }
  const all = [...instances, ...many.map((each) => each.instance(0, each.field))].flatMap((plan) => plan.resources);
  return {
    ...{ instances, many, appearing: appearing(instances), main: mainPaths(instances, many) },
    monotonic: monotonicOf(definition),
    counts: all.some(({ kind }) => kind === "count"),
    pulses: all.some(({ kind }) => kind === "pulse"),
  };
}

/** Every client has a Device Object; a definition that says nothing of it gets its own vendor and model there. */
function withDevice({ objects, vendor, model }: Definition): (readonly [string, InstanceSpec])[] {
  const specs = Object.entries(objects);
  const own = { "0": { const: vendor }, "1": { const: model } };
  return Object.hasOwn(objects, "3/0") ? specs : [["3/0", own], ...specs];
}

function checkInstance({ key, model, complain }: InstanceContext, instance: number): boolean {
  if (instance === 0 || model.multiple) return instance <= 65_534;
  complain(["objects", key], `Object ${model.id} has one Instance only: ${model.id}/0`);
  return false;
}

function compileMany(context: InstanceContext): ManyPlan | undefined {
  const { key, spec, complain, fields } = context;
  const field = spec.value;
  if (field === undefined) {
    complain(["objects", key], '"value" is missing: which field has many Instances?');
    return undefined;
  }
  if (spec.when === undefined) complain(["objects", key], "* needs when: present");
  // Compiled once here so that mistakes are found now, and again for each Instance that is heard.
  compileInstance(context, 0);
  if (!fields.has(field)) return undefined;
  const quiet: InstanceContext = { ...context, complain: () => undefined };
  return { field, object: context.model.id, instance: (id, heard) => compileInstance({ ...quiet, heard }, id) };
}

/** Mandatory Resources that nothing feeds would be missing from every Read. */
function checkMandatory({ key, model, complain }: InstanceContext, plan: InstancePlan): void {
  const fed = new Set([
    ...plan.constants.map((each) => each.path),
    ...plan.resources.map((each) => each.path),
    ...plan.times,
    ...plan.executable,
    ...(plan.sensor ? [plan.sensor.value] : []),
  ]);
  for (const resource of model.resources.values()) {
    if (!resource.mandatory || isSupplied(model, resource.id)) continue;
    const own = `${plan.path}/${resource.id}`;
    if ([...fed].some((each) => each === own || each.startsWith(`${own}/`))) continue;
    complain(["objects", key], `Resource ${resource.id} (${resource.name}) is mandatory in Object ${model.id}`);
  }
}

const isSupplied = ({ id }: ObjectModel, resource: number) =>
  id === DeviceObject.id && DeviceObject.suppliedByClient.has(resource);

function appearing(instances: readonly InstancePlan[]): ObjectPlan["appearing"] {
  const byField = new Map<string, InstancePlan[]>();
  for (const plan of instances.filter(({ sure }) => !sure))
    for (const field of fieldsOf(plan)) byField.set(field, [...(byField.get(field) ?? []), plan]);
  return byField;
}

function fieldsOf({ sensor, resources }: InstancePlan): ReadonlySet<string> {
  const names = resources.flatMap((each) => ("expression" in each ? each.expression.names : [each.field]));
  return new Set(sensor ? [sensor.field, ...names] : names);
}

/** In the order of the definition; those that may appear come later, the battery last. */
function mainPaths(instances: readonly InstancePlan[], many: readonly ManyPlan[]): Path[] {
  const first = many.map((each) => each.instance(0, each.field));
  const inOrder = [...instances.filter(({ sure }) => sure), ...instances.filter(({ sure }) => !sure), ...first];
  const device = path(DeviceObject.id, 0);
  const main = inOrder.filter((plan) => plan.path !== device).flatMap((plan) => plan.main);
  const battery = path(DeviceObject.id, 0, DeviceObject.batteryLevel);
  if (instances.some(({ resources }) => resources.some((each) => each.path === battery))) main.push(battery);
  return main;
}
