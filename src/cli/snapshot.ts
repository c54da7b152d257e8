/** What the running daemon says of itself, taken from JSON that may come from anything. */

import { UNSHOWN } from "./terminal.ts";

export interface Snapshot {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly problems: readonly { readonly what: string; readonly next: string }[];
  readonly sensors: Readonly<Record<"live" | "waiting" | "stale" | "gone", number>>;
  /** Sensors whose frames stay closed for want of the right key. */
  readonly sealed: number;
  readonly inbox: number;
  readonly adapters: readonly { readonly name: string; readonly health: string; readonly reason?: string }[];
  readonly servers: readonly ServerSnapshot[];
}

export interface ServerSnapshot {
  readonly uri: string;
  readonly registered: number;
  readonly endpoints: number;
  readonly lastAnswerAt?: string;
  readonly asleep: number;
  readonly givenUp: number;
  readonly kept: number;
}

/** Undefined if `value` is not the status of an Isthmus. Missing figures count as zero. */
export function readSnapshot(value: unknown): Snapshot | undefined {
  const status = record(value);
  const version = text(status["version"]);
  const summary = text(status["summary"]);
  if (version === undefined || summary === undefined) return undefined;
  const sensors = record(status["sensors"]);
  return {
    name: text(status["name"]) ?? "isthmus",
    version,
    summary,
    uptimeSeconds: figure(status["uptimeSeconds"]),
    memoryBytes: figure(status["memoryBytes"]),
    problems: list(status["problems"]).map((each) => ({
      what: text(each["what"]) ?? "",
      next: text(each["next"]) ?? "",
    })),
    sensors: {
      live: figure(sensors["live"]),
      waiting: figure(sensors["waiting"]),
      stale: figure(sensors["stale"]),
      gone: figure(sensors["gone"]),
    },
    sealed: figure(status["sealed"]),
    inbox: figure(status["inbox"]),
    adapters: list(status["adapters"]).map(readAdapter),
    servers: list(status["servers"]).map(readServer),
  };
}

function readAdapter(adapter: Fields): Snapshot["adapters"][number] {
  const reason = text(adapter["reason"]);
  return {
    name: text(adapter["name"]) ?? "?",
    health: text(adapter["health"]) ?? "?",
    ...(reason !== undefined && { reason }),
  };
}

function readServer(server: Fields): ServerSnapshot {
  const lastAnswerAt = text(server["lastAnswerAt"]);
  return {
    uri: text(server["uri"]) ?? "?",
    registered: figure(server["registered"]),
    endpoints: figure(server["endpoints"]),
    asleep: figure(server["asleep"]),
    givenUp: figure(server["givenUp"]),
    kept: figure(server["kept"]),
    ...(lastAnswerAt !== undefined && { lastAnswerAt }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(record) : [];
}

/** What a stranger sends must not steer the terminal: control characters go. */
function text(value: unknown): string | undefined {
  return typeof value === "string" ? value.replaceAll(UNSHOWN, " ") : undefined;
}

function figure(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
