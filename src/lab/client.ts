/** One registered client as the lab knows it, and what is told of it. */

import { BoundedMap } from "../base/bounded.ts";
import type { Scalar } from "../base/outcome.ts";
import type { BootstrapResult } from "./bootstrap/result.ts";
import { byNumbers, type ObjectLinks, type Registration, type Version } from "./registration.ts";
import type { SecuredPeer } from "./secure-front.ts";
import type { NotificationStream, Peer } from "./wire.ts";

/** The client as JSON: times are ISO 8601 in UTC. */
export interface LabClient {
  readonly endpoint: string;
  /** `address:port` it registered from: requests go there. */
  readonly address: string;
  /** If it came by coaps: who it proved to be, and where it really is. */
  readonly secured?: SecuredPeer;
  readonly version: string;
  /** Seconds; 0 is without end in LwM2M 1.2. */
  readonly lifetime: number;
  readonly registeredAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly binding?: string;
  /** Whether it sleeps between its messages (LwM2M Core 1.2 §6.5); requests wait until it is awake. */
  readonly queue: boolean;
  readonly awake: boolean;
  readonly objects: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly observations: readonly string[];
  /** The last known value of each Resource, from reads and notifications. */
  readonly values: Readonly<Record<string, LabValue>>;
}

export interface LabValue {
  /** Opaque values are hex text, Object Links `3:0`, integers beyond 2^53 text. */
  readonly value: Scalar;
  readonly name: string;
  /** SenML unit. */
  readonly unit?: string;
  readonly time: string;
}

export type LabValues = Readonly<Record<string, LabValue>>;

export type LabEvent =
  | { readonly type: "client"; readonly client: LabClient }
  | { readonly type: "gone"; readonly endpoint: string; readonly reason: "deregistered" | "expired" | "replaced" }
  /** One event for each time of measurement. `sent`: the client sent them unasked (LwM2M Core 1.2 §6.4.6). */
  | { readonly type: "value"; readonly endpoint: string; readonly values: LabValues; readonly sent?: true }
  | { readonly type: "bootstrap"; readonly result: BootstrapResult };

const MAX_VALUES = 512;
const MAX_WAITING = 64;
/** How long a client in queue mode listens after a message of its own: MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
const AWAKE_MS = 93_000;
/** When a lifetime without end is over. */
const NEVER_MS = Date.UTC(10_000, 0) - 1;

/** The wall clock to show, the monotonic one to wait by. */
export interface Times {
  readonly wall: number;
  readonly monotonic: number;
}

export class Client {
  readonly endpoint: string;
  readonly version: Version;
  /** Where it is registered: the segments of its location, joined by slashes, such as `rd/7`. */
  readonly id: string;
  readonly registeredAt: number;
  peer: Peer;
  lifetime: number;
  binding: string | undefined;
  queue: boolean;
  objects: readonly string[];
  versions: Readonly<Record<string, string>>;
  lastSeenAt: number;
  /** On the monotonic clock: what waits must not notice when the wall clock is set. */
  expiresAt: number;
  gone = false;
  readonly observations = new Map<string, NotificationStream>();
  readonly #values = new BoundedMap<string, LabValue>(MAX_VALUES);
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #awakeUntil: number;
  #wake: (() => void) | undefined;

  constructor(registration: Registration, id: string, peer: Peer, now: Times) {
    this.endpoint = registration.endpoint;
    this.version = registration.version;
    this.id = id;
    this.peer = peer;
    this.lifetime = registration.lifetime;
    this.binding = registration.binding;
    this.queue = registration.queue;
    this.objects = registration.links.objects;
    this.versions = registration.links.versions;
    this.registeredAt = now.wall;
    this.lastSeenAt = now.wall;
    this.#awakeUntil = now.monotonic + AWAKE_MS;
    this.expiresAt = this.#expiry(now);
  }

  /** A registration or an update prolongs the life. */
  prolong(now: Times): void {
    this.heard(now);
    this.expiresAt = this.#expiry(now);
  }

  /** A message of its own shows that it lives, and is awake for a while. */
  heard(now: Times): void {
    this.lastSeenAt = now.wall;
    this.#awakeUntil = now.monotonic + AWAKE_MS;
    this.#wakeUp();
  }

  isAwake(monotonic: number): boolean {
    return !this.queue || monotonic <= this.#awakeUntil;
  }

  /** It did not answer, so it sleeps already. */
  dozed(): void {
    this.#awakeUntil = -1;
  }

  /** Resolves when it is awake, or gone. Only the one whose turn it is waits here. */
  untilAwake(monotonic: number): Promise<void> {
    if (this.gone || this.isAwake(monotonic)) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** What waits for it need not wait any longer. */
  leave(): void {
    this.gone = true;
    for (const stream of this.observations.values()) stream.close();
    this.observations.clear();
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** LwM2M Core 1.2 §6.2.1: a lifetime of 0 has no end; before 1.2 it was over at once. */
  #expiry(now: Times): number {
    return this.version === "1.2" && this.lifetime === 0 ? Infinity : now.monotonic + this.lifetime * 1_000;
  }

  show({ objects, versions }: ObjectLinks): void {
    this.objects = objects;
    this.versions = versions;
  }

  value(path: string): LabValue | undefined {
    return this.#values.peek(path);
  }

  /** @param timed whether the client said when these were measured: then they do not replace later ones. */
  remember(values: LabValues, timed = false): void {
    for (const [path, value] of Object.entries(values)) {
      const known = timed ? this.#values.peek(path) : undefined;
      if (!known || Date.parse(known.time) <= Date.parse(value.time)) this.#values.set(path, value);
    }
  }

  /** Values of Instances that are no longer there are not shown as if they were. */
  forget(path: string): void {
    for (const known of [...this.#values.keys()]) if (known.startsWith(`${path}/`)) this.#values.delete(known);
  }

  /**
   * Runs `task` when everything asked before it has ended: a constrained client is asked one thing at a time
   * (RFC 7252 §4.7, NSTART). Undefined: too much is waiting already.
   */
  inTurn<T>(task: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= MAX_WAITING) return undefined;
    this.#waiting += 1;
    const turn = this.#last.then(task).finally(() => (this.#waiting -= 1));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** @param now the two clocks, to say when the registration ends in wall time. */
  snapshot(now: Times): LabClient {
    const { address, port } = this.peer;
    return {
      endpoint: this.endpoint,
      address: address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
      version: this.version,
      lifetime: this.lifetime,
      registeredAt: iso(this.registeredAt),
      lastSeenAt: iso(this.lastSeenAt),
      expiresAt: iso(Math.min(NEVER_MS, now.wall + this.expiresAt - now.monotonic)),
      ...(this.binding !== undefined && { binding: this.binding }),
      queue: this.queue,
      awake: this.isAwake(now.monotonic),
      objects: this.objects,
      versions: this.versions,
      observations: [...this.observations.keys()].sort(byNumbers),
      values: Object.fromEntries([...this.#values.entries()].sort(([a], [b]) => byNumbers(a, b))),
    };
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
