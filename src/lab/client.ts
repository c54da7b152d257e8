/** One registered client as the lab knows it, and what is told of it. */

import { BoundedMap } from "../base/bounded.ts";
import type { Scalar } from "../base/outcome.ts";
import { byNumbers, type ObjectLinks, type Registration } from "./registration.ts";
import type { NotificationStream, Peer } from "./wire.ts";

/** The client as JSON: times are ISO 8601 in UTC. */
export interface LabClient {
  readonly endpoint: string;
  /** `address:port` it registered from: requests go there. */
  readonly address: string;
  readonly version: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly registeredAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly binding?: string;
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
  | { readonly type: "value"; readonly endpoint: string; readonly values: LabValues };

const MAX_VALUES = 512;
const MAX_WAITING = 64;

export class Client {
  readonly endpoint: string;
  readonly version: "1.0" | "1.1";
  /** The last segment of `/rd/{id}`. */
  readonly id: string;
  readonly registeredAt: number;
  peer: Peer;
  lifetime: number;
  binding: string | undefined;
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

  constructor(registration: Registration, id: string, peer: Peer, now: { wall: number; monotonic: number }) {
    this.endpoint = registration.endpoint;
    this.version = registration.version;
    this.id = id;
    this.peer = peer;
    this.lifetime = registration.lifetime;
    this.binding = registration.binding;
    this.objects = registration.links.objects;
    this.versions = registration.links.versions;
    this.registeredAt = now.wall;
    this.lastSeenAt = now.wall;
    this.expiresAt = now.monotonic + registration.lifetime * 1_000;
  }

  /** A registration or an update prolongs the life; a notification only shows that there is some. */
  prolong(now: { wall: number; monotonic: number }): void {
    this.lastSeenAt = now.wall;
    this.expiresAt = now.monotonic + this.lifetime * 1_000;
  }

  show({ objects, versions }: ObjectLinks): void {
    this.objects = objects;
    this.versions = versions;
  }

  value(path: string): LabValue | undefined {
    return this.#values.peek(path);
  }

  remember(values: LabValues): void {
    for (const [path, value] of Object.entries(values)) this.#values.set(path, value);
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
  snapshot(now: { wall: number; monotonic: number }): LabClient {
    const { address, port } = this.peer;
    return {
      endpoint: this.endpoint,
      address: address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
      version: this.version,
      lifetime: this.lifetime,
      registeredAt: iso(this.registeredAt),
      lastSeenAt: iso(this.lastSeenAt),
      expiresAt: iso(now.wall + this.expiresAt - now.monotonic),
      ...(this.binding !== undefined && { binding: this.binding }),
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
