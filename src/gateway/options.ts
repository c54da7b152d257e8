/** What a gateway is made of: everything comes in by the hand. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import type { Account, BootstrapAccount, Lwm2mClientOptions, Provision } from "../lwm2m/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Adapters } from "./adapters.ts";
import type { ConfiguredSensor, Devices } from "./adoption.ts";
import type { AssignedNumbers } from "./hearing/assigned.ts";
import type { GatewayMode } from "./end-devices.ts";
import type { RosterStore } from "./roster.ts";
import type { AdoptRule } from "./rules.ts";
import type { SelfFacts } from "./self.ts";
import type { LocalPort } from "./upstream.ts";

export interface GatewayOptions {
  /** The gateway's own endpoint name. */
  readonly endpoint: string;
  /** What people call it; the endpoint name unless said otherwise. */
  readonly name?: string;
  /** Of this program. */
  readonly version: string;
  /** At least one, unless there is a Bootstrap-Server. */
  readonly accounts: readonly Account[];
  /** Where every sensor, and the gateway itself, is given its servers if it has none, or none takes it. */
  readonly bootstrap?: BootstrapAccount;
  /**
   * The same servers with what is an endpoint's own, such as its keys; asked for again whenever they are needed, so that
   * nobody holds them twice. Those of all unless given. `source` is where a sensor is heard; the gateway itself has none.
   */
  readonly provisionFor?: (endpoint: string, source: string | undefined) => Provision;
  readonly devices: Devices;
  readonly models: ObjectRegistry;
  readonly adapters: Adapters;
  readonly store: RosterStore;
  readonly self: SelfFacts;
  /** How servers find the sensors; as endpoints, unless said otherwise. */
  readonly mode?: GatewayMode;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly rules?: readonly AdoptRule[];
  readonly sensors?: readonly ConfiguredSensor[];
  /** Numbers of CoAP other than the usual ones. */
  readonly parameters?: NonNullable<Lwm2mClientOptions["parameters"]>;
  /** Clients that begin to register in one second. */
  readonly startsPerSecond?: number;
  /** Bytes that values may take while servers are away, of all sensors together. */
  readonly backlogBytes?: number;
  readonly maxSensors?: number;
  /** What was wrong before it began, such as definitions that cannot be used: shown with its problems. */
  readonly faults?: readonly { readonly what: string; readonly next: string }[];
  readonly connect: (account: Account | BootstrapAccount, local: LocalPort) => Transport;
  /** What was counted on the ways to servers, by names of its own; shown with the gateway's counters. */
  readonly lineCounters?: () => Readonly<Record<string, number>>;
  /** Names of Bluetooth's companies and services, for strangers in the inbox; numbers alone unless given. */
  readonly names?: AssignedNumbers;
  /** Bytes that the process holds. */
  readonly memoryBytes: () => number;
}

/** A server that takes 500 a second is not rare; one that takes 5,000 is. */
const STARTS_PER_SECOND = 500;
const MAX_SENSORS = 10_000;
const BACKLOG_BYTES = 32 * 1_024 ** 2;

/** All settled, but for what an endpoint shares with all others by not having it. */
export type SettledOptions = Required<
  Omit<GatewayOptions, "parameters" | "bootstrap" | "provisionFor" | "lineCounters" | "names">
> &
  Pick<GatewayOptions, "parameters" | "bootstrap" | "provisionFor" | "lineCounters" | "names">;

export function withDefaults(options: GatewayOptions): SettledOptions {
  return {
    name: options.endpoint,
    mode: "endpoints",
    rules: [],
    sensors: [],
    startsPerSecond: STARTS_PER_SECOND,
    maxSensors: MAX_SENSORS,
    backlogBytes: BACKLOG_BYTES,
    faults: [],
    ...options,
  };
}
