/** What the page needs of the JSON of `/api` and `/lab`: its own view, so that it can be read and changed by itself. */

export type Scalar = string | number | boolean;
export type Liveness = "waiting" | "live" | "stale" | "gone";
export type RegistrationState =
  | "off"
  | "bootstrapping"
  | "registering"
  | "registered"
  | "updating"
  | "waiting"
  | "given-up";

export interface Value {
  readonly value: Scalar;
  readonly name: string;
  readonly unit?: string;
  readonly time: string;
  readonly quality?: number;
}

export type Values = Readonly<Record<string, Value>>;

/** How the way to a server is secured, or why it is not yet. */
export interface Security {
  readonly protocol: string;
  readonly suite?: string;
  readonly connectionId?: boolean;
  readonly resumed?: boolean;
  readonly fingerprint?: string;
  readonly failure?: string;
  readonly warning?: string;
}

export interface Registration {
  readonly state: RegistrationState;
  readonly server: string;
  readonly since?: string;
  readonly lifetimeSeconds: number;
  readonly observations: number;
  readonly localPort?: number;
  readonly lastError?: string;
  readonly nextAttemptAt?: string;
  readonly security?: Security;
  readonly asleep?: boolean;
  readonly kept?: number;
  readonly servers?: readonly Registration[];
}

/** What opens frames that are sealed: where people find it, and how long it is. */
export interface KeyNeed {
  readonly where: string;
  readonly digits: readonly number[];
}

export interface Sensor {
  readonly endpoint: string;
  readonly label: string;
  /** Absent for the gateway itself. */
  readonly source?: string;
  readonly definition: string;
  readonly maker?: string;
  readonly model?: string;
  readonly liveness: Liveness;
  readonly offline?: true;
  readonly lastHeardAt?: string;
  readonly rssi?: number;
  readonly key?: KeyNeed & { readonly state?: "missing" | "wrong" | "ok"; readonly configured?: boolean };
  readonly speaks?: string;
  readonly registration: Registration;
  readonly values: Values;
  readonly main: readonly string[];
  readonly writable: readonly string[];
  readonly executable: readonly string[];
}

export interface Problem {
  readonly what: string;
  readonly since: string;
  readonly next: string;
}

export interface Adapter {
  readonly name: string;
  readonly type: string;
  readonly health: "ok" | "degraded" | "down";
  readonly reason?: string;
  readonly frames: number;
  readonly lastFrameAt?: string;
}

export interface Server {
  readonly uri: string;
  readonly registered: number;
  readonly endpoints: number;
  readonly lastAnswerAt?: string;
  readonly kept?: number;
}

export interface Status {
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly clockTrusted: boolean;
  readonly summary: string;
  readonly problems: readonly Problem[];
  readonly sensors: Readonly<Record<Liveness | "total", number>>;
  readonly inbox: number;
  readonly adapters: readonly Adapter[];
  readonly servers: readonly Server[];
  readonly storage: {
    readonly kept: number;
    readonly bytes: number;
    readonly budgetBytes: number;
    readonly dropped: number;
  };
  readonly memoryBytes: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface InboxEntry {
  readonly source: string;
  readonly name?: string;
  readonly definition?: string;
  readonly maker?: string;
  readonly model?: string;
  readonly endpoint?: string;
  readonly objects?: readonly string[];
  readonly key?: KeyNeed & { readonly needed: boolean };
  readonly raw?: readonly string[];
  readonly readings: Readonly<Record<string, { readonly value: Scalar; readonly unit?: string } | null>>;
  readonly rssi?: number;
  readonly ignored?: true;
  readonly heard: number;
  readonly firstHeardAt: string;
  readonly lastHeardAt: string;
}

/** A client as the lab server sees it. */
export interface LabClient {
  readonly endpoint: string;
  readonly address: string;
  /** If it came by coaps: who it proved to be. */
  readonly secured?: { readonly identity: string; readonly suite: string; readonly address: string };
  readonly version: string;
  readonly lifetime: number;
  readonly registeredAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly binding?: string;
  readonly objects: readonly string[];
  readonly observations: readonly string[];
  readonly values: Values;
}

export interface LabResult {
  readonly code: string;
  readonly error?: string;
  readonly values?: Values;
}
