/**
 * The server's socket: node-coap in both roles on one port, with its rough edges filed off.
 *
 * Requests to a client leave from the port at which it registered (LwM2M Transport 1.2 §6.4.1): the agent shares the
 * server's socket. What is overridden below are defects that a peer could use against us, each with its reason.
 */

import { type IncomingMessage, ObserveReadStream, type OutgoingMessage, type Server, updateTiming } from "coap";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { LabAgent } from "./coap/agent.ts";
import { EMPTY } from "./coap/block.ts";
import { isSocket, LabServer, type RequestHandler } from "./coap/server.ts";

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A request of ours. */
export interface Ask {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "FETCH" | "iPATCH";
  readonly path: string;
  /** `pmin=5&con=1`, without a question mark. */
  readonly query?: string;
  readonly accept?: number;
  readonly format?: number;
  readonly payload?: Uint8Array;
  /** RFC 7641 §2: 0 begins, 1 ends an observation. */
  readonly observe?: 0 | 1;
  /** The token of the observation to end (RFC 7641 §3.6). */
  readonly token?: Buffer;
  readonly timeoutMs: number;
}

export type WireAnswer =
  | {
      readonly status: "answered";
      readonly code: string;
      readonly format?: number;
      readonly payload: Uint8Array;
      /** Where something was created: the segments of Location-Path. */
      readonly location?: readonly string[];
      /** Present if an observation began. */
      readonly stream?: NotificationStream;
    }
  | { readonly status: "timeout" }
  | { readonly status: "failed"; readonly reason: string };

/** What follows the first answer of an observation. */
export interface NotificationStream {
  readonly token: Buffer;
  onNotification(listener: (notification: Notification) => void): void;
  /** Stops listening; the next notification is answered with RST. */
  close(): void;
}

export interface Notification {
  readonly code: string;
  readonly format?: number;
  readonly payload: Uint8Array;
}

/** node-coap keeps each finished exchange for 200 s; with this latency it is 22 s, and 1,000 clients fit in a small heap. */
updateTiming({ maxLatency: 10 });

/** More than this goes out in blocks of this size (RFC 7959 §2.2: 6 stands for 1,024 bytes). */
const BLOCK = { bytes: 1_024, option: Buffer.of(6) } as const;

export class Wire {
  readonly #server: LabServer;
  readonly #clock: Clock;
  readonly #log: Log;
  #agent: LabAgent | undefined;
  #closed = false;

  constructor(options: { clock: Clock; log: Log; onRequest: RequestHandler }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#server = new LabServer(options.onRequest, options.log);
  }

  /** The port that was bound. Fails if it is taken. */
  open(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, (error?: Error) => {
        if (error) {
          reject(error);
          return;
        }
        this.#server.off("error", reject);
        this.#server.on("error", (failure: Error) => this.#log.warn("lab socket error", { reason: failure }));
        resolve(this.#share(this.#server._sock));
      });
    });
  }

  request(peer: Peer, ask: Ask): Promise<WireAnswer> {
    const agent = this.#agent;
    if (!agent || this.#closed) return Promise.resolve({ status: "failed", reason: "the lab is closed" });
    return new Promise((resolve) => {
      const large = ask.payload !== undefined && ask.payload.length > BLOCK.bytes;
      const request = agent.request({
        hostname: peer.address,
        port: peer.port,
        method: ask.method,
        pathname: ask.path,
        ...(ask.query !== undefined && { query: ask.query }),
        ...(large && { options: { Block1: BLOCK.option } }),
        ...(ask.accept !== undefined && { accept: ask.accept }),
        ...(ask.format !== undefined && { contentFormat: ask.format }),
        ...(ask.observe !== undefined && { observe: ask.observe }),
        ...(ask.token !== undefined && { token: ask.token }),
      });
      const end = (answer: WireAnswer) => {
        timer.cancel();
        // Of an observation that was refused, node-coap would keep the token for ever.
        if (answer.status !== "answered" || !answer.stream) agent.abort(request);
        resolve(answer);
      };
      const timer = this.#clock.after(ask.timeoutMs, () => end({ status: "timeout" }));
      request.on("error", (error: Error) => end({ status: "failed", reason: error.message }));
      request.on("response", (response: IncomingMessage) =>
        end(answerOf(response, request._packet.token, () => agent.abort(request))),
      );
      const payload = ask.payload && Buffer.from(ask.payload);
      if (payload) request.end(payload);
      else request.end();
      if (payload && ask.method === "FETCH" && !large) keepPayload(request, payload);
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#agent?.giveUp();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #share(socket: Server["_sock"]): number {
    if (!isSocket(socket)) throw new Error("node-coap gave no socket");
    this.#agent = new LabAgent(socket, this.#log);
    return socket.address().port;
  }
}

function answerOf(response: IncomingMessage, token: Buffer | undefined, abort: () => void): WireAnswer {
  const { code, payload } = response;
  const stream = response instanceof ObserveReadStream ? response : undefined;
  if (code === EMPTY) {
    stream?.close();
    return { status: "failed", reason: "the client answered with RST" };
  }
  const observed = stream !== undefined && code.startsWith("2.") && response.headers.Observe !== undefined;
  if (!observed) stream?.close();
  return {
    status: "answered",
    code,
    payload,
    ...formatOf(response),
    ...locationOf(response),
    ...(observed && token && { stream: new CoapStream(stream, token, abort) }),
  };
}

class CoapStream implements NotificationStream {
  readonly token: Buffer;
  readonly #stream: ObserveReadStream;
  readonly #abort: () => void;
  #closed = false;

  constructor(stream: ObserveReadStream, token: Buffer, abort: () => void) {
    this.#stream = stream;
    this.token = token;
    this.#abort = abort;
  }

  onNotification(listener: (notification: Notification) => void): void {
    let first = true;
    this.#stream.on("data", (payload: Buffer) => {
      // The stream begins with the answer that was seen already.
      if (first) first = false;
      else listener({ code: this.#stream.code, payload, ...formatOf(this.#stream) });
    });
  }

  close(): void {
    // Once only: its token may be in use again, to end the observation.
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#stream.removeAllListeners();
    this.#stream.on("error", () => undefined);
    // Of a notification in blocks, node-coap would go on asking for the next one.
    this.#abort();
  }
}

/** node-coap drops the body when it asks for further blocks of an answer; what a FETCH wants stands there (RFC 8132 §2). */
function keepPayload(request: OutgoingMessage, payload: Buffer): void {
  Object.defineProperty(request._packet, "payload", { get: () => payload, set: () => undefined, configurable: true });
}

function locationOf({ _packet }: IncomingMessage): { location?: readonly string[] } {
  const options = (_packet.options ?? []).filter(({ name }) => name === "Location-Path");
  const location = options.map(({ value }) => String(value));
  return location.length > 0 ? { location } : {};
}

const FORMATS: Readonly<Record<string, number>> = {
  "text/plain": 0,
  "application/link-format": 40,
  "application/octet-stream": 42,
  "application/cbor": 60,
  "application/senml+json": 110,
  "application/senml+cbor": 112,
  "application/senml-etch+json": 320,
  "application/senml-etch+cbor": 322,
  "application/vnd.oma.lwm2m+tlv": 11542,
  "application/vnd.oma.lwm2m+json": 11543,
  "application/vnd.oma.lwm2m+cbor": 11544,
};
/** Reserved (RFC 7252 §12.3): stands for a format with a name that means nothing here, which is not the same as none. */
const UNKNOWN_FORMAT = 65_535;

export function formatOf(message: IncomingMessage): { format?: number } {
  const format = numberOf(message.headers["Content-Format"]);
  return format === undefined ? {} : { format };
}

/** The Content-Format that a request asks for. */
export function acceptOf(message: IncomingMessage): number | undefined {
  return numberOf(message.headers["Accept"]);
}

/** node-coap tells formats that it knows by name. */
function numberOf(header: IncomingMessage["headers"]["Accept"]): number | undefined {
  if (header === undefined || typeof header === "number") return header;
  return (typeof header === "string" ? FORMATS[header] : undefined) ?? UNKNOWN_FORMAT;
}
