/** Who is registered: by endpoint and by location, until the lifetime ends (LwM2M Core 1.2 §6.2). */

import type { Clock, Timer } from "../base/clock.ts";
import { Client, type Times } from "./client.ts";
import { type Refusal, readRegister, readUpdate, type Version } from "./registration.ts";
import type { Peer } from "./wire.ts";

/** What a request to `/rd` led to. */
export type RosterAnswer =
  | { readonly code: "2.01"; readonly client: Client }
  | { readonly code: "2.02" }
  | { readonly code: "2.04"; readonly client: Client; readonly instancesChanged: boolean }
  | Refusal;

export type Farewell = "deregistered" | "expired" | "replaced";

export interface RosterOptions {
  /** Those that are spoken; all unless said otherwise. */
  readonly versions?: readonly Version[];
  /** The segments of a location, made of what tells it from all others; `rd` and that unless said otherwise. */
  readonly location?: (id: string) => readonly string[];
}

const MAX_CLIENTS = 10_000;
const SWEEP_MS = 1_000;

export class Roster {
  readonly #clock: Clock;
  readonly #onGone: (client: Client, why: Farewell) => void;
  readonly #byEndpoint = new Map<string, Client>();
  readonly #byId = new Map<string, Client>();
  /** The latest that came from an address: without DTLS, nothing else tells who sends. */
  readonly #byPeer = new Map<string, Client>();
  readonly #options: RosterOptions;
  /** Sets the locations of this run apart from those of the last, which clients may still remember. */
  readonly #run: string;
  #count = 0;
  #sweep: Timer | undefined;

  constructor(clock: Clock, onGone: (client: Client, why: Farewell) => void, options: RosterOptions = {}) {
    this.#clock = clock;
    this.#options = options;
    this.#onGone = onGone;
    this.#run = (clock.now().ms % 36 ** 5).toString(36);
  }

  clients(): Iterable<Client> {
    return this.#byEndpoint.values();
  }

  client(endpoint: string): Client | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  /** Who is registered at a location. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Who registered, or updated, from there. */
  at(peer: Peer): Client | undefined {
    return this.#byPeer.get(keyOf(peer));
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  /** §6.2.1: a client that registers again is another registration; what it had before is over. */
  register(peer: Peer, query: string, payload: Uint8Array): RosterAnswer {
    const registration = readRegister(query, payload, this.#options.versions);
    if ("code" in registration) return registration;
    const before = this.#byEndpoint.get(registration.endpoint);
    if (!before && this.#byEndpoint.size >= MAX_CLIENTS) return { code: "5.03", reason: "no room for more clients" };
    if (before) this.#remove(before, "replaced");
    this.#count += 1;
    const id = `${this.#run}-${this.#count.toString(36)}`;
    const location = this.#options.location?.(id) ?? ["rd", id];
    const client = new Client(registration, location.join("/"), peer, this.times());
    this.#byEndpoint.set(client.endpoint, client);
    this.#byId.set(client.id, client);
    this.#byPeer.set(keyOf(peer), client);
    this.#sweep ??= this.#clock.after(SWEEP_MS, () => this.#expire());
    return { code: "2.01", client };
  }

  update(id: string, peer: Peer, request: { query: string; payload: Uint8Array }): RosterAnswer {
    const client = this.#byId.get(id);
    if (!client) return UNKNOWN;
    const update = readUpdate(request.query, request.payload, client.version);
    if ("code" in update) return update;
    this.#move(client, peer);
    if (update.lifetime !== undefined) client.lifetime = update.lifetime;
    if (update.binding !== undefined) {
      client.binding = update.binding;
      if (client.version === "1.0") client.queue = update.binding.includes("Q");
    }
    if (update.links) client.show(update.links);
    client.prolong(this.times());
    return { code: "2.04", client, instancesChanged: update.links !== undefined };
  }

  deregister(id: string): RosterAnswer {
    const client = this.#byId.get(id);
    if (!client) return UNKNOWN;
    this.#remove(client, "deregistered");
    return { code: "2.02" };
  }

  times(): Times {
    return { wall: this.#clock.now().ms, monotonic: this.#clock.monotonic() };
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  /** One sweep for all: thousands of registrations are renewed far more often than one expires. */
  #expire(): void {
    const now = this.#clock.monotonic();
    for (const client of this.#byEndpoint.values()) if (client.expiresAt <= now) this.#remove(client, "expired");
    this.#sweep = this.#byEndpoint.size > 0 ? this.#clock.after(SWEEP_MS, () => this.#expire()) : undefined;
  }

  #remove(client: Client, why: Farewell): void {
    this.#byEndpoint.delete(client.endpoint);
    this.#byId.delete(client.id);
    this.#leave(client);
    client.leave();
    this.#onGone(client, why);
  }

  #move(client: Client, peer: Peer): void {
    this.#leave(client);
    client.peer = peer;
    this.#byPeer.set(keyOf(peer), client);
  }

  #leave(client: Client): void {
    const key = keyOf(client.peer);
    if (this.#byPeer.get(key) === client) this.#byPeer.delete(key);
  }
}

const keyOf = ({ address, port }: Peer): string => `${address} ${port}`;

const UNKNOWN: Refusal = { code: "4.04", reason: "no such registration" };
