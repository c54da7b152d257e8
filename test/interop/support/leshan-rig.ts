/** A Leshan server that knows the Objects of our sensor, for as long as a test file runs. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../../src/lwm2m/index.ts";
import { writeDdf } from "./ddf.ts";
import { Leshan, type LeshanClient } from "./leshan.ts";
import { DEVICE_SERVER, type Release } from "./leshan-jars.ts";
import { foreignModels, Sensor, type SensorOptions } from "./sensor.ts";

export interface RigOptions {
  readonly release?: Release;
  /** How long a client in Queue Mode counts as awake after it was heard. */
  readonly awakeMs?: number;
  readonly port?: number;
}

/** Seconds; long enough that no Update comes by itself while a test runs. */
const LIFETIME = 300;

export class Rig {
  server: Leshan;
  readonly #options: RigOptions;
  readonly #folder: string;
  readonly #sensors: Sensor[] = [];

  private constructor(server: Leshan, folder: string, options: RigOptions) {
    this.server = server;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), "isthmus-leshan-"));
    await writeDdf(folder, foreignModels);
    return new Rig(await started(folder, options), folder, options);
  }

  account(more: Partial<Account> = {}): Account {
    return { uri: this.server.uri, lifetime: LIFETIME, shortServerId: 123, ...more };
  }

  /** A sensor that is not started yet; it is stopped with the rig at the latest. */
  sensor(options: Partial<SensorOptions> & Pick<SensorOptions, "endpoint">): Sensor {
    const sensor = new Sensor({ accounts: [this.account()], ...options });
    this.#sensors.push(sensor);
    return sensor;
  }

  /** A sensor that is registered, and how the server sees it. */
  async registered(endpoint: string, account: Partial<Account> = {}): Promise<[Sensor, LeshanClient]> {
    const sensor = this.sensor({ endpoint, accounts: [this.account(account)] });
    await sensor.start();
    const client = this.server.client(endpoint);
    await client.heard("registered");
    return [sensor, client];
  }

  /** Another server process on the same port, which knows of nobody. */
  async restart(): Promise<void> {
    const { port, counts } = this.server;
    await this.server.kill();
    this.server = await started(this.#folder, { ...this.#options, port });
    for (const [name, count] of counts) this.server.counts.set(name, count);
  }

  async end(): Promise<void> {
    await Promise.all(this.#sensors.map((sensor) => sensor.stop()));
    await this.server.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function started(folder: string, { release = DEVICE_SERVER, awakeMs = 93_000, port }: RigOptions): Promise<Leshan> {
  return Leshan.start({ release, args: [folder, String(awakeMs)], ...(port !== undefined && { port }) });
}
