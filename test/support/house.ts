/** A gateway over the real adapter host: a broker and simulated devices in memory below, servers in memory above. */

import { mqttAdapter } from "../../src/adapters/mqtt.ts";
import { simulator } from "../../src/adapters/simulator.ts";
import { AdapterHost, type Section } from "../../src/host/index.ts";
import type { AdapterPlugin } from "../../src/sdk/adapter.ts";
import { Rig, type RigOptions } from "../gateway/rig.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeMqtt } from "./fake-mqtt.ts";
import { MemoryLog } from "./memory-log.ts";
import { SeededRandom } from "./seeded-random.ts";

export class House {
  readonly broker = new FakeMqtt();
  readonly clock: FakeClock;
  readonly host: AdapterHost;
  readonly rig: Rig;
  readonly log = new MemoryLog();

  constructor(sections: readonly Section[], { clock = new FakeClock(), ...options }: RigOptions = {}) {
    const random = new SeededRandom(3);
    this.clock = clock;
    this.host = new AdapterHost({
      plugins: new Map<string, AdapterPlugin<unknown>>([
        ["mqtt", mqttAdapter(this.broker.connect)],
        ["simulator", simulator(random)],
      ]),
      sections,
      clock,
      random,
      log: this.log,
    });
    this.rig = new Rig({ ...options, clock, adapters: this.host });
  }

  async start(): Promise<this> {
    await this.rig.gateway.start();
    this.host.start();
    await this.clock.advance(1_000);
    return this;
  }

  async stop(): Promise<void> {
    await this.host.stop();
    const stopping = this.rig.gateway.stop();
    await this.clock.advance(5_000);
    await stopping;
  }

  /** Publishes as a device would, and lets everybody react. */
  async says(topic: string, values: unknown): Promise<void> {
    this.broker.hear(topic, JSON.stringify(values));
    await this.clock.advance(20);
  }
}

export const BROKER: Section = {
  name: "home",
  type: "mqtt",
  settings: { url: "mqtt://broker", topics: ["zigbee2mqtt/+", "tele/+/SENSOR"] },
};
