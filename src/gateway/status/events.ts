/** News for those who watch: collected for half a second, so that many changes are one message. */

import type { Clock, Timer } from "../../base/clock.ts";
import type { GatewayStatus, InboxEntry, SensorStatus } from "./status.ts";

export type GatewayEvent =
  | { readonly type: "sensors"; readonly sensors: readonly SensorStatus[] }
  | { readonly type: "removed"; readonly endpoint: string }
  | { readonly type: "inbox"; readonly inbox: readonly InboxEntry[] }
  | { readonly type: "status"; readonly status: GatewayStatus };

export type GatewayListener = (event: GatewayEvent) => void;

/** Where the snapshots come from, when somebody wants them. */
export interface NewsSource {
  sensor(endpoint: string): SensorStatus | undefined;
  inbox(): readonly InboxEntry[];
  status(): GatewayStatus;
}

const BATCH_MS = 500;
/** The status has ages and counters, which move without news. */
const STATUS_EVERY = 4;
/** Snapshots in one message: five thousand sensors at once would stop everything else for a moment. */
const MAX_SENSORS = 500;

/** Costs nothing while nobody listens. */
export class News {
  readonly #clock: Clock;
  readonly #source: NewsSource;
  readonly #listeners = new Set<GatewayListener>();
  readonly #sensors = new Set<string>();
  #inbox = false;
  #turn = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, source: NewsSource) {
    this.#clock = clock;
    this.#source = source;
  }

  /** Returns how to stop listening. */
  subscribe(listener: GatewayListener): () => void {
    // Each call is a subscription of its own, also with the same function.
    const own: GatewayListener = (event) => listener(event);
    this.#listeners.add(own);
    this.#timer ??= this.#clock.after(BATCH_MS, () => this.#flush());
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.close();
    };
  }

  sensorChanged(endpoint: string): void {
    if (this.#listeners.size > 0) this.#sensors.add(endpoint);
  }

  removed(endpoint: string): void {
    this.#sensors.delete(endpoint);
    this.#tell({ type: "removed", endpoint });
  }

  inboxChanged(): void {
    this.#inbox = this.#listeners.size > 0;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#listeners.clear();
    this.#sensors.clear();
    this.#inbox = false;
  }

  #flush(): void {
    this.#timer = this.#clock.after(BATCH_MS, () => this.#flush());
    const sensors: SensorStatus[] = [];
    for (const endpoint of this.#sensors) {
      if (sensors.length >= MAX_SENSORS) break;
      this.#sensors.delete(endpoint);
      const status = this.#source.sensor(endpoint);
      if (status) sensors.push(status);
    }
    if (sensors.length > 0) this.#tell({ type: "sensors", sensors });
    if (this.#inbox) this.#tell({ type: "inbox", inbox: this.#source.inbox() });
    this.#inbox = false;
    if (this.#turn++ % STATUS_EVERY === 0) this.#tell({ type: "status", status: this.#source.status() });
  }

  #tell(event: GatewayEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
