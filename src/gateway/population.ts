/** All adopted sensors, found by who they are upstream and by where they are heard. */

import type { Presence } from "./hearing/presence.ts";
import type { Sensor } from "./sensor.ts";

export class Population {
  /** What is said of their being there. */
  readonly presence: Presence;
  readonly #byEndpoint = new Map<string, Sensor>();
  /** Two steps instead of one joined key: nothing is put together for each frame. */
  readonly #byAdapter = new Map<string, Map<string, Sensor>>();

  constructor(presence: Presence) {
    this.presence = presence;
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  all(): IterableIterator<Sensor> {
    return this.#byEndpoint.values();
  }

  get(endpoint: string): Sensor | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  /** Who is heard there. */
  at(adapter: string, address: string): Sensor | undefined {
    return this.#byAdapter.get(adapter)?.get(address);
  }

  add(sensor: Sensor): void {
    this.#byEndpoint.set(sensor.endpoint, sensor);
    const addresses = this.#byAdapter.get(sensor.adapter) ?? new Map<string, Sensor>();
    this.#byAdapter.set(sensor.adapter, addresses);
    addresses.set(sensor.address, sensor);
    this.presence.add(sensor);
  }

  delete(sensor: Sensor): void {
    this.#byEndpoint.delete(sensor.endpoint);
    this.#byAdapter.get(sensor.adapter)?.delete(sensor.address);
    this.presence.delete(sensor);
  }
}
