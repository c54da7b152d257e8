/** What a server may ask of a client (LwM2M Core 1.2 §6.3, §6.4): one thing at a time, every ending a value. */

import { DecodeError } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Scalar } from "../base/outcome.ts";
import { Format, readLinks } from "../content/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { depth, type Path } from "../model/path.ts";
import type { Client, LabValues } from "./client.ts";
import { type Dialect, decodeValues, encodeValue, withOwnUnits } from "./values.ts";
import type { Ask, Notification, NotificationStream, Wire, WireAnswer } from "./wire.ts";

export interface DiscoveredLink {
  readonly target: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

export type OperationResult =
  | { readonly code: string; readonly values?: LabValues; readonly links?: readonly DiscoveredLink[] }
  /** `code` is the client's answer, or `timeout`, `busy`, `failed`, `refused` where none came or nothing was asked. */
  | { readonly code: string; readonly error: string };

export interface OperationsOptions {
  readonly wire: Pick<Wire, "request">;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when values arrived or an observation began or ended. */
  readonly onValues: (client: Client, values: LabValues) => void;
  readonly onObservations: (client: Client) => void;
}

/** Longer than a device may take to confirm a command, shorter than people wait. */
const TIMEOUT_MS = 15_000;
const MAX_PAYLOAD = 1_024;
const MAX_OBSERVATIONS = 64;

export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** @param format the Content-Format to ask for; SenML CBOR unless the client is of version 1.0. */
  async read(client: Client, path: Path, format?: number): Promise<OperationResult> {
    const answer = await this.#ask(client, { method: "GET", path, accept: format ?? preferred(client) });
    return answer.status === "answered" ? this.#take(client, path, answer) : failure(answer);
  }

  /** Replaces one Resource (§6.3.3). @param format text for a single Resource unless said otherwise. */
  async write(client: Client, path: Path, value: Scalar, format: number = Format.Text): Promise<OperationResult> {
    if (depth(path) < 3) return { code: "refused", error: "only a Resource can be written, such as 3306/0/5850" };
    let payload: Uint8Array;
    try {
      payload = encodeValue(value, { path, format }, this.#dialect(client));
    } catch (error) {
      if (error instanceof RangeError) return { code: "refused", error: error.message };
      throw error;
    }
    return this.#change(client, { method: "PUT", path, format, payload });
  }

  /** §6.3.5: arguments are text such as `0='x',1`. */
  async execute(client: Client, path: Path, args = ""): Promise<OperationResult> {
    if (depth(path) !== 3) return { code: "refused", error: "only a Resource can be executed, such as 3303/0/5605" };
    const payload = new TextEncoder().encode(args);
    return this.#change(client, { method: "POST", path, ...(args !== "" && { format: Format.Text, payload }) });
  }

  /** Deletes an Object Instance (§6.3.7); clients refuse what may not go. */
  async delete(client: Client, path: Path): Promise<OperationResult> {
    if (depth(path) !== 2) return { code: "refused", error: "only an Instance can be deleted, such as 3303/0" };
    return this.#change(client, { method: "DELETE", path });
  }

  async discover(client: Client, path: Path): Promise<OperationResult> {
    const answer = await this.#ask(client, { method: "GET", path, accept: Format.LinkFormat });
    if (answer.status !== "answered") return failure(answer);
    if (!answer.code.startsWith("2.")) return refusal(answer);
    try {
      const links = readLinks(new TextDecoder().decode(answer.payload));
      return {
        code: answer.code,
        links: links.map(({ target, attributes }) => ({ target, attributes: Object.fromEntries(attributes) })),
      };
    } catch (error) {
      return undecodable(answer.code, error);
    }
  }

  /** Begins an observation (§6.4.2), in place of one of the same path. */
  async observe(client: Client, path: Path): Promise<OperationResult> {
    if (client.observations.size >= MAX_OBSERVATIONS && !client.observations.has(path))
      return { code: "refused", error: `${MAX_OBSERVATIONS} observations are enough` };
    const answer = await this.#ask(client, { method: "GET", path, observe: 0, accept: preferred(client) });
    if (answer.status !== "answered") return failure(answer);
    if (answer.stream) this.#follow(client, path, answer.stream);
    const result = this.#take(client, path, answer);
    if ("error" in result || answer.stream) return result;
    return { code: answer.code, error: "the client answered, but does not observe" };
  }

  /** Ends an observation with Observe=1 and the token it began with (RFC 7641 §3.6). */
  async cancel(client: Client, path: Path): Promise<OperationResult> {
    const stream = client.observations.get(path);
    if (!stream) return { code: "4.04", error: `${path} is not observed` };
    stream.close();
    client.observations.delete(path);
    this.#options.onObservations(client);
    const answer = await this.#ask(client, { method: "GET", path, observe: 1, token: stream.token });
    return answer.status === "answered" ? this.#take(client, path, answer) : failure(answer);
  }

  async #ask(client: Client, ask: Omit<Ask, "timeoutMs">): Promise<WireAnswer | { readonly status: "busy" }> {
    const { wire } = this.#options;
    const answer = await client.inTurn(() =>
      client.gone
        ? Promise.resolve<WireAnswer>({ status: "failed", reason: "the client is no longer registered" })
        : wire.request(client.peer, { ...ask, timeoutMs: TIMEOUT_MS }),
    );
    return answer ?? { status: "busy" };
  }

  async #change(client: Client, ask: Omit<Ask, "timeoutMs">): Promise<OperationResult> {
    if ((ask.payload?.length ?? 0) > MAX_PAYLOAD)
      return { code: "refused", error: `more than ${MAX_PAYLOAD} bytes are not sent from here` };
    const answer = await this.#ask(client, ask);
    if (answer.status !== "answered") return failure(answer);
    return answer.code.startsWith("2.") ? { code: answer.code } : refusal(answer);
  }

  #follow(client: Client, path: Path, stream: NotificationStream): void {
    // Registered anew while this was under way: the observation belongs to nobody (§6.2.1).
    if (client.gone) {
      stream.close();
      return;
    }
    client.observations.get(path)?.close();
    client.observations.set(path, stream);
    stream.onNotification((notification) => this.#notified(client, path, stream, notification));
    this.#options.onObservations(client);
  }

  #notified(client: Client, path: Path, stream: NotificationStream, notification: Notification): void {
    if (client.observations.get(path) !== stream) return;
    if (!notification.code.startsWith("2.")) {
      // RFC 7641 §3.2: an error is the last that an observation says.
      stream.close();
      client.observations.delete(path);
      this.#options.onObservations(client);
      return;
    }
    client.lastSeenAt = this.#options.clock.now().ms;
    this.#take(client, path, notification);
  }

  #take(client: Client, path: Path, answer: Notification): OperationResult {
    if (!answer.code.startsWith("2.")) return refusal(answer);
    try {
      const at = { path, format: answer.format, now: this.#options.clock.now().ms };
      const decoded = decodeValues(answer.payload, at, this.#dialect(client));
      const values = withOwnUnits(decoded, (known) => client.value(known));
      client.remember(values);
      this.#options.onValues(client, values);
      return { code: answer.code, values };
    } catch (error) {
      if (error instanceof DecodeError)
        this.#options.log.warn("value refused", { endpoint: client.endpoint, path, reason: error.message });
      return undecodable(answer.code, error);
    }
  }

  #dialect(client: Client): Dialect {
    return { models: this.#options.models, versions: client.versions };
  }
}

/** LwM2M 1.0 knows no SenML. */
function preferred(client: Client): number {
  return client.version === "1.0" ? Format.Tlv : Format.SenmlCbor;
}

function failure(answer: Exclude<WireAnswer, { status: "answered" }> | { status: "busy" }): OperationResult {
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
function refusal({ code, payload }: Notification): OperationResult {
  const words = payload.length > 0 && payload.length <= 256 ? new TextDecoder().decode(payload) : "";
  return { code, error: [PHRASES[code] ?? "refused", words].filter(Boolean).join(": ") };
}

function undecodable(code: string, error: unknown): OperationResult {
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
