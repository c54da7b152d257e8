/** How a bootstrap went, step by step. */

import type { DiscoveredLink } from "../links.ts";

/** What was asked of a client, and how it answered. */
export interface BootstrapStep {
  readonly operation: "pack" | "discover" | "read" | "delete" | "write" | "finish";
  readonly path: string;
  /** The client's answer, or `timeout` or `failed` where none came, or `refused` where nothing was asked. */
  readonly code: string;
  readonly error?: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly links?: readonly DiscoveredLink[];
  /** Of what was read: the values, but no secrets, for Object 0 cannot be read. */
  readonly values?: Readonly<Record<string, string | number | boolean>>;
}

export interface BootstrapResult {
  readonly endpoint: string;
  /** `address:port` where the client is. */
  readonly address: string;
  /** Whether the client asked, or was told to. */
  readonly initiated: "client" | "server";
  /** What the client would like values to be written in (`pct`). */
  readonly preferredFormat?: number;
  /** ISO 8601 in UTC. */
  readonly startedAt: string;
  /** Milliseconds from the first step to the last. */
  readonly duration: number;
  /** `replaced`: the client began anew before this one was over. */
  readonly state: "running" | "finished" | "failed" | "replaced";
  readonly steps: readonly BootstrapStep[];
}
