/** A client and its server on one wire in virtual time: where the tests of `lwm2m` happen. */

import { readFileSync } from "node:fs";
import { silentLog, type Log } from "../../src/base/log.ts";
import type { Parameters } from "../../src/coap/index.ts";
import { type Account, Lwm2mClient, type Lwm2mClientOptions, ObjectTree } from "../../src/lwm2m/index.ts";
import type { ObjectModel, ObjectRegistry } from "../../src/model/objects.ts";
import { path } from "../../src/model/path.ts";
import { loadRegistry } from "../../src/model/registry.ts";
import type { ResourceValue } from "../../src/model/value.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeServer } from "./fake-server.ts";
import { SeededRandom } from "./seeded-random.ts";
import { wire, type Wire } from "./virtual-network.ts";

const REGISTRY = new URL("../../src/model/registry.json", import.meta.url);
export const models = modelsWith();

/** The registry, and what it does not know. */
export function modelsWith(...extra: readonly ObjectModel[]): ObjectRegistry {
  return loadRegistry(JSON.parse(readFileSync(REGISTRY, "utf8")), extra);
}

export const ACCOUNT: Account = { uri: "coap://server:5683", lifetime: 300, shortServerId: 123 };

export interface StationOptions {
  readonly account?: Partial<Account>;
  readonly log?: Log;
  readonly parameters?: Partial<Parameters>;
  /** Fills the tree before the client sees it; by default a thermometer. */
  readonly fill?: (tree: ObjectTree, clock: FakeClock) => void;
  readonly defaults?: Lwm2mClientOptions["defaults"];
  /** What else the client is made with. */
  readonly client?: Partial<Lwm2mClientOptions>;
}

export interface Station {
  readonly clock: FakeClock;
  readonly tree: ObjectTree;
  readonly client: Lwm2mClient;
  readonly server: FakeServer;
  /** Wires in the order in which the client connected; the server sits at the far end of the first. */
  readonly wires: readonly Wire[];
  /** How often the client has asked for a transport. */
  readonly connected: () => number;
  /** A value, measured now. */
  set(at: readonly number[], value: ResourceValue): void;
  /** Registered, and the server's memory of how that went cleared. */
  registered(): Promise<Station>;
}

export function station(options: StationOptions = {}): Station {
  const { account, log = silentLog, parameters, fill = thermometer, defaults } = options;
  const clock = new FakeClock();
  const tree = new ObjectTree();
  fill(tree, clock);
  const wires: Wire[] = [wire()];
  const server = new FakeServer(wires[0]!.far);
  let connected = 0;
  const client = new Lwm2mClient({
    endpoint: "urn:dev:mac:cbb8334c884f",
    tree,
    provision: { accounts: [{ ...ACCOUNT, ...account }] },
    models,
    connect: () => {
      // The server's end stays where it is, however often the client comes anew.
      connected += 1;
      return wires[0]!.near;
    },
    clock,
    random: new SeededRandom(7),
    log,
    ...(parameters && { parameters }),
    ...(defaults && { defaults }),
    ...options.client,
  });
  const here: Station = {
    clock,
    tree,
    client,
    server,
    wires,
    connected: () => connected,
    set: (at, value) => tree.set(path(...at), value, clock.now()),
    registered: async () => {
      client.start();
      await clock.advance(10);
      if (client.registration.state !== "registered") throw new Error(`client is ${client.registration.state}`);
      server.requests.length = 0;
      server.responses.length = 0;
      wires[0]!.near.sent.length = 0;
      return here;
    },
  };
  return here;
}

/** A tag that knows its temperature, and little else. */
export function thermometer(tree: ObjectTree, clock: FakeClock): void {
  const at = clock.now();
  tree.addInstance(path(3, 0));
  tree.addInstance(path(3303, 0));
  tree.set(path(3, 0, 0), "Ruuvi", at);
  tree.set(path(3, 0, 1), "RuuviTag", at);
  tree.set(path(3, 0, 7, 0), 2977, at);
  tree.set(path(3, 0, 9), 87, at);
  tree.set(path(3303, 0, 5700), 22, at);
  tree.set(path(3303, 0, 5701), "Cel", at);
  tree.onExecute(path(3303, 0, 5605), async () => ({ status: "done" }));
}
