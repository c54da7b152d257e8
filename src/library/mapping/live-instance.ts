/** One Object Instance of one sensor: remembers its extremes, its quality and whether it has been shown. */

import type { Stamp } from "../../base/clock.ts";
import type { Path } from "../../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../../model/value.ts";
import { truthy } from "../language/expression.ts";
import type { Counting } from "./counting.ts";
import { Quality } from "./ipso.ts";
import type { InstancePlan, ResourcePlan, SensorPlan } from "./plan.ts";
import type { Reading } from "../reading.ts";

/** What a reading comes with. */
export interface Occasion {
  /** Undefined where nothing is counted. */
  readonly counting?: Counting;
  /** It was said some time ago: nothing has happened now. */
  readonly past?: true;
}

/** Nothing besides. */
export const NOW: Occasion = {};

export class LiveInstance {
  readonly plan: InstancePlan;
  /** The name whose hearing made it appear; undefined if it was there from the start. */
  readonly heardAs: string | undefined;
  #shown: boolean;
  #quality: number | undefined;
  #last: number | undefined;
  #minimum = Infinity;
  #maximum = -Infinity;

  constructor(plan: InstancePlan, { heardAs, shown = plan.sure }: { heardAs?: string; shown?: boolean } = {}) {
    this.plan = plan;
    this.heardAs = heardAs;
    this.#shown = shown;
  }

  get shown(): boolean {
    return this.#shown;
  }

  /** Adds what the reading changes to `updates`. What it does not speak of stays as it is. */
  update(reading: Reading, updates: ResourceUpdate[], occasion: Occasion): void {
    const { sensor, resources, times } = this.plan;
    const before = updates.length;
    const measured = sensor ? this.#measure(sensor, reading, updates) : false;
    let fed = false;
    for (const resource of resources)
      fed =
        (resource.kind === "count" || resource.kind === "pulse"
          ? this.#happen(resource, reading, updates, occasion)
          : this.#feed(resource, reading, updates, occasion)) || fed;
    if (!measured && !fed) {
      // A quality alone says nothing about an Instance that nobody has seen yet.
      if (!this.#shown) updates.length = before;
      return;
    }
    // A time that nobody can vouch for is worse than none: a server would sort by it.
    if (reading.at.trusted)
      for (const path of times) updates.push({ path, value: seconds(reading.at), at: reading.at });
    this.#show(reading.at, updates);
  }

  /** Says that its values are old, or that nothing more will come. */
  degrade(quality: number, at: Stamp, updates: ResourceUpdate[]): void {
    if (this.#shown) this.#setQuality(quality, at, updates);
  }

  /** From now on the extremes are those since now (5605). */
  reset(at: Stamp): ResourceUpdate[] {
    const { sensor } = this.plan;
    const last = this.#last;
    if (!sensor?.minimum || !sensor.maximum || last === undefined) return [];
    this.#minimum = last;
    this.#maximum = last;
    return [
      { path: sensor.minimum, value: last, at },
      { path: sensor.maximum, value: last, at },
    ];
  }

  /** True if there was a value to store. */
  #measure(sensor: SensorPlan, { fields, at }: Reading, updates: ResourceUpdate[]): boolean {
    const quantity = fields.get(sensor.field);
    const value = quantity && sensor.toValue(quantity.value);
    if (value === undefined) {
      if (fields.has(sensor.field)) this.#setQuality(Quality.Rejected, at, updates);
      return false;
    }
    updates.push({ path: sensor.value, value, at });
    if (typeof value === "number") this.#extend(sensor, value, at, updates);
    if (sensor.time && at.trusted) updates.push({ path: sensor.time, value: seconds(at), at });
    this.#setQuality(Quality.Accepted, at, updates);
    return true;
  }

  #extend({ minimum, maximum }: SensorPlan, value: number, at: Stamp, updates: ResourceUpdate[]): void {
    this.#last = value;
    if (!minimum || !maximum) return;
    if (value < this.#minimum) {
      this.#minimum = value;
      updates.push({ path: minimum, value, at });
    }
    if (value > this.#maximum) {
      this.#maximum = value;
      updates.push({ path: maximum, value, at });
    }
  }

  /** True if the reading speaks of what may have happened. */
  #happen(
    resource: Extract<ResourcePlan, { kind: "count" | "pulse" }>,
    reading: Reading,
    updates: ResourceUpdate[],
    { counting, past }: Occasion,
  ): boolean {
    const { expression, path } = resource;
    const { fields, at } = reading;
    if (past || !expression.names.some((name) => fields.get(name) !== undefined)) return false;
    if (resource.kind === "count") {
      const count = counting?.count(resource, reading);
      if (count !== undefined) updates.push({ path, value: count, at });
      return count !== undefined || !this.#shown || !resource.event;
    }
    const holds = truthy(expression.evaluate((name) => fields.get(name)?.value));
    if (holds) updates.push({ path, value: true, at });
    return holds || !this.#shown;
  }

  #feed(
    resource: Exclude<ResourcePlan, { kind: "count" | "pulse" }>,
    reading: Reading,
    updates: ResourceUpdate[],
    { past }: Occasion,
  ): boolean {
    const { fields, at } = reading;
    if (resource.kind === "quality") {
      if (!fields.has(resource.field)) return false;
      const known = fields.get(resource.field) !== undefined;
      this.#setQuality(known ? Quality.Accepted : Quality.Rejected, at, updates);
      return false;
    }
    if (resource.kind === "field" && resource.event && past) return false;
    const value = resource.kind === "field" ? fieldValue(resource, reading) : computed(resource, reading);
    if (value === undefined) return false;
    updates.push({ path: resource.path, value, at });
    return true;
  }

  /** Only changes are worth telling. */
  #setQuality(quality: number, at: Stamp, updates: ResourceUpdate[]): void {
    if (this.#quality === quality) return;
    this.#quality = quality;
    for (const path of qualityPaths(this.plan)) updates.push({ path, value: quality, at });
  }

  /** Constants of an Instance that appears come with its first value. */
  #show(at: Stamp, updates: ResourceUpdate[]): void {
    if (this.#shown) return;
    this.#shown = true;
    const told = new Set(updates.map(({ path }) => path));
    for (const { path, value } of this.plan.constants) updates.push({ path, value, at });
    for (const { path, value } of this.plan.starts) if (!told.has(path)) updates.push({ path, value, at });
  }
}

function fieldValue({ field, toValue }: Extract<ResourcePlan, { kind: "field" }>, { fields }: Reading) {
  const quantity = fields.get(field);
  return quantity && toValue(quantity.value);
}

/** Only readings that speak of one of its fields change a computed value. */
function computed(
  { expression, toValue }: Extract<ResourcePlan, { kind: "expression" }>,
  { fields }: Reading,
): ResourceValue | undefined {
  if (!expression.names.some((name) => fields.has(name))) return undefined;
  const value = expression.evaluate((name) => fields.get(name)?.value);
  return value === undefined ? undefined : toValue(value);
}

function* qualityPaths({ sensor, resources }: InstancePlan): Iterable<Path> {
  if (sensor?.quality) yield sensor.quality;
  for (const resource of resources) if (resource.kind === "quality") yield resource.path;
}

/** Resources of type Time count whole seconds. */
const seconds = ({ ms }: Stamp) => Math.floor(ms / 1000);
