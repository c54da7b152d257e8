/**
 * A connection to an MQTT broker that comes back by itself.
 *
 * Each attempt gets a fresh client of the `mqtt` library: nothing is queued while there is no connection, nothing of a
 * broken one is sent later, and the waits between attempts are ours.
 */

import { backoffMs } from "../base/backoff.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { connectionError, readPem, refusedTopics } from "./mqtt-words.ts";

export interface MqttSettings {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  /** Filters, wildcards included. */
  readonly topics: readonly string[];
  /** 4 is MQTT 3.1.1. */
  readonly protocol: 4 | 5;
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM, or the path of a file with PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface MqttMessage {
  readonly topic: string;
  readonly body: Uint8Array;
  /** Kept by the broker from before: nobody knows how old it is. */
  readonly retained: boolean;
}

export type MqttHealth = { readonly state: "ok" } | { readonly state: "degraded" | "down"; readonly reason: string };

export interface MqttConnection {
  onMessage(listener: (message: MqttMessage) => void): void;
  health(): MqttHealth;
  /** Settles when the broker has acknowledged. @throws Error if there is no connection, or it breaks before. */
  publish(topic: string, body: Uint8Array, options: { readonly retain: boolean }): Promise<void>;
  /** Safe to call twice; never rejects. */
  close(): Promise<void>;
}

/** Never fails: what is wrong is told by `health()`. */
export type ConnectMqtt = (settings: MqttSettings) => MqttConnection;

/** What we use of a client of the `mqtt` library; tests may play it. */
export interface MqttClientLike {
  on(event: "connect" | "close", listener: () => void): unknown;
  on(event: "message", listener: (topic: string, body: Buffer, packet: { retain: boolean }) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "disconnect", listener: (packet: { reasonCode?: number }) => void): unknown;
  subscribe(
    topics: string[],
    options: { qos: 0 | 1 },
    callback: (error: Error | null, granted?: { topic: string; qos: number }[]) => void,
  ): unknown;
  publish(
    topic: string,
    body: Buffer,
    options: { qos: 0 | 1; retain: boolean },
    callback: (error?: Error) => void,
  ): unknown;
  end(force: boolean, callback?: () => void): unknown;
}

export interface MqttOptions {
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
  readonly clean: true;
  readonly keepalive: number;
  readonly connectTimeout: number;
  readonly reconnectPeriod: 0;
  readonly resubscribe: false;
  readonly queueQoSZero: false;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly properties?: { readonly maximumPacketSize: number };
}

export type MqttDriver = (url: string, options: MqttOptions) => Promise<MqttClientLike>;

export interface MqttDrivers {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly driver?: MqttDriver;
  /** Where relative paths of PEM files start. */
  readonly folder?: string;
}

/** Connections through the `mqtt` library, which is loaded with the first of them. */
export const mqttConnections =
  (drivers: MqttDrivers): ConnectMqtt =>
  (settings) => {
    const connection = new ReturningConnection(settings, drivers);
    connection.open();
    return connection;
  };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const KEEPALIVE_S = 30;
const CONNECT_MS = 15_000;
/** A connection that lasted so long was a good one: the next attempts begin soon again. */
const SETTLED_MS = 30_000;
/** Ended so often right after they began, connections are being taken over. */
const TAKEOVERS = 3;
const MAX_PUBLISHING = 100;
/** MQTT 5 lets us say what we take (§3.1.2.11.4); more than the largest payload an adapter lets through. */
const MAX_PACKET = 1_048_576;

class ReturningConnection implements MqttConnection {
  readonly #settings: MqttSettings;
  readonly #drivers: MqttDrivers;
  readonly #log: Log;
  readonly #clientId: string;
  readonly #publishing = new Set<(error: Error) => void>();
  #listener: ((message: MqttMessage) => void) | undefined;
  #client: MqttClientLike | undefined;
  #health: MqttHealth = { state: "degraded", reason: "connecting" };
  #connectedAt: number | undefined;
  #failures = 0;
  #shortLived = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(settings: MqttSettings, drivers: MqttDrivers) {
    this.#settings = settings;
    this.#drivers = drivers;
    this.#log = drivers.log ?? silentLog;
    // Two gateways with one id would throw each other out for ever.
    this.#clientId = settings.clientId ?? `isthmus-${Buffer.from(drivers.random.bytes(6)).toString("hex")}`;
  }

  open(): void {
    this.#connect().catch((error: unknown) => this.#ended(connectionError(error, this.#settings)));
  }

  onMessage(listener: (message: MqttMessage) => void): void {
    this.#listener = listener;
  }

  health(): MqttHealth {
    return this.#health;
  }

  publish(topic: string, body: Uint8Array, { retain }: { readonly retain: boolean }): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#connectedAt === undefined)
      return Promise.reject(new Error("there is no connection to the broker"));
    if (this.#publishing.size >= MAX_PUBLISHING)
      return Promise.reject(new Error("too many messages wait for the broker"));
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        this.#publishing.delete(settle);
        if (error) reject(error);
        else resolve();
      };
      this.#publishing.add(settle);
      client.publish(topic, Buffer.from(body), { qos: 1, retain }, settle);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    const client = this.#client;
    this.#forget("closed");
    if (client !== undefined) await new Promise<void>((resolve) => client.end(true, resolve));
  }

  async #connect(): Promise<void> {
    const { driver = mqttLibrary } = this.#drivers;
    const client = await driver(this.#settings.url, await this.#options());
    if (this.#closed) {
      client.end(true);
      return;
    }
    this.#client = client;
    let reason = "the broker ended the connection";
    client.on("error", (error) => (reason = connectionError(error, this.#settings)));
    client.on("disconnect", ({ reasonCode }) => {
      // MQTT 5 §3.14.2.1: 0x8E, session taken over.
      if (reasonCode === 0x8e) reason = takenOver(this.#clientId);
    });
    client.on("close", () => {
      if (this.#client !== client) return;
      client.end(true);
      this.#ended(reason);
    });
    client.on("connect", () => this.#connected(client));
    client.on("message", (topic, body, { retain }) => {
      // A copy: the library's slice would hold on to the whole chunk that came from the network.
      this.#listener?.({ topic, body: new Uint8Array(body), retained: retain });
    });
  }

  async #options(): Promise<MqttOptions> {
    const { protocol, username, password } = this.#settings;
    const pem = async (name: "ca" | "cert" | "key") => {
      const given = this.#settings[name];
      return given === undefined ? {} : { [name]: await readPem(given, name, this.#drivers.folder) };
    };
    return {
      protocolVersion: protocol,
      clientId: this.#clientId,
      clean: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(await pem("ca")),
      ...(await pem("cert")),
      ...(await pem("key")),
      ...(protocol === 5 && { properties: { maximumPacketSize: MAX_PACKET } }),
    };
  }

  #connected(client: MqttClientLike): void {
    this.#connectedAt = this.#drivers.clock.monotonic();
    this.#log.info("broker-connected", { url: this.#settings.url, clientId: this.#clientId });
    client.subscribe([...this.#settings.topics], { qos: 1 }, (error, granted) => {
      if (this.#client !== client) return;
      const refused = refusedTopics(granted ?? []);
      if (error === null && refused.length === 0) this.#health = { state: "ok" };
      else {
        const what = refused.length > 0 ? refused.join(", ") : this.#settings.topics.join(", ");
        this.#health = { state: "degraded", reason: `the broker refuses the subscription to ${what}` };
      }
    });
  }

  #ended(reason: string): void {
    const { clock, random } = this.#drivers;
    const lasted = this.#connectedAt === undefined ? undefined : clock.monotonic() - this.#connectedAt;
    if (lasted !== undefined && lasted >= SETTLED_MS) this.#failures = 0;
    this.#shortLived = lasted !== undefined && lasted < SETTLED_MS ? this.#shortLived + 1 : 0;
    this.#forget(reason);
    if (this.#closed) return;
    const words = this.#shortLived >= TAKEOVERS ? `${reason}: ${takenOver(this.#clientId)}` : reason;
    this.#health = { state: "down", reason: words };
    const wait = backoffMs(this.#failures, { first: FIRST_RETRY_MS, max: LAST_RETRY_MS, random });
    this.#failures += 1;
    this.#retry = clock.after(wait, () => this.open());
  }

  #forget(reason: string): void {
    this.#client = undefined;
    this.#connectedAt = undefined;
    for (const settle of [...this.#publishing]) settle(new Error(`not acknowledged: ${reason}`));
  }
}

const takenOver = (clientId: string): string => `another client seems to use the same client id, ${clientId}`;

const mqttLibrary: MqttDriver = async (url, options) => {
  const { connect } = await import("mqtt");
  return connect(url, options);
};
