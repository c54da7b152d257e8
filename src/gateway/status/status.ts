/** The snapshot of the gateway that the web page, the CLI and the API see: plain data, no secrets, no live objects. */

import type { Scalar } from "../../base/outcome.ts";
import type { LineSecurity } from "../../base/transport.ts";
import type { KeyStatus } from "../hearing/key.ts";

export type Liveness = "waiting" | "live" | "stale" | "gone";

/** `GET /api/status`. Times are ISO 8601 in UTC. */
export interface GatewayStatus {
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly clockTrusted: boolean;
  /** One sentence: is everything well? */
  readonly summary: string;
  readonly problems: readonly Problem[];
  readonly sensors: Readonly<Record<Liveness | "total", number>>;
  /** Sensors whose frames stay closed for want of the right key. */
  readonly sealed: number;
  readonly inbox: number;
  readonly adapters: readonly AdapterStatus[];
  readonly servers: readonly ServerStatus[];
  readonly storage: StorageStatus;
  readonly memoryBytes: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** Something that is wrong: what, since when, and what to do. */
export interface Problem {
  readonly what: string;
  readonly since: string;
  readonly next: string;
}

/** What is kept while servers are away, of all sensors together. */
export interface StorageStatus {
  /** Notifications that wait for their servers. */
  readonly kept: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  /** Notifications that were lost for want of room, since the start. */
  readonly dropped: number;
}

export interface AdapterStatus {
  readonly name: string;
  readonly type: string;
  readonly health: "ok" | "degraded" | "down";
  readonly reason?: string;
  readonly frames: number;
  readonly lastFrameAt?: string;
}

export interface ServerStatus {
  readonly uri: string;
  readonly registered: number;
  readonly endpoints: number;
  readonly lastAnswerAt?: string;
  /** Endpoints that sleep until they have something to say (Queue Mode). */
  readonly asleep?: number;
  /** Endpoints that have used all attempts granted to them. */
  readonly givenUp?: number;
  /** Notifications that wait for this server. */
  readonly kept?: number;
}

/** `GET /api/sensors` (an array) and `GET /api/sensors/{endpoint}`. The gateway's own endpoint is among them. */
export interface SensorStatus {
  readonly endpoint: string;
  readonly label: string;
  /** `adapter/address`; absent for the gateway itself. */
  readonly source?: string;
  readonly definition: string;
  readonly maker?: string;
  readonly model?: string;
  readonly liveness: Liveness;
  /** It is gone because its device, or who speaks for it, has said so. */
  readonly offline?: true;
  readonly lastHeardAt?: string;
  readonly rssi?: number;
  /** Where its kind may seal what it says. Never the key itself. */
  readonly key?: KeyStatus;
  /** The definition that reads what it says now, once it has given up the format that it was adopted with. */
  readonly speaks?: string;
  readonly registration: RegistrationStatus;
  /** Every Resource by path, as the server sees it. */
  readonly values: Readonly<Record<string, ValueStatus>>;
  /** Paths of `values` that matter most to people, the most important first. */
  readonly main: readonly string[];
  readonly writable: readonly string[];
  readonly executable: readonly string[];
}

export interface ValueStatus {
  /** Opaque values are hex text, Object Links `3:0`, integers beyond 2^53 text. */
  readonly value: Scalar;
  /** Name of the Resource in the Object's definition; for a Sensor Value, of its Object ("Temperature"). */
  readonly name: string;
  /** SenML unit. */
  readonly unit?: string;
  readonly time: string;
  /** Resource 6042 of the same Instance, where present. */
  readonly quality?: number;
}

export interface RegistrationStatus {
  /** `given-up`: all attempts that the configuration grants are used; they begin anew at `nextAttemptAt`. */
  readonly state: "off" | "bootstrapping" | "registering" | "registered" | "updating" | "waiting" | "given-up";
  readonly server: string;
  readonly since?: string;
  readonly location?: string;
  readonly lifetimeSeconds: number;
  readonly observations: number;
  readonly localPort?: number;
  /** The last error of CoAP in words; gone when the next request succeeds. */
  readonly lastError?: string;
  readonly nextAttemptAt?: string;
  /** How the way to the server is secured, or why it is not yet; absent where it is not to be, and before it is first used. */
  readonly security?: LineSecurity;
  /** In Queue Mode: the server's requests are not heard until the endpoint has said something. */
  readonly asleep?: boolean;
  /** Notifications that wait for this server, or of all servers where this stands for all. */
  readonly kept?: number;
  /** With several servers, each of them. */
  readonly servers?: readonly RegistrationStatus[];
  /** Once bootstrap was wanted. */
  readonly bootstrap?: BootstrapStatus;
}

export interface BootstrapStatus {
  readonly state: "off" | "waiting" | "asking" | "provisioning";
  readonly server?: string;
  readonly lastError?: string;
  readonly nextAttemptAt?: string;
  readonly finishedAt?: string;
}

/** `GET /api/inbox`: heard, but nobody has adopted it. */
export interface InboxEntry {
  /** `adapter/address`: what to adopt. */
  readonly source: string;
  readonly name?: string;
  /** The best guess, absent if nothing fits. */
  readonly definition?: string;
  readonly maker?: string;
  readonly model?: string;
  /** Other definitions that read some of what it says. */
  readonly also?: readonly string[];
  /** Where its kind may seal what it says; `needed` if it does, or nothing can be read without it. */
  readonly key?: Pick<KeyStatus, "where" | "digits"> & { readonly needed: boolean };
  /** What it said last, where no definition fits: companies, services, lengths and bytes, line by line. */
  readonly raw?: readonly string[];
  /** The endpoint name that adoption would mint. */
  readonly endpoint?: string;
  /** Object Instances that the server would see. */
  readonly objects?: readonly string[];
  readonly readings: Readonly<Record<string, { readonly value: Scalar; readonly unit?: string } | null>>;
  readonly rssi?: number;
  /** A person does not want to see it: `PUT /api/inbox/{source}/ignored`, and DELETE. */
  readonly ignored?: true;
  readonly heard: number;
  readonly firstHeardAt: string;
  readonly lastHeardAt: string;
}

/** `POST /api/inbox/{source}/adopt`: all of it optional. */
export interface AdoptRequest {
  readonly definition?: string;
  readonly endpoint?: string;
  readonly label?: string;
  /** What its frames are sealed with, in hexadecimal digits. */
  readonly key?: string;
}
