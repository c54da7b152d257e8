/** What the page knows: snapshots, then events on top of them. No browser in here. */

import { History } from "./history.ts";
import type { InboxEntry, LabClient, Sensor, Status, Values } from "./types.ts";

export type Connection = "connecting" | "open" | "lost";

export type Change = "connection" | "status" | "sensors" | "inbox" | "lab" | "log";

/** One thing asked at the lab server, and how it ended. */
export interface Asked {
  readonly endpoint: string;
  readonly at: number;
  readonly what: string;
  readonly ended: string;
  readonly failed: boolean;
}

const MAX_LOG = 20;

export class Store {
  connection: Connection = "connecting";
  /** Set while the gateway demands a token. */
  locked = false;
  lastEventAt = 0;
  status: Status | undefined;
  readonly sensors = new Map<string, Sensor>();
  inbox: readonly InboxEntry[] = [];
  /** Undefined where there is no lab. */
  lab: Map<string, LabClient> | undefined;
  readonly history = new History();
  log: readonly Asked[] = [];
  readonly #listeners = new Set<(changes: ReadonlySet<Change>) => void>();

  subscribe(listener: (changes: ReadonlySet<Change>) => void): void {
    this.#listeners.add(listener);
  }

  connect(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.#tell("connection");
  }

  lock(locked: boolean): void {
    this.locked = locked;
    this.#tell("connection");
  }

  /** What is not among these is no more. */
  keepOnly(present: ReadonlySet<string>): void {
    for (const endpoint of [...this.sensors.keys()]) if (!present.has(endpoint)) this.#drop(endpoint);
    this.#tell("sensors");
  }

  takeStatus(status: Status): void {
    this.status = status;
    this.#tell("status");
  }

  takeSensors(sensors: readonly Sensor[]): void {
    for (const sensor of sensors) {
      this.sensors.set(sensor.endpoint, sensor);
      this.history.record(sensor, mainPaths(sensor));
    }
    this.#tell("sensors");
  }

  /** Without those that are ignored. */
  get waiting(): InboxEntry[] {
    return this.inbox.filter(({ ignored }) => !ignored);
  }

  takeInbox(inbox: readonly InboxEntry[]): void {
    this.inbox = inbox;
    this.#tell("inbox");
  }

  removeSensor(endpoint: string): void {
    this.#drop(endpoint);
    this.#tell("sensors");
  }

  resetLab(clients: readonly LabClient[] | undefined): void {
    this.lab = clients && new Map(clients.map((client) => [client.endpoint, client]));
    this.#tell("lab");
  }

  takeLabClient(client: LabClient): void {
    this.lab?.set(client.endpoint, client);
    this.#tell("lab");
  }

  takeLabValues(endpoint: string, values: Values): void {
    const client = this.lab?.get(endpoint);
    if (!client) return;
    this.lab?.set(endpoint, {
      ...client,
      lastSeenAt: new Date(Math.max(Date.parse(client.lastSeenAt), this.lastEventAt)).toISOString(),
      values: { ...client.values, ...values },
    });
    this.#tell("lab");
  }

  removeLabClient(endpoint: string): void {
    this.lab?.delete(endpoint);
    this.#tell("lab");
  }

  note(asked: Asked): void {
    this.log = [asked, ...this.log].slice(0, MAX_LOG);
    this.#tell("log");
  }

  #drop(endpoint: string): void {
    this.sensors.delete(endpoint);
    this.history.forget(endpoint);
  }

  #tell(...changes: Change[]): void {
    const set = new Set(changes);
    for (const listener of this.#listeners) listener(set);
  }
}

/** Made once: what `localeCompare` makes anew for each comparison. */
const collator = new Intl.Collator("en", { numeric: true });
const ORDER = { gone: 0, stale: 1, waiting: 2, live: 3 } as const;

/** The gateway itself first, the sensors by label; numbers in labels count as numbers. */
export function byLabel(sensors: Iterable<Sensor>): Sensor[] {
  return [...sensors].sort((a, b) => Number(isSensor(a)) - Number(isSensor(b)) || collator.compare(a.label, b.label));
}

/** What needs somebody first. */
export function byNeed(sensors: Iterable<Sensor>): Sensor[] {
  return byLabel(sensors).sort((a, b) => ORDER[a.liveness] - ORDER[b.liveness]);
}

/** The gateway's own endpoint has no source. */
export function isSensor(sensor: Sensor): boolean {
  return sensor.source !== undefined;
}

/** Whether every word of `query` is somewhere in what the sensor is called. */
export function matches(sensor: Sensor, query: string): boolean {
  const { label, endpoint, source, maker, model, definition, liveness } = sensor;
  const text = [label, endpoint, source, maker, model, definition, liveness].join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Battery level in percent, where the Device Object tells one. */
export function battery(sensor: Sensor): number | undefined {
  const level = sensor.values["/3/0/9"]?.value;
  return typeof level === "number" ? level : undefined;
}

/** Numeric Latitude and Longitude of IPSO repeat what the Location Object says. */
const AGAIN = /^\/\d+\/\d+\/605[12]$/;
const LATITUDE = /^(\/6\/\d+)\/0$/;

/**
 * The values shown large. A battery has a place of its own, and half a position is none: with the latitude comes the
 * longitude.
 */
export function mainPaths({ main, values }: Sensor): readonly string[] {
  const placed = main.some((path) => LATITUDE.test(path));
  const shown = main.filter((path) => !(path === "/3/0/9" && main.length > 1) && !(placed && AGAIN.test(path)));
  return shown.flatMap((path) => {
    const longitude = longitudeOf(path);
    return longitude !== undefined && longitude in values && !main.includes(longitude) ? [path, longitude] : [path];
  });
}

/** The path of the longitude that belongs to a latitude. */
export function longitudeOf(path: string): string | undefined {
  const instance = LATITUDE.exec(path)?.[1];
  return instance === undefined ? undefined : `${instance}/1`;
}

/** Resource paths grouped by Object Instance: what matters first, all else in the order of the numbers. */
export function byInstance(paths: Iterable<string>, main: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const rank = (path: string) => (main.includes(path) ? main.indexOf(path) : main.length);
  const ordered = [...paths].sort((a, b) => rank(a) - rank(b) || comparePaths(a, b));
  for (const path of ordered) {
    const instance = instanceOf(path);
    const group = groups.get(instance);
    if (group) group.push(path);
    else groups.set(instance, [path]);
  }
  return groups;
}

export function instanceOf(path: string): string {
  return path.split("/").slice(0, 3).join("/");
}

export function comparePaths(a: string, b: string): number {
  return collator.compare(a, b);
}

/** What the gateway and the lab server say of one Resource: equal values may differ in the last digit of a float. */
export function agrees(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number")
    return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));
  return a === b;
}
