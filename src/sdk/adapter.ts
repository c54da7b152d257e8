/**
 * The plugin API, whole: what an adapter gives and what it gets.
 *
 * An adapter hears and speaks one kind of wire. It knows bytes and sources; units and LwM2M Objects are the business
 * of the device library. Everything here is data that can cross a process boundary.
 */

import type { Clock, Stamp, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Outcome, Scalar } from "../base/outcome.ts";

export type { Clock, Log, Outcome, Scalar, Stamp, Timer };

/** Raised only when an adapter written for the level before would break. Checked before plugin code runs. */
export const SDK_LEVEL = 1;

export interface AdapterPlugin<Config> {
  readonly id: string;
  readonly sdk: typeof SDK_LEVEL;
  /** Anything with a throwing `parse`, such as a zod schema. */
  readonly config: { parse(input: unknown): Config };
  /** May fail: the host tries again, later and later. Must not outlive `host.signal`. */
  start(host: Host, config: Config): Promise<Adapter>;
}

export interface Adapter {
  health(): Health;
  /** Settles once per command, within the command's own time limit. */
  command?(command: Command, signal: AbortSignal): Promise<Outcome>;
  discover?(signal: AbortSignal): AsyncIterable<Sighting>;
  /**
   * How often new values of a source are wanted from now on: every `maxSeconds` at the latest, and none sooner than
   * `minSeconds` after the one before. An absent limit is nobody's wish; an adapter that polls may follow, none has to.
   */
  interest?(source: string, wish: { readonly minSeconds?: number; readonly maxSeconds?: number }): void;
  stop(): Promise<void>;
}

/** What the host lends to an adapter. */
export interface Host {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  emit(frame: Frame): void;
}

/** One thing heard from one source, before anyone has interpreted it. */
export interface Frame {
  /** Stable within the adapter: a Bluetooth address, a Modbus unit, a topic. */
  readonly source: string;
  readonly at: Stamp;
  readonly payload: Payload;
  /** Signal strength in dBm. */
  readonly rssi?: number;
}

export type Payload =
  | {
      readonly kind: "advert";
      readonly name?: string;
      /** In the order heard: two sections are legal, the last is the newest. */
      readonly manufacturer: readonly (readonly [company: number, data: Uint8Array])[];
      /** By 128-bit UUID in lower case with dashes. */
      readonly services: ReadonlyMap<string, Uint8Array>;
      readonly serviceUuids: readonly string[];
    }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "message"; readonly topic: string; readonly body: Uint8Array; readonly retained?: boolean }
  /**
   * By function code and first address, such as `4:0x0000`; `4:0x0000+10` without bytes for ten that the device refuses to
   * tell. `device`: the definition that the adapter was told to read it by: registers do not say what they are of.
   */
  | { readonly kind: "registers"; readonly values: ReadonlyMap<string, Uint8Array>; readonly device?: string }
  | { readonly kind: "fields"; readonly fields: Readonly<Record<string, Scalar>>; readonly retained?: boolean };

/** A frame in the other direction, with what counts as a reply. */
export interface Command {
  readonly source: string;
  readonly payload: Payload;
  /** Source of a regular expression. Data, so that a command can cross a process boundary. */
  readonly expect?: string;
  readonly timeoutMs: number;
}

export type Health = { readonly state: "ok" } | { readonly state: "degraded" | "down"; readonly reason: string };

export interface Sighting {
  readonly source: string;
  readonly hint?: string;
}

/** Names the plugin's types for the compiler; does nothing at run time. */
export function defineAdapter<Config>(plugin: AdapterPlugin<Config>): AdapterPlugin<Config> {
  return plugin;
}
