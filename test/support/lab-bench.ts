/** A lab on a free port with what the OMA registry knows, and how to wait for what it tells. */

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type Log, silentLog } from "../../src/base/log.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { Lab, type LabEvent, type LabOptions } from "../../src/lab/index.ts";
import { loadRegistry } from "../../src/model/registry.ts";
import type { Client } from "../../src/lab/client.ts";
import { CoapSensor } from "./coap-sensor.ts";
import { RawClient } from "./raw-client.ts";

const compact: unknown = JSON.parse(readFileSync(new URL("../../src/model/registry.json", import.meta.url), "utf8"));
export const models = loadRegistry(compact);

export class LabBench {
  readonly lab: Lab;
  readonly events: LabEvent[] = [];
  readonly sensors: (CoapSensor | RawClient)[] = [];
  port = 0;
  /** The same as `port` unless the bootstrap server was given one of its own. */
  bootstrapPort = 0;
  /** Of coaps; 0 where there is none. */
  securePort = 0;
  url = "";
  #http: Server | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: Partial<LabOptions> & { log?: Log } = {}) {
    this.lab = new Lab({ models, clock: new SystemClock(), log: silentLog, port: 0, ...options });
    this.lab.subscribe((event) => {
      this.events.push(event);
      for (const look of [...this.#waiting]) look();
    });
  }

  async start(): Promise<this> {
    const ports = await this.lab.start();
    ({ port: this.port, bootstrapPort: this.bootstrapPort } = ports);
    this.securePort = ports.securePort ?? 0;
    return this;
  }

  /** The HTTP API on a free port. */
  async serve(): Promise<this> {
    const server = createServer((request, response) => this.lab.handle(request, response));
    this.#http = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const address = server.address();
    if (typeof address === "object" && address) this.url = `http://127.0.0.1:${address.port}`;
    return this;
  }

  async sensor(): Promise<CoapSensor> {
    const sensor = await new CoapSensor(this.port).open();
    this.sensors.push(sensor);
    return sensor;
  }

  /** A peer of bytes, for what no library would send. */
  async raw(port = this.port): Promise<RawClient> {
    const client = await new RawClient(port).open();
    this.sensors.push(client);
    return client;
  }

  /** A client that is registered. */
  known(endpoint: string): Client {
    const client = this.lab.client(endpoint);
    if (!client) throw new Error(`${endpoint} is not registered`);
    return client;
  }

  /** Asks the HTTP API. */
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${this.url}/lab/${path}`, { method, ...(body !== undefined && { body: text }) });
    const json: unknown = await response.json();
    return { status: response.status, json };
  }

  /** The first event, past or to come, that is as wanted. */
  event<T extends LabEvent["type"]>(
    type: T,
    wanted: (event: Extract<LabEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<LabEvent, { type: T }>> {
    const find = () =>
      this.events.find((event): event is Extract<LabEvent, { type: T }> => isType(event, type) && wanted(event));
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.sensors.map((sensor) => sensor.close()));
    await this.lab.stop();
    this.#http?.closeAllConnections();
    await new Promise<void>((resolve) => (this.#http ? this.#http.close(() => resolve()) : resolve()));
  }
}

function isType<T extends LabEvent["type"]>(event: LabEvent, type: T): event is Extract<LabEvent, { type: T }> {
  return event.type === type;
}
