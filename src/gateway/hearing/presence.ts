/** Who is said to be there, and who is not: words under topics of their own, and whom they concern. */

import { BoundedMap } from "../../base/bounded.ts";
import type { Device, Saying, Told } from "../../library/index.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Sensor } from "../sensor.ts";

/** Topics that say of somebody that it is not there; those of devices that nobody has adopted as well. */
const MAX_GONE = 10_000;

type Topics = Map<string, Set<Sensor>>;

export class Presence {
  readonly #devices: { devices(): Iterable<Device> };
  readonly #changed: (sensor: Sensor) => void;
  readonly #byAdapter = new Map<string, Topics>();
  readonly #gone = new BoundedMap<string, true>(MAX_GONE);
  /** One for each way that a definition says it. */
  #known: readonly Told[] | undefined;

  constructor(devices: { devices(): Iterable<Device> }, changed: (sensor: Sensor) => void) {
    this.#devices = devices;
    this.#changed = changed;
  }

  /** What was said of it before it was adopted holds. */
  add(sensor: Sensor): void {
    const { adapter, device, address } = sensor;
    const topics = device.told?.topics(address) ?? [];
    if (topics.length === 0) return;
    const ofAdapter = this.#byAdapter.get(adapter) ?? new Map<string, Set<Sensor>>();
    this.#byAdapter.set(adapter, ofAdapter);
    for (const topic of topics) {
      const sensors = ofAdapter.get(topic);
      if (sensors) sensors.add(sensor);
      else ofAdapter.set(topic, new Set([sensor]));
    }
    if (this.#isGone(adapter, topics)) sensor.isTold("gone");
  }

  delete(sensor: Sensor): void {
    const { adapter, device, address } = sensor;
    const ofAdapter = this.#byAdapter.get(adapter);
    for (const topic of device.told?.topics(address) ?? []) {
      const sensors = ofAdapter?.get(topic);
      sensors?.delete(sensor);
      if (sensors?.size === 0) ofAdapter?.delete(topic);
    }
  }

  /** On the way of every message: whether it says of an adopted sensor that it is there, or is not. */
  take(adapter: string, { payload }: Frame): boolean {
    if (payload.kind !== "message") return false;
    const sensors = this.#byAdapter.get(adapter)?.get(payload.topic);
    if (!sensors) return false;
    const { topic, body } = payload;
    // All sensors of one definition hear the same.
    const heard = new Map<Device, Saying | undefined>();
    for (const { device } of sensors) if (!heard.has(device)) heard.set(device, device.told?.says(topic, body));
    let said = false;
    for (const saying of heard.values()) {
      if (saying === undefined) continue;
      said = true;
      this.#note(`${adapter}/${topic}`, saying);
    }
    for (const sensor of sensors) {
      const saying = heard.get(sensor.device);
      // Who speaks for many may be back, and this one still away.
      if (saying === undefined || (saying === "here" && this.#isGone(adapter, this.#topicsOf(sensor)))) continue;
      if (sensor.isTold(saying)) this.#changed(sensor);
    }
    return said;
  }

  /** Whether a message that nobody else understands says it of somebody whom nobody has adopted. */
  isAbout(adapter: string, { payload }: Frame): boolean {
    if (payload.kind !== "message") return false;
    this.#known ??= Array.from(this.#devices.devices(), ({ told }) => told).filter((told) => told !== undefined);
    for (const told of this.#known) {
      const saying = told.says(payload.topic, payload.body);
      if (saying === undefined) continue;
      this.#note(`${adapter}/${payload.topic}`, saying);
      return true;
    }
    return false;
  }

  #topicsOf({ device, address }: Sensor): readonly string[] {
    return device.told?.topics(address) ?? [];
  }

  #isGone(adapter: string, topics: readonly string[]): boolean {
    return topics.some((topic) => this.#gone.has(`${adapter}/${topic}`));
  }

  #note(key: string, saying: Saying): void {
    if (saying === "gone") this.#gone.set(key, true);
    else this.#gone.delete(key);
  }
}
