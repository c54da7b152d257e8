/** A client with a Bootstrap-Server and any number of servers in virtual time, each at the end of a wire of its own. */

import { silentLog, type Log } from "../../src/base/log.ts";
import { codecOf, Format, type Node } from "../../src/content/index.ts";
import {
  type Account,
  type BootstrapAccount,
  Lwm2mClient,
  type Lwm2mClientOptions,
  ObjectTree,
  type Provision,
} from "../../src/lwm2m/index.ts";
import { parsePath, type Path, ROOT } from "../../src/model/path.ts";
import type { ResourceValue } from "../../src/model/value.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeServer, type Heard } from "./fake-server.ts";
import { SeededRandom } from "./seeded-random.ts";
import { models, thermometer } from "./station.ts";
import { wire, type Wire } from "./virtual-network.ts";

export const BOOTSTRAP: BootstrapAccount = { uri: "coap://bs:5783" };
export const ENDPOINT = "urn:dev:mac:cbb8334c884f";

export interface BenchOptions {
  /** Null: none. */
  readonly bootstrap?: Partial<BootstrapAccount> | null;
  readonly accounts?: readonly Account[];
  readonly access?: Provision["access"];
  readonly saved?: Lwm2mClientOptions["saved"];
  readonly pace?: NonNullable<Lwm2mClientOptions["pace"]>;
  readonly log?: Log;
  readonly clock?: FakeClock;
  readonly fill?: (tree: ObjectTree, clock: FakeClock) => void;
  /** Why there is no way to a server: words, or as a transport would have thrown it. */
  readonly refuse?: (uri: string) => string | Error | undefined;
}

export class BootstrapBench {
  readonly clock: FakeClock;
  readonly tree = new ObjectTree();
  readonly client: Lwm2mClient;
  /** URIs in the order in which the client connected. */
  readonly connected: string[] = [];
  /** All that was provisioned, in order. */
  readonly provisions: Provision[] = [];
  readonly #ends = new Map<string, { wire: Wire; server: FakeServer }>();

  constructor({ bootstrap = {}, accounts = [], access, saved, log = silentLog, ...more }: BenchOptions = {}) {
    this.clock = more.clock ?? new FakeClock();
    (more.fill ?? thermometer)(this.tree, this.clock);
    this.client = new Lwm2mClient({
      endpoint: ENDPOINT,
      tree: this.tree,
      provision: {
        accounts,
        ...(bootstrap && { bootstrap: { ...BOOTSTRAP, ...bootstrap } }),
        ...(access && { access }),
      },
      ...(saved && { saved }),
      ...(more.pace && { pace: more.pace }),
      models,
      connect: ({ uri }) => {
        const reason = more.refuse?.(uri);
        if (reason !== undefined) throw reason instanceof Error ? reason : new Error(reason);
        this.connected.push(uri);
        return this.#end(uri).wire.near;
      },
      clock: this.clock,
      random: new SeededRandom(7),
      log,
    });
    this.client.onProvision((provision) => this.provisions.push(provision));
  }

  get bs(): FakeServer {
    return this.server(BOOTSTRAP.uri);
  }

  server(uri: string): FakeServer {
    return this.#end(uri).server;
  }

  wire(uri: string): Wire {
    return this.#end(uri).wire;
  }

  /** Started, and asked for by nobody yet but the client itself. */
  async started(): Promise<this> {
    this.client.start();
    await this.clock.advance(10);
    return this;
  }

  write(path: string, values: Values, format: number = Format.Tlv): Promise<Heard> {
    return this.bs.ask("PUT", { path, format, payload: encoded(path, values, format) });
  }

  /** Writes an account as servers do. */
  async provide(ssid: number, uri: string, more: { lifetime?: number; instance?: number } = {}): Promise<void> {
    const { instance = ssid, lifetime = 300 } = more;
    await this.write(`/0/${instance}`, security(instance, ssid, uri));
    await this.write(`/1/${instance}`, server(instance, ssid, lifetime));
  }

  finish(): Promise<Heard> {
    return this.bs.ask("POST", { path: "/bs" });
  }

  #end(uri: string): { wire: Wire; server: FakeServer } {
    let end = this.#ends.get(uri);
    if (!end) {
      const made = wire();
      end = { wire: made, server: new FakeServer(made.far) };
      this.#ends.set(uri, end);
    }
    return end;
  }
}

export type Values = Readonly<Record<string, ResourceValue>>;

export const security = (instance: number, ssid: number, uri: string): Values => ({
  [`/0/${instance}/0`]: uri,
  [`/0/${instance}/1`]: false,
  [`/0/${instance}/2`]: 3,
  [`/0/${instance}/3`]: new Uint8Array(0),
  [`/0/${instance}/4`]: new Uint8Array(0),
  [`/0/${instance}/5`]: new Uint8Array(0),
  [`/0/${instance}/10`]: ssid,
});

export const server = (instance: number, ssid: number, lifetime = 300): Values => ({
  [`/1/${instance}/0`]: ssid,
  [`/1/${instance}/1`]: lifetime,
  [`/1/${instance}/6`]: true,
  [`/1/${instance}/7`]: "U",
});

/** Bytes of values by path, typed as the models say. */
export function encoded(base: string, values: Values, format: number): Uint8Array {
  const codec = codecOf(format);
  if (!codec) throw new RangeError(`no codec ${format}`);
  const nodes = Object.entries(values).map(([at, value]): Node => {
    const path = where(at);
    return { path, type: models.resource(path)?.type ?? "opaque", value };
  });
  return codec.encode(nodes, base === "/" ? ROOT : where(base));
}

function where(text: string): Path {
  const path = parsePath(text);
  if (path === undefined) throw new RangeError(text);
  return path;
}
