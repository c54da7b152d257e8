/** How a client is asked: in its turn, awake, and with every ending a value. What it answers is decoded and told. */

import { DecodeError } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { Format } from "../content/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Path } from "../model/path.ts";
import type { Client, LabValues, Times } from "./client.ts";
import type { DiscoveredLink } from "./links.ts";
import { type Dialect, decodeSamples, type Sample, withOwnUnits } from "./values.ts";
import type { Ask, Notification, NotificationStream, Wire, WireAnswer } from "./wire.ts";

export type OperationResult =
  | {
      readonly code: string;
      readonly values?: LabValues;
      readonly links?: readonly DiscoveredLink[];
      /** What was created, such as `/3303/1`. */
      readonly location?: string;
    }
  /** `code` is the client's answer, or `timeout`, `busy`, `failed`, `refused` where none came or nothing was asked. */
  | { readonly code: string; readonly error: string };

export interface OperationsOptions {
  readonly wire: Pick<Wire, "request">;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for the values of each time that arrived, oldest first. `sent`: unasked. */
  readonly onValues: (client: Client, values: LabValues, sent?: true) => void;
  /** Called when an observation began or ended. */
  readonly onObservations: (client: Client) => void;
}

/** The name of an observation, what its values lie below, and how it is asked for. */
export interface Observed {
  readonly key: string;
  readonly base: Path;
  readonly ask: Omit<Ask, "timeoutMs">;
}

/** Longer than a device may take to confirm a command, shorter than people wait. */
export const TIMEOUT_MS = 15_000;
const MAX_PAYLOAD = 1_048_576;
const MAX_OBSERVATIONS = 64;

export class Asking {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** In queue mode, waits until the client is awake (LwM2M Core 1.2 §6.5). */
  async ask(client: Client, ask: Omit<Ask, "timeoutMs">): Promise<WireAnswer | { readonly status: "busy" }> {
    const answer = await client.inTurn(() => this.#now(client, ask));
    return answer ?? { status: "busy" };
  }

  /** Asks for something whose answer carries no values. */
  async change(client: Client, ask: Omit<Ask, "timeoutMs">): Promise<OperationResult> {
    if ((ask.payload?.length ?? 0) > MAX_PAYLOAD)
      return refused(`more than ${MAX_PAYLOAD} bytes are not sent from here`);
    const answer = await this.ask(client, ask);
    if (answer.status !== "answered") return failure(answer);
    if (!answer.code.startsWith("2.")) return refusal(answer);
    return { code: answer.code, ...(answer.location && { location: `/${answer.location.join("/")}` }) };
  }

  async values(client: Client, base: Path, ask: Omit<Ask, "timeoutMs">): Promise<OperationResult> {
    const answer = await this.ask(client, ask);
    return answer.status === "answered" ? this.take(client, base, answer) : failure(answer);
  }

  /** Begins an observation, in place of one of the same name. */
  async observe(client: Client, { key, base, ask }: Observed): Promise<OperationResult> {
    if (client.observations.size >= MAX_OBSERVATIONS && !client.observations.has(key))
      return refused(`${MAX_OBSERVATIONS} observations are enough`);
    const answer = await this.ask(client, { ...ask, observe: 0 });
    if (answer.status !== "answered") return failure(answer);
    if (answer.stream) this.#follow(client, { key, base, ask }, answer.stream);
    const result = this.take(client, base, answer);
    if ("error" in result || answer.stream) return result;
    return { code: answer.code, error: "the client answered, but does not observe" };
  }

  /** Ends an observation with Observe=1 and the token it began with (RFC 7641 §3.6). */
  async cancel(client: Client, { key, base, ask }: Observed): Promise<OperationResult> {
    const stream = client.observations.get(key);
    if (!stream) return { code: "4.04", error: `${key} is not observed` };
    stream.close();
    client.observations.delete(key);
    this.#options.onObservations(client);
    return this.values(client, base, { ...ask, observe: 1, token: stream.token });
  }

  take(client: Client, base: Path, answer: Notification): OperationResult {
    if (!answer.code.startsWith("2.")) return refusal(answer);
    try {
      return { code: answer.code, values: this.tell(client, this.decode(client, base, answer)) };
    } catch (error) {
      return undecodable(answer.code, error);
    }
  }

  /** @throws DecodeError, having logged it. */
  decode(client: Client, base: Path, { payload, format }: Omit<Notification, "code">): Sample[] {
    const { clock, log, models } = this.#options;
    try {
      return decodeSamples(payload, { path: base, format, now: clock.now().ms }, { models, versions: client.versions });
    } catch (error) {
      if (error instanceof DecodeError)
        log.warn("value refused", { endpoint: client.endpoint, path: base, reason: error.message });
      throw error;
    }
  }

  /** Remembers values and tells of them, each time of measurement for itself; the last of each as the result. */
  tell(client: Client, samples: readonly Sample[], sent?: true): LabValues {
    const merged: Record<string, LabValues[string]> = {};
    const all: LabValues = Object.fromEntries(samples.flatMap(({ values }) => Object.entries(values)));
    for (const sample of samples) {
      const values = withOwnUnits(sample.values, (known) => all[known] ?? client.value(known));
      client.remember(values, sample.timed);
      this.#options.onValues(client, values, sent);
      Object.assign(merged, values);
    }
    return merged;
  }

  dialect(client: Client): Dialect {
    return { models: this.#options.models, versions: client.versions };
  }

  async #now(client: Client, ask: Omit<Ask, "timeoutMs">): Promise<WireAnswer> {
    const { wire, clock } = this.#options;
    await client.untilAwake(clock.monotonic());
    if (client.gone) return { status: "failed", reason: "the client is no longer registered" };
    const answer = await wire.request(client.peer, { ...ask, timeoutMs: TIMEOUT_MS });
    if (answer.status === "timeout") client.dozed();
    return answer;
  }

  #follow(client: Client, observed: Observed, stream: NotificationStream): void {
    // Registered anew while this was under way: the observation belongs to nobody (LwM2M Core 1.2 §6.2.1).
    if (client.gone) {
      stream.close();
      return;
    }
    client.observations.get(observed.key)?.close();
    client.observations.set(observed.key, stream);
    stream.onNotification((notification) => this.#notified(client, observed, stream, notification));
    this.#options.onObservations(client);
  }

  #notified(client: Client, { key, base }: Observed, stream: NotificationStream, notification: Notification): void {
    if (client.observations.get(key) !== stream) return;
    client.heard(this.#times());
    if (notification.code.startsWith("2.")) {
      this.take(client, base, notification);
      return;
    }
    // RFC 7641 §3.2: an error is the last that an observation says.
    stream.close();
    client.observations.delete(key);
    this.#options.onObservations(client);
  }

  #times(): Times {
    const { clock } = this.#options;
    return { wall: clock.now().ms, monotonic: clock.monotonic() };
  }
}

/** LwM2M 1.0 knows no SenML. */
export function preferred(client: Client): number {
  return client.version === "1.0" ? Format.Tlv : Format.SenmlCbor;
}

export const refused = (error: string): OperationResult => ({ code: "refused", error });

export function failure(answer: Exclude<WireAnswer, { status: "answered" }> | { status: "busy" }): OperationResult {
  switch (answer.status) {
    case "timeout":
      return { code: "timeout", error: `no answer in ${TIMEOUT_MS / 1_000} s` };
    case "busy":
      return { code: "busy", error: "too much is waiting for this client already" };
    case "failed":
      return { code: "failed", error: answer.reason };
  }
}

/** The client's own words where it has some (RFC 7252 §5.5.2), those of the code otherwise. */
export function refusal({ code, payload }: Pick<Notification, "code" | "payload">): OperationResult {
  const words = payload.length > 0 && payload.length <= 256 ? new TextDecoder().decode(payload) : "";
  return { code, error: [PHRASES[code] ?? "refused", words].filter(Boolean).join(": ") };
}

export function undecodable(code: string, error: unknown): OperationResult {
  if (!(error instanceof DecodeError)) throw error;
  return { code, error: `the answer cannot be decoded: ${error.message}` };
}

const PHRASES: Readonly<Record<string, string>> = {
  "4.00": "Bad Request",
  "4.01": "Unauthorized",
  "4.02": "Bad Option",
  "4.03": "Forbidden",
  "4.04": "Not Found",
  "4.05": "Method Not Allowed",
  "4.06": "Not Acceptable",
  "4.08": "Request Entity Incomplete",
  "4.13": "Request Entity Too Large",
  "4.15": "Unsupported Content-Format",
  "5.00": "Internal Server Error",
  "5.01": "Not Implemented",
  "5.03": "Service Unavailable",
  "5.04": "Gateway Timeout",
};
