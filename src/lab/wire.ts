/**
 * The server's socket: node-coap in both roles on one port, with its rough edges filed off.
 *
 * Requests to a client leave from the port at which it registered (LwM2M Transport 1.2 §6.4.1): the agent shares the
 * server's socket. What is overridden below are defects that a peer could use against us, each with its reason.
 */

import {
  Agent,
  type CoapPacket,
  type IncomingMessage,
  ObserveReadStream,
  type OutgoingMessage,
  Server,
  updateTiming,
} from "coap";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A request of ours. */
export interface Ask {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
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

export type RequestHandler = (request: IncomingMessage, response: OutgoingMessage) => void;

/** node-coap keeps each finished exchange for 200 s; with this latency it is 22 s, and 1,000 clients fit in a small heap. */
updateTiming({ maxLatency: 10 });

const MAX_BODY = 65_536;
/** Bytes of answers kept for duplicates: some 3,000 answers to a Register. */
const CACHE_BYTES = 65_536;
const EMPTY = "0.00";

type Socket = NonNullable<Agent["_sock"]>;
type Arrival = Parameters<Agent["_handle"]>[0];
type Sender = Parameters<Agent["_handle"]>[1];

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
      const request = agent.request({
        hostname: peer.address,
        port: peer.port,
        method: ask.method,
        pathname: ask.path,
        ...(ask.accept !== undefined && { accept: ask.accept }),
        ...(ask.format !== undefined && { contentFormat: ask.format }),
        ...(ask.observe !== undefined && { observe: ask.observe }),
        ...(ask.token !== undefined && { token: ask.token }),
      });
      const end = (answer: WireAnswer) => {
        timer.cancel();
        if (answer.status !== "answered") agent.abort(request);
        resolve(answer);
      };
      const timer = this.#clock.after(ask.timeoutMs, () => end({ status: "timeout" }));
      request.on("error", (error: Error) => end({ status: "failed", reason: error.message }));
      request.on("response", (response: IncomingMessage) => end(answerOf(response, request._packet.token)));
      if (ask.payload) request.end(Buffer.from(ask.payload));
      else request.end();
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

function isSocket(candidate: Server["_sock"]): candidate is Socket {
  return candidate !== null && "bind" in candidate;
}

class LabServer extends Server {
  readonly #log: Log;

  constructor(onRequest: RequestHandler, log: Log) {
    // reuseAddr would let two servers share a port, each with half of the datagrams.
    super({ reuseAddr: false, cacheSize: CACHE_BYTES }, (request: IncomingMessage, response: OutgoingMessage) => {
      try {
        onRequest(request, response);
      } catch (error) {
        // Unanswered, node-coap would acknowledge later, perhaps on a closed socket: an exception that nobody catches.
        log.error("lab request failed", { from: request.rsinfo.address, reason: error });
        response.code = "5.00";
        response.end();
      }
    });
    this.#log = log;
  }

  /** Empty messages are the agent's (node-coap takes a RST for a request); an absurd block number costs a gigabyte. */
  override _handle(packet: CoapPacket, sender: Sender): void {
    if (packet.code === EMPTY) return;
    if (blockOffset(packet) > MAX_BODY) {
      this.#log.warn("lab request refused", { from: sender.address, reason: "block beyond 64 kB" });
      return;
    }
    super._handle(packet, sender);
  }

  /** node-coap sends this to localhost whoever asked: better not at all. */
  override _sendError(payload: Buffer, sender: Sender): void {
    this.#log.debug("lab datagram refused", { from: sender.address, reason: payload.toString() });
  }

  /** Blocks of one body may carry a new token each (RFC 7959 §3.3): what they share is peer, method and resource. */
  override _toCacheKey(request: IncomingMessage, packet: CoapPacket): string {
    return `${this._clientIdentifier(request)} ${packet.code ?? ""} ${request.url}`;
  }
}

class LabAgent extends Agent {
  readonly #log: Log;

  constructor(socket: Socket, log: Log) {
    super({ socket });
    this.#log = log;
    this.on("error", () => undefined);
  }

  /** Takes nothing from a stranger, mistakes no message id of a client for one of ours, and lets nothing be thrown. */
  override _handle(packet: Arrival, sender: Sender, local: Sender): void {
    const own = packet.ack || packet.reset;
    const request = own ? this._msgIdToReq.get(packet.messageId) : this._tkToReq.get(packet.token.toString("hex"));
    if (request && (request.url.hostname !== sender.address || request.url.port !== sender.port)) {
      if (!own) this.#reset(packet.messageId, sender);
      return;
    }
    // The id of a CON or NON is its sender's own: it may equal one of ours by chance (RFC 7252 §4.4).
    const namesake = own ? undefined : this._msgIdToReq.get(packet.messageId);
    if (namesake) this._msgIdToReq.delete(packet.messageId);
    try {
      super._handle(packet, sender, local);
    } catch (error) {
      this.#log.warn("lab answer refused", { from: sender.address, reason: error });
    } finally {
      if (namesake && namesake !== request) this._msgIdToReq.set(packet.messageId, namesake);
    }
  }

  /** The socket is the server's: an agent without requests has nothing to close. */
  override _cleanUp(): void {}

  giveUp(): void {
    for (const request of [...this._tkToReq.values()]) this.abort(request);
  }

  #reset(messageId: number, to: Sender): void {
    this._sock?.send(Buffer.from([0x70, 0, messageId >> 8, messageId & 0xff]), to.port, to.address);
  }
}

function answerOf(response: IncomingMessage, token: Buffer | undefined): WireAnswer {
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
    ...(observed && token && { stream: new CoapStream(stream, token) }),
  };
}

class CoapStream implements NotificationStream {
  readonly token: Buffer;
  readonly #stream: ObserveReadStream;

  constructor(stream: ObserveReadStream, token: Buffer) {
    this.#stream = stream;
    this.token = token;
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
    this.#stream.close();
    this.#stream.removeAllListeners();
    this.#stream.on("error", () => undefined);
  }
}

const FORMATS: Readonly<Record<string, number>> = {
  "text/plain": 0,
  "application/link-format": 40,
  "application/octet-stream": 42,
  "application/cbor": 60,
  "application/senml+json": 110,
  "application/senml+cbor": 112,
  "application/vnd.oma.lwm2m+tlv": 11542,
  "application/vnd.oma.lwm2m+json": 11543,
};

/** node-coap tells formats that it knows by name. */
export function formatOf(message: IncomingMessage): { format?: number } {
  const header = message.headers["Content-Format"];
  const format = typeof header === "string" ? FORMATS[header] : header;
  return typeof format === "number" ? { format } : {};
}

/** Where the block of a Block1 request begins in its body (RFC 7959 §2.2); 0 for a request without. */
function blockOffset(packet: CoapPacket): number {
  const value = packet.options?.find((option) => option.name === "Block1")?.value;
  if (!value) return 0;
  const field = value.reduce((sum, byte) => sum * 256 + byte, 0);
  return Math.floor(field / 16) * 2 ** ((field & 7) + 4);
}
