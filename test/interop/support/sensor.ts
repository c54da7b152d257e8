/** A sensor of our own making on real UDP: two thermometers, a lamp, a place, and OMA's test Object. */

import { readFileSync } from "node:fs";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { SystemClock } from "../../../src/base/system-clock.ts";
import type { Transport } from "../../../src/base/transport.ts";
import type { Parameters } from "../../../src/coap/index.ts";
import type { Dialer } from "../../../src/dial/index.ts";
import { udp } from "../../../src/io/udp.ts";
import {
  type Account,
  type BootstrapAccount,
  fingerprint,
  Lwm2mClient,
  ObjectTree,
  type RegistrationSnapshot,
  type SavedProvision,
} from "../../../src/lwm2m/index.ts";
import type { ObjectModel } from "../../../src/model/objects.ts";
import { type Path, parsePath } from "../../../src/model/path.ts";
import { loadRegistry } from "../../../src/model/registry.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import { eventually } from "./programs.ts";

const REGISTRY = new URL("../../../src/model/registry.json", import.meta.url);
export const models = loadRegistry(JSON.parse(readFileSync(REGISTRY, "utf8")));

/** OMA's test Objects for LwM2M 1.0 and 1.1, with a Resource of each type, single and multiple. */
export const TEST_1_0 = 3441;
export const TEST_1_1 = 3442;

/** What the sensor below holds and no server knows by itself. */
export const foreignModels: readonly ObjectModel[] = [3303, 3311, TEST_1_0, TEST_1_1].flatMap(
  (id) => models.object(id) ?? [],
);

/** The values of each type that the test Objects begin with; of multiple Resources, those of Instances 0 and 7. */
const SINGLE: readonly (readonly [resource: number, value: ResourceValue])[] = [
  [110, "täglich"],
  [120, 1_024],
  [125, 2 ** 40],
  [130, 22],
  [140, true],
  [150, Buffer.from("00ff10", "hex")],
  [160, 1_700_000_000],
  [170, { object: 3303, instance: 1 }],
  [180, "</3303/0>"],
];

export interface SensorOptions {
  readonly endpoint: string;
  readonly accounts: readonly Account[];
  readonly bootstrap?: BootstrapAccount;
  readonly testObject?: number;
  readonly parameters?: Partial<Parameters>;
  readonly rootPath?: string;
  readonly saved?: SavedProvision;
  /** Opens the ways to servers; without one, they are of bare UDP. */
  readonly dialer?: Dialer;
}

export class Sensor {
  readonly clock = new SystemClock();
  readonly tree = new ObjectTree();
  readonly client: Lwm2mClient;
  /** Arguments of every Execute, by path. */
  readonly executed: (readonly [path: Path, args: string])[] = [];
  /** What a restarted sensor begins with, once a server has changed what it was made with. */
  saved: SavedProvision | undefined;
  /** The local port of each server's socket, by URI. */
  readonly ports = new Map<string, number>();

  constructor({ endpoint, accounts, bootstrap, testObject = TEST_1_1, dialer, ...more }: SensorOptions) {
    this.#fill(testObject);
    const provision = { accounts, ...(bootstrap && { bootstrap }) };
    this.client = new Lwm2mClient({
      endpoint,
      tree: this.tree,
      provision,
      models,
      clock: this.clock,
      random: systemRandom,
      log: silentLog,
      ...more,
      connect: (account) =>
        dialer?.dial({ account, endpoint, local: this.#local(account.uri) }) ?? this.#connect(account.uri),
    });
    this.client.onProvision((changed) => (this.saved = { provision: changed, factory: fingerprint(provision) }));
  }

  /** Registers everywhere. */
  async start(): Promise<this> {
    this.client.start();
    await this.reached("registered");
    return this;
  }

  async stop(): Promise<void> {
    await this.client.stop(2_000);
  }

  /** Waits until every registration is in a state. */
  async reached(state: RegistrationSnapshot["state"], ms = 15_000): Promise<void> {
    const { client } = this;
    await eventually(
      `state ${state}`,
      () => (client.registrations.every((each) => each.state === state) ? true : undefined),
      ms,
    );
  }

  /** A value, measured now. */
  set(at: string, value: ResourceValue): void {
    this.tree.set(pathOf(at), value, this.clock.now());
  }

  get(at: string): ResourceValue | undefined {
    return this.tree.get(pathOf(at))?.value;
  }

  path(text: string): Path {
    return pathOf(text);
  }

  /** From the same port as before, as a server knows its clients by address and port. */
  #connect(uri: string): Transport {
    const { hostname, port } = new URL(uri);
    const { port: localPort, onBound } = this.#local(uri);
    return udp({ host: hostname, port: Number(port), onBound, ...(localPort !== undefined && { localPort }) });
  }

  #local(uri: string): { port?: number; onBound: (port: number) => void } {
    const port = this.ports.get(uri);
    return { ...(port !== undefined && { port }), onBound: (bound) => this.ports.set(uri, bound) };
  }

  #fill(testObject: number): void {
    for (const instance of ["/3/0", "/6/0", "/3303/0", "/3303/1", "/3311/0", `/${testObject}/0`])
      this.tree.addInstance(pathOf(instance));
    this.set("/3/0/0", "Isthmus");
    this.set("/3/0/1", "thermometer");
    this.set("/3/0/9", 87);
    this.#executable("/3/0/4");
    this.set("/6/0/0", 48.117);
    this.set("/6/0/1", 11.516);
    this.set("/6/0/5", 1_700_000_000);
    // A whole number on purpose: it must still leave as a floating-point one.
    this.set("/3303/0/5700", 22);
    this.set("/3303/0/5701", "Cel");
    this.#executable("/3303/0/5605");
    this.set("/3303/1/5700", -0.5);
    this.set("/3303/1/5701", "Cel");
    this.#writable("/3311/0/5850", false);
    this.#writable("/3311/0/5851", 40);
    this.#fillTestObject(testObject);
  }

  #fillTestObject(id: number): void {
    const instance = `/${id}/0`;
    for (const [resource, value] of SINGLE) {
      if (models.object(id)?.resources.has(resource) !== true) continue;
      this.set(`${instance}/${resource}`, value);
      this.set(`${instance}/1${resource}/0`, value);
      this.set(`${instance}/1${resource}/7`, value);
    }
    this.tree.allowWrite(pathOf(`/${id}`));
    this.tree.onCreate(id);
    this.tree.onDelete(id);
    this.#executable(`${instance}/3`);
  }

  /** As a device would: what it was told counts once it has done it. */
  #writable(at: string, value: ResourceValue): void {
    this.set(at, value);
    this.tree.onWrite(pathOf(at), (path, written) => {
      this.tree.set(path, written, this.clock.now());
      return Promise.resolve({ status: "done" });
    });
  }

  #executable(at: string): void {
    this.tree.onExecute(pathOf(at), (path, args) => {
      this.executed.push([path, args]);
      return Promise.resolve({ status: "done" });
    });
  }
}

function pathOf(text: string): Path {
  const path = parsePath(text);
  if (path === undefined) throw new RangeError(`no path: ${text}`);
  return path;
}
