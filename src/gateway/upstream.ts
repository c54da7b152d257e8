/** One endpoint as servers see it: one tree, and for each server one client with a socket of its own. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import {
  type Account,
  type AttributeKeeper,
  type BootstrapAccount,
  type BootstrapSnapshot,
  type ClientState,
  type EndDevices,
  fingerprint,
  Lwm2mClient,
  type Lwm2mClientOptions,
  type ObjectTree,
  type Provision,
  type RegistrationSnapshot,
  sameAccount,
  type SavedAttributes,
  securityOf,
  withoutSecurity,
} from "../lwm2m/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { ROOT } from "../model/path.ts";
import type { Wish } from "./adapters.ts";
import { ofAccounts, withAttributes } from "./kept/attributes.ts";
import type { BacklogPool, PooledBacklog } from "./kept/backlog-pool.ts";
import { isStorable, MAX_STORED, type Memory } from "./memory.ts";

/** Which local port an endpoint had, and whom to tell which one it has now. */
export interface LocalPort {
  readonly endpoint: string;
  readonly port?: number;
  readonly onBound: (port: number) => void;
}

/** What all endpoints share. */
export interface UpstreamOptions {
  /** What the configuration says to all of them, and its fingerprint. */
  readonly factory: Provision;
  readonly factoryPrint: string;
  /** What it says to one of them, where that is not the same. */
  readonly factoryFor?: (endpoint: string, source: string | undefined) => Provision;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Numbers of CoAP other than the usual ones. */
  readonly parameters?: NonNullable<Lwm2mClientOptions["parameters"]>;
  /** Lets Registers and Updates out when their turn comes: so many in a second, of all endpoints together. */
  readonly pace: NonNullable<Lwm2mClientOptions["pace"]>;
  readonly connect: (account: Account | BootstrapAccount, local: LocalPort) => Transport;
  /** Where values are kept while servers are away. */
  readonly backlogs: BacklogPool;
  /** Who is found below the prefixes of these endpoints; of the gateway's own alone. */
  readonly endDevices?: EndDevices;
  /** An endpoint's memory has changed, and should be kept. */
  readonly remembered: () => void;
  /** An endpoint's registration has changed. */
  readonly registrationChanged: (endpoint: string) => void;
  /** Servers want new values of an endpoint more often than before, or less. */
  readonly interestChanged: (endpoint: string, wish: Wish) => void;
}

/** What is an endpoint's own. */
export interface OwnOfEndpoint {
  readonly endpoint: string;
  /** `adapter/address` of a sensor. */
  readonly source?: string;
  readonly tree: ObjectTree;
  readonly memory: Memory;
  /** How often, and after what change, servers are told who say nothing of it. */
  readonly defaults?: Lwm2mClientOptions["defaults"];
}

/** A provision for many, with its fingerprint taken once. */
export function factoryOf(factory: Provision): Pick<UpstreamOptions, "factory" | "factoryPrint"> {
  return { factory, factoryPrint: fingerprint(factory) };
}

const NO_WISH: Wish = {};

export class Upstream implements AttributeKeeper {
  readonly endpoint: string;
  readonly tree: ObjectTree;
  readonly memory: Memory;
  readonly #source: string | undefined;
  readonly #defaults: Lwm2mClientOptions["defaults"];
  readonly #options: UpstreamOptions;
  #client: Lwm2mClient | undefined;
  /** By Short Server ID, made when a server first misses something. */
  #backlogs: Map<number, PooledBacklog> | undefined;
  #wish: Wish = NO_WISH;

  constructor({ endpoint, source, tree, memory, defaults }: OwnOfEndpoint, options: UpstreamOptions) {
    this.endpoint = endpoint;
    this.tree = tree;
    this.memory = memory;
    this.#source = source;
    this.#defaults = defaults;
    this.#options = options;
    if (memory.stored) {
      const at = options.clock.now();
      for (const [path, value] of memory.stored) tree.set(path, value, at);
    }
    tree.onStored((path, value) => {
      if (value === undefined) memory.stored?.delete(path);
      else if (isStorable(value) && (memory.stored?.size ?? 0) < MAX_STORED) {
        memory.stored ??= new Map();
        memory.stored.set(path, value);
      }
      options.remembered();
    });
  }

  /** Begins to register. */
  start(): void {
    this.#client ??= this.#made();
    this.#client.start();
  }

  /** De-registers, and waits for the answers, up to `limitMs`. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    await this.#client?.stop(limitMs);
    for (const backlog of this.#backlogs?.values() ?? []) backlog.close();
  }

  /** Bootstrapping, or how the registration is that is worst off. */
  get state(): ClientState {
    return this.#client?.state ?? "off";
  }

  get bootstrap(): BootstrapSnapshot | undefined {
    return this.#client?.bootstrapSnapshot;
  }

  /** How much waits to be told to servers that are away, or to one of them. */
  kept(shortServerId?: number): number {
    let kept = 0;
    for (const [id, { size }] of this.#backlogs ?? []) if (id === (shortServerId ?? id)) kept += size;
    return kept;
  }

  /** Attributes that a server wrote before a restart. */
  load(shortServerId: number): SavedAttributes | undefined {
    return this.memory.attributes?.get(shortServerId)?.attributes;
  }

  save(shortServerId: number, attributes: SavedAttributes): void {
    const { memory } = this;
    const uri = this.registrations().find((each) => each.shortServerId === shortServerId)?.server;
    if (uri === undefined) return;
    memory.attributes = withAttributes(memory.attributes, shortServerId, { uri, attributes });
    this.#options.remembered();
  }

  /** One for each server; none before the start. Where bootstrap has to find the first, how that goes. */
  registrations(): readonly RegistrationSnapshot[] {
    if (!this.#client) return [];
    const { registrations } = this.#client;
    return registrations.length > 0 ? registrations : [this.#client.registration];
  }

  /** The registration that is worst off; before the start, the first that will be tried. */
  worst(): RegistrationSnapshot {
    if (this.#client) return this.#client.registration;
    const { accounts, bootstrap } = this.#options.factory;
    const [first] = accounts;
    const { uri: server = bootstrap?.uri ?? "", lifetime = 0, shortServerId = 0 } = first ?? {};
    return { state: "off", server, shortServerId, lifetime, observations: 0 };
  }

  /** The port that a registration is made from. */
  localPort({ server }: RegistrationSnapshot): number | undefined {
    return this.memory.ports?.[server];
  }

  #made(): Lwm2mClient {
    const { models, clock, random, log, parameters, pace, registrationChanged, endDevices } = this.#options;
    const { endpoint, tree, memory } = this;
    const client = new Lwm2mClient({
      endpoint,
      tree,
      provision: this.#provision(),
      models,
      clock,
      random,
      log,
      ...(parameters && { parameters }),
      pace,
      ...(endDevices && { endDevices }),
      ...(this.#defaults && { defaults: this.#defaults }),
      connect: (account) => this.#connect(account),
      backlog: (shortServerId) => this.#backlog(shortServerId),
      attributes: this,
    });
    client.onState(() => registrationChanged(endpoint));
    client.onInterest(() => this.#listen(client));
    client.onProvision((provision, change) => {
      if (change.type === "account" && memory.provision === undefined) this.#rememberAccount(change.account);
      else this.#rememberProvision(provision);
      this.#options.remembered();
    });
    return client;
  }

  /** Of all paths together: a frame of a sensor brings them all. */
  #listen(client: Lwm2mClient): void {
    const { epmin, epmax = Infinity, pmax = Infinity } = client.interest(ROOT);
    const most = Math.min(epmax, pmax);
    // Not pmin: it delays what is told, while a threshold that is crossed must still be noticed (LwM2M Core 1.2 §7.3.2).
    const wish: Wish = {
      ...(epmin !== undefined && epmin > 0 && { minSeconds: epmin }),
      ...(most > 0 && most < Infinity && { maxSeconds: most }),
    };
    if (wish.minSeconds === this.#wish.minSeconds && wish.maxSeconds === this.#wish.maxSeconds) return;
    this.#wish = wish;
    this.#options.interestChanged(this.endpoint, wish);
  }

  #backlog(shortServerId: number): PooledBacklog {
    const backlog = this.#backlogs?.get(shortServerId) ?? this.#options.backlogs.open();
    this.#backlogs ??= new Map();
    this.#backlogs.set(shortServerId, backlog);
    return backlog;
  }

  /** What bootstrap gave, unless the configuration has changed since; else what that says, and servers have written to it. */
  #provision(): Provision {
    const provision = this.#current();
    const { memory } = this;
    // Absent with most, and not even a name in memory then.
    if (memory.attributes) memory.attributes = ofAccounts(memory.attributes, provision.accounts);
    return provision;
  }

  #current(): Provision {
    const { memory } = this;
    const factory = this.#factory();
    if (memory.provision && memory.provision.factory === this.#factoryPrint(factory)) return memory.provision.provision;
    delete memory.provision;
    if (memory.accounts === undefined) return factory;
    return { ...factory, accounts: factory.accounts.map((account) => this.#remembered(account)) };
  }

  #rememberProvision(provision: Provision): void {
    const { memory } = this;
    memory.provision = { provision, factory: this.#factoryPrint(this.#factory()) };
    const uris = new Set(
      [...provision.accounts, ...(provision.bootstrap ? [provision.bootstrap] : [])].map(({ uri }) => uri),
    );
    if (memory.ports) memory.ports = Object.fromEntries(Object.entries(memory.ports).filter(([uri]) => uris.has(uri)));
  }

  #rememberAccount(current: Account): void {
    const { memory } = this;
    const { accounts } = this.#options.factory;
    const configured = accounts.find(({ shortServerId }) => shortServerId === current.shortServerId);
    if (configured === undefined) return;
    memory.accounts ??= new Map();
    // No keys: they stand where they were configured, and may be others by the next start.
    memory.accounts.set(configured.uri, {
      configured: withoutSecurity(configured),
      current: withoutSecurity(current),
    });
  }

  /** Keys are worked out again rather than held twice: it is asked for once, and at changes. */
  #factory(): Provision {
    const { factory, factoryFor } = this.#options;
    return factoryFor?.(this.endpoint, this.#source) ?? factory;
  }

  #factoryPrint(factory: Provision): string {
    return factory === this.#options.factory ? this.#options.factoryPrint : fingerprint(factory);
  }

  #connect(account: Account | BootstrapAccount): Transport {
    const { connect, remembered } = this.#options;
    const { endpoint, memory } = this;
    const { uri } = account;
    const port = memory.ports?.[uri];
    return connect(account, {
      endpoint,
      ...(port !== undefined && { port }),
      onBound: (bound) => {
        if (memory.ports?.[uri] === bound) return;
        memory.ports = { ...memory.ports, [uri]: bound };
        remembered();
      },
    });
  }

  /** What the server last made of its account, unless the configuration has changed since. */
  #remembered(configured: Account): Account {
    const kept = this.memory.accounts?.get(configured.uri);
    if (!kept || !sameAccount(kept.configured, withoutSecurity(configured))) return configured;
    return { ...kept.current, ...securityOf(configured) };
  }
}
