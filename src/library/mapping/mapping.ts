/** Readings of one sensor become resource updates; writes and executes become commands. */

import type { Stamp } from "../../base/clock.ts";
import type { Scalar } from "../../base/outcome.ts";
import { cut, depth, idAt, ids, path, type Path } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import type { CommandPlans } from "./command.ts";
import type { MappedRequest, Mapping, MappingOptions, PlannedCommand, Restored } from "../device.ts";
import { Calibration } from "./calibration.ts";
import { Counting } from "./counting.ts";
import { DeviceObject, NO_ERROR, PERIPHERAL_MALFUNCTION, Quality } from "./ipso.ts";
import { LiveInstance, NOW, type Occasion } from "./live-instance.ts";
import { isAny, isHeardOf, isOneOf } from "./many.ts";
import { Monotonic } from "./monotonic.ts";
import type { Constant, InstancePlan, ManyPlan, ObjectPlan } from "./plan.ts";
import type { Reading } from "../reading.ts";

const ERROR_CODE: Path = path(DeviceObject.id, 0, DeviceObject.errorCode, 0);
/** Names of many that one sensor may make us remember. */
const MAX_HEARD = 64;

/** The constants that every sensor of a kind starts with. */
export function constantsOf({ instances }: ObjectPlan): readonly Constant[] {
  const constants = instances.filter(({ sure }) => sure).flatMap((plan) => plan.constants.concat(plan.starts));
  return [...constants, { path: ERROR_CODE, value: NO_ERROR }];
}

/** What all sensors of a kind share. */
export interface Plans {
  readonly plan: ObjectPlan;
  readonly commands: CommandPlans;
  readonly constants: readonly Constant[];
}

/** What only some sensors need. */
interface Extras {
  readonly calibration: Calibration | undefined;
  readonly monotonic: Monotonic | undefined;
  readonly counting: Counting | undefined;
}

export class SensorMapping implements Mapping {
  readonly constants: readonly Constant[];
  readonly #plan: ObjectPlan;
  readonly #commands: CommandPlans;
  readonly #instances: LiveInstance[];
  /** Fields heard so far, where hearing one may make an Instance appear. */
  #heard: Set<string> | undefined;
  readonly #extras: Extras | undefined;
  #gone = false;

  constructor({ plan, commands, constants }: Plans, { corrections, counts }: MappingOptions = {}) {
    this.#plan = plan;
    this.#commands = commands;
    this.constants = constants;
    if (corrections || plan.monotonic || plan.counts)
      this.#extras = {
        calibration: corrections && new Calibration(corrections),
        monotonic: plan.monotonic && new Monotonic(plan.monotonic),
        counting: plan.counts ? new Counting(counts) : undefined,
      };
    this.#instances = plan.instances.filter(({ sure }) => sure).map((instance) => new LiveInstance(instance));
  }

  get counts(): Map<Path, number> | undefined {
    return this.#extras?.counting?.counts;
  }

  updates(heard: Reading, past = false): ResourceUpdate[] {
    const updates: ResourceUpdate[] = [];
    const extras = this.#extras;
    const reading = extras ? believed(heard, extras) : heard;
    const occasion = extras || past ? occasionOf(extras, past) : NOW;
    if (this.#gone) {
      this.#gone = false;
      updates.push({ path: ERROR_CODE, value: NO_ERROR, at: reading.at });
    }
    if (this.#plan.appearing.size > 0 || this.#plan.many.length > 0)
      for (const [name, quantity] of reading.fields) this.#meet(name, quantity?.value);
    for (const instance of this.#instances) instance.update(reading, updates, occasion);
    if (this.#plan.pulses) this.#endPulses(updates);
    return updates;
  }

  silence(liveness: "stale" | "gone", at: Stamp): ResourceUpdate[] {
    const updates: ResourceUpdate[] = [];
    const quality = liveness === "stale" ? Quality.Stale : Quality.Rejected;
    for (const instance of this.#instances) instance.degrade(quality, at, updates);
    const gone = liveness === "gone";
    if (gone !== this.#gone) updates.push({ path: ERROR_CODE, value: gone ? PERIPHERAL_MALFUNCTION : NO_ERROR, at });
    this.#gone = gone;
    return updates;
  }

  command(request: MappedRequest): PlannedCommand | undefined {
    const resetting = this.#instances.find(({ plan }) => plan.sensor?.reset === request.path);
    if (resetting) return { kind: "local", updates: resetting.reset(request.at) };
    return this.#commands.plan({ ...request, heardAs: this.heardAs(cut(request.path, 2)) });
  }

  restore(appeared: Iterable<readonly [Path, string]>): Restored {
    const restored: InstancePlan[] = [];
    const names = new Set<string>();
    for (const [instance, name] of appeared) {
      if (restored.length >= MAX_HEARD) break;
      const plan = this.#planOf(instance, name);
      if (!plan || this.#at(instance)) continue;
      restored.push(plan);
      names.add(name);
      this.#instances.push(new LiveInstance(plan, { heardAs: name, shown: true }));
    }
    // Whatever else these names make appear in the meantime waits for its first value, as ever.
    for (const name of names) this.#meet(name);
    return {
      instances: restored.map(({ path }) => path),
      constants: restored.flatMap(({ constants, starts }) => constants.concat(starts)),
    };
  }

  heardAs(instance: Path): string | undefined {
    return this.#at(instance)?.heardAs;
  }

  handlers(instance: Path): { readonly writable: readonly Path[]; readonly executable: readonly Path[] } {
    const plan = this.#at(instance)?.plan;
    return { writable: plan?.writable ?? [], executable: plan?.executable ?? [] };
  }

  /** What was true for a moment is so no longer: a millisecond later, so that both can be told apart. */
  #endPulses(updates: ResourceUpdate[]): void {
    for (const { plan } of this.#instances)
      for (const { kind, path } of plan.resources) {
        const begun = kind === "pulse" ? updates.find((each) => each.path === path && each.value === true) : undefined;
        if (begun) updates.push({ path, value: false, at: { ...begun.at, ms: begun.at.ms + 1 } });
      }
  }

  /** What is heard for the first time may make Instances appear; most sensors never have most of them. */
  #meet(name: string, value?: Scalar): void {
    this.#heard ??= new Set();
    if (this.#heard.has(name) || this.#heard.size >= MAX_HEARD) return;
    // What it is to be shown as depends on what it is: that has to be known first.
    if (value === undefined && this.#plan.many.some(({ field }) => isAny(field))) return;
    this.#heard.add(name);
    for (const plan of this.#plan.appearing.get(name) ?? [])
      if (!this.#instances.some((each) => each.plan === plan))
        this.#instances.push(new LiveInstance(plan, { heardAs: name }));
    for (const many of this.#plan.many)
      if (isHeardOf(name, value, many.field) && !this.#hasOne(many, name)) this.#appear(many, name);
  }

  #at(instance: Path): LiveInstance | undefined {
    return this.#instances.find(({ plan }) => plan.path === instance);
  }

  /** Whether an Instance of many has this name already. */
  #hasOne({ object }: ManyPlan, name: string): boolean {
    const fixed = this.#plan.instances;
    return this.#instances.some(
      ({ heardAs, plan }) => heardAs === name && idAt(plan.path, 0) === object && !fixed.includes(plan),
    );
  }

  /** What an Instance was that appeared when a name was heard; undefined if the definition knows it no more. */
  #planOf(instance: Path, name: string): InstancePlan | undefined {
    const fixed = this.#plan.instances.find((plan) => plan.path === instance);
    if (fixed) return this.#plan.appearing.get(name)?.find((plan) => plan === fixed);
    const [object, id] = ids(instance);
    const many = this.#plan.many.find(
      (each) => each.object === object && (isAny(each.field) || isOneOf(name, each.field)),
    );
    return id === undefined || depth(instance) !== 2 ? undefined : many?.instance(id, name);
  }

  /** The Instance that the name asks for, or the next free one. */
  #appear(many: ManyPlan, name: string): void {
    const taken = new Set(
      [...this.#plan.instances, ...this.#instances.map(({ plan }) => plan)].map(({ path }) => path),
    );
    const first = name.includes("/") || name === many.field || isAny(many.field);
    let id = first ? 0 : Number(name.slice(many.field.length + 1)) - 1;
    while (taken.has(path(many.object, id))) id += 1;
    this.#instances.push(new LiveInstance(many.instance(id, name), { heardAs: name }));
  }
}

/** Corrected first: a counter is believed by the values that its owner sees. */
function believed(reading: Reading, { calibration, monotonic }: Extras): Reading {
  const corrected = calibration ? calibration.corrected(reading) : reading;
  return monotonic ? monotonic.believed(corrected) : corrected;
}

function occasionOf(extras: Extras | undefined, past: boolean): Occasion {
  return { ...(extras?.counting && { counting: extras.counting }), ...(past && { past }) };
}
