/** Counts and words for the whole gateway, put together when somebody asks. */

import type { Clock, Stamp } from "../../base/clock.ts";
import type { Account } from "../../lwm2m/index.ts";
import type { Adapters, AdapterState } from "../adapters.ts";
import type { Inbox } from "../inbox.ts";
import type { BacklogPool } from "../kept/backlog-pool.ts";
import type { Sensor } from "../sensor.ts";
import { iso } from "./registration.ts";
import type { AdapterStatus, GatewayStatus, ServerStatus, StorageStatus } from "./status.ts";
import { type Facts, Problems, type ServerFacts, summarise } from "./summary.ts";
import type { Upstream } from "../upstream.ts";

export interface StatusBoardOptions {
  readonly name: string;
  readonly version: string;
  readonly accounts: readonly Account[];
  readonly adapters: Adapters;
  readonly clock: Clock;
  readonly memoryBytes: () => number;
  readonly lineCounters?: () => Readonly<Record<string, number>>;
  /** What was wrong before anything began, such as definitions that cannot be used. */
  readonly faults?: readonly { readonly what: string; readonly next: string }[];
}

/** Who there is to report on. */
export interface Everybody {
  readonly sensors: readonly Sensor[];
  readonly self: Upstream | undefined;
  readonly inbox: Inbox;
}

/** Entries of config or roster that could not be taken up are few; a broken file may hold many. */
const MAX_REFUSED = 50;
/** Bootstrap could give each sensor a server of its own; nobody reads such a list. */
const MAX_SERVERS = 32;

export class StatusBoard {
  readonly counters = {
    ...{ frames: 0, updated: 0, repeated: 0, malformed: 0, sealed: 0 },
    ...{ foreign: 0, strangers: 0, taught: 0, crowded: 0 },
  };
  readonly #options: StatusBoardOptions;
  readonly #problems: Problems;
  readonly #started: Stamp;
  readonly #startedMs: number;
  readonly #refused = new Map<string, { what: string; next: string }>();
  readonly #backlogs: BacklogPool;

  constructor(options: StatusBoardOptions, backlogs: BacklogPool) {
    this.#options = options;
    this.#backlogs = backlogs;
    this.#problems = new Problems(options.clock);
    this.#started = options.clock.now();
    this.#startedMs = options.clock.monotonic();
  }

  /** Notes something that cannot be taken up, and what a person can do. */
  refuse(source: string, what: string, next: string): void {
    if (this.#refused.size < MAX_REFUSED) this.#refused.set(source, { what, next });
  }

  /** The matter with this source is settled. */
  forget(source: string): void {
    this.#refused.delete(source);
  }

  adaptersAreWell(): boolean {
    for (const { state } of this.#options.adapters.health().values()) if (state === "down") return false;
    return true;
  }

  status({ sensors, self, inbox }: Everybody): GatewayStatus {
    const { name, version, clock, memoryBytes, lineCounters } = this.#options;
    const now = clock.now();
    const facts = this.#facts({ sensors, self, inbox });
    return {
      name,
      version,
      // A clock that was set after the start must not make the start lie.
      startedAt: iso(this.#started.trusted ? this.#started.ms : now.ms - this.#uptimeMs()),
      uptimeSeconds: Math.floor(this.#uptimeMs() / 1_000),
      clockTrusted: now.trusted,
      summary: summarise(facts, now.ms),
      problems: this.#problems.of(facts),
      sensors: facts.sensors,
      sealed: facts.sealed.length,
      inbox: inbox.size,
      adapters: [...facts.adapters].map(adapterStatus),
      servers: facts.servers.map(serverStatus),
      storage: storageOf(this.#backlogs),
      memoryBytes: memoryBytes(),
      counters: { ...this.counters, malformed: this.counters.malformed + inbox.malformed, ...lineCounters?.() },
    };
  }

  #uptimeMs(): number {
    return this.#options.clock.monotonic() - this.#startedMs;
  }

  /** Those of the configuration, and those that bootstrap has given to some. */
  #servers(upstreams: readonly Upstream[]): ServerFacts[] {
    const configured = new Set(this.#options.accounts.map(({ uri }) => uri));
    const all = new Set(configured);
    for (const upstream of upstreams)
      for (const { server } of upstream.registrations()) if (all.size < MAX_SERVERS) all.add(server);
    return Array.from(all, (uri) => serverFacts(uri, configured.has(uri), upstreams));
  }

  #facts({ sensors, self, inbox }: Everybody): Facts {
    const { adapters, clock } = this.#options;
    const counts = { total: sensors.length, waiting: 0, live: 0, stale: 0, gone: 0 };
    const silent: Facts["silent"][number][] = [];
    const sealed: Facts["sealed"][number][] = [];
    const changed: Facts["changed"][number][] = [];
    const now = clock.monotonic();
    for (const sensor of sensors) {
      const { liveness, entry } = sensor;
      const { label } = entry;
      counts[liveness] += 1;
      const key = sensor.keyStatus;
      const definition = sensor.speaks(now);
      // Whoever is heard and not understood is not silent.
      if (key?.state === "missing" || key?.state === "wrong") sealed.push({ ...key, label, state: key.state });
      else if (definition !== undefined) changed.push({ label, definition });
      else if (liveness === "stale" || liveness === "gone")
        silent.push({
          ...{ label, liveness, ms: sensor.silentFor(now) },
          ...(sensor.offline && { offline: true }),
        });
    }
    const upstreams = sensors.map((sensor) => sensor.upstream);
    if (self) upstreams.push(self);
    return {
      sensors: counts,
      inbox: inbox.size,
      adapters: adapters.health(),
      servers: this.#servers(upstreams),
      silent,
      sealed,
      changed,
      storage: {
        ...storageOf(this.#backlogs),
        ...(this.#backlogs.droppedAtMs !== undefined && { droppedAtMs: this.#backlogs.droppedAtMs }),
      },
      refused: [...(this.#options.faults ?? []), ...this.#refused.values()],
    };
  }
}

/** `everybodys`: whoever has not begun yet will try this server too. */
function serverFacts(uri: string, everybodys: boolean, upstreams: readonly Upstream[]): ServerFacts {
  let registered = 0;
  let endpoints = 0;
  const counts = { asleep: 0, givenUp: 0, kept: 0 };
  let lastAnswerMs: number | undefined;
  const errors = new Map<string, number>();
  for (const upstream of upstreams) {
    const registrations = upstream.registrations();
    const registration = registrations.find(({ server }) => server === uri);
    if (registration || (everybodys && registrations.length === 0)) endpoints += 1;
    if (!registration) continue;
    const { state, lastAnswerAt, lastError, shortServerId } = registration;
    counts.kept += upstream.kept(shortServerId);
    if (registration.asleep) counts.asleep += 1;
    if (registration.givenUp) counts.givenUp += 1;
    if (state === "registered" || state === "updating") registered += 1;
    else if (lastError !== undefined) errors.set(lastError, (errors.get(lastError) ?? 0) + 1);
    if (lastAnswerAt !== undefined && lastAnswerAt > (lastAnswerMs ?? -Infinity)) lastAnswerMs = lastAnswerAt;
  }
  const [commonest] = [...errors].toSorted(([, a], [, b]) => b - a);
  return {
    uri,
    registered,
    endpoints,
    ...counts,
    ...(lastAnswerMs !== undefined && { lastAnswerMs }),
    ...(commonest && { lastError: commonest[0] }),
  };
}

function serverStatus({ uri, registered, endpoints, lastAnswerMs, asleep, givenUp, kept }: ServerFacts): ServerStatus {
  return {
    uri,
    registered,
    endpoints,
    ...(lastAnswerMs !== undefined && { lastAnswerAt: iso(lastAnswerMs) }),
    ...(asleep && { asleep }),
    ...(givenUp && { givenUp }),
    ...(kept && { kept }),
  };
}

function storageOf({ kept, bytes, budget, dropped }: BacklogPool): StorageStatus {
  return { kept, bytes, budgetBytes: budget, dropped };
}

function adapterStatus([name, health]: readonly [string, AdapterState]): AdapterStatus {
  return {
    name,
    type: health.type,
    health: health.state,
    ...(health.state !== "ok" && { reason: health.reason }),
    frames: health.frames,
    ...(health.lastFrameAt && { lastFrameAt: iso(health.lastFrameAt.ms) }),
  };
}
