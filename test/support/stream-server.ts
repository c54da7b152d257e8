/** An LwM2M server over TCP or TLS made of bytes alone: its framing is its own, so that it does not agree with ours by birth. */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** Signals (RFC 8323 §5.1), and what LwM2M needs (RFC 7252 §12.1). */
export const Code = {
  GET: 0x01,
  POST: 0x02,
  DELETE: 0x04,
  Created: 0x41,
  Deleted: 0x42,
  Changed: 0x44,
  Content: 0x45,
  CSM: 0xe1,
  Ping: 0xe2,
  Pong: 0xe3,
  Release: 0xe4,
} as const;

/** One message as the server reads it. */
export interface StreamMessage {
  readonly code: number;
  readonly token: Buffer;
  readonly options: readonly (readonly [number, Buffer])[];
  readonly payload: Buffer;
}

/** Max-Message-Size 65,536 and Block-Wise-Transfer. */
const SETTINGS = Buffer.from("50e12301000020", "hex");
const URI_PATH = 11;
const URI_QUERY = 15;
const OBSERVE = 6;
const LOCATION_PATH = 8;

/** One client's connection. */
export class StreamPeer {
  readonly socket: Socket;
  readonly heard: StreamMessage[] = [];
  #rest = Buffer.alloc(0);
  #token = 0;

  constructor(socket: Socket, onMessage: (peer: StreamPeer, message: StreamMessage) => void) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      for (let message = this.#next(); message !== undefined; message = this.#next()) {
        this.heard.push(message);
        onMessage(this, message);
      }
    });
  }

  send(code: number, token: Uint8Array, options: readonly (readonly [number, Uint8Array])[] = [], payload = ""): void {
    let before = 0;
    const parts = options.map(([number, value]) => {
      const delta = number - before;
      before = number;
      // Short options only: neither step nor length reaches 13.
      return Buffer.concat([Buffer.of((delta << 4) | value.length), value]);
    });
    const body = payload === "" ? [] : [Buffer.of(0xff), Buffer.from(payload)];
    const rest = Buffer.concat([...parts, ...body]);
    const head =
      rest.length < 13
        ? Buffer.of((rest.length << 4) | token.length, code)
        : rest.length < 269
          ? Buffer.of(0xd0 | token.length, rest.length - 13, code)
          : Buffer.of(0xe0 | token.length, (rest.length - 269) >> 8, (rest.length - 269) & 0xff, code);
    this.socket.write(Buffer.concat([head, token, rest]));
  }

  /** A request for a path such as "/3/0/0"; observed if asked for. Returns its token. */
  ask(code: number, path: string, observe?: 0 | 1): Buffer {
    const token = Buffer.of(0x70, (this.#token += 1));
    const segments = path.split("/").slice(1);
    this.send(code, token, [
      ...(observe === undefined ? [] : [[OBSERVE, observe === 0 ? Buffer.alloc(0) : Buffer.of(1)] as const]),
      ...segments.map((segment) => [URI_PATH, Buffer.from(segment)] as const),
    ]);
    return token;
  }

  /** What came with this token. */
  answers(token: Buffer): StreamMessage[] {
    return this.heard.filter((message) => message.token.equals(token));
  }

  #next(): StreamMessage | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    const nibble = bytes[0]! >> 4;
    const extra = nibble < 13 ? 0 : nibble === 13 ? 1 : nibble === 14 ? 2 : 4;
    if (bytes.length < 2 + extra) return undefined;
    const length =
      nibble < 13 ? nibble : bytes.readUIntBE(1, extra) + (nibble === 13 ? 13 : nibble === 14 ? 269 : 65_805);
    const tokenAt = 2 + extra;
    const start = tokenAt + (bytes[0]! & 15);
    const end = start + length;
    if (bytes.length < end) return undefined;
    this.#rest = bytes.subarray(end);
    const [options, payload] = optionsOf(bytes.subarray(start, end));
    return { code: bytes[tokenAt - 1]!, token: bytes.subarray(tokenAt, start), options, payload };
  }
}

function optionsOf(bytes: Buffer): [(readonly [number, Buffer])[], Buffer] {
  const options: (readonly [number, Buffer])[] = [];
  let at = 0;
  for (let number = 0; at < bytes.length && bytes[at] !== 0xff; ) {
    const first = bytes[at++]!;
    const field = (nibble: number): number => {
      if (nibble < 13) return nibble;
      at += nibble - 12;
      return nibble === 13 ? bytes[at - 1]! + 13 : bytes.readUInt16BE(at - 2) + 269;
    };
    number += field(first >> 4);
    const length = field(first & 15);
    options.push([number, bytes.subarray(at, at + length)]);
    at += length;
  }
  return [options, bytes.subarray(at + 1)];
}

const all = (message: StreamMessage, wanted: number) =>
  message.options.filter(([number]) => number === wanted).map(([, value]) => value.toString());

/** "POST /rd?lwm2m=1.1&ep=x". */
export function line(message: StreamMessage): string {
  const method = Object.entries(Code).find(([, code]) => code === message.code)?.[0] ?? String(message.code);
  const query = all(message, URI_QUERY);
  return `${method} /${all(message, URI_PATH).join("/")}${query.length > 0 ? `?${query.join("&")}` : ""}`;
}

export interface StreamServerOptions {
  /** With it: TLS. */
  readonly tls?: TlsOptions;
  readonly port?: number;
  /** Says nothing by itself, not even what it is. */
  readonly mute?: boolean;
}

export class StreamServer {
  readonly peers: StreamPeer[] = [];
  /** Requests of clients, in order, as `line` writes them. */
  readonly requests: string[] = [];
  /** Called with each request; false: it is not answered. */
  onRequest: (peer: StreamPeer, request: string) => boolean = () => true;
  readonly #options: StreamServerOptions;
  readonly #server: Server;
  #registered = 0;

  constructor(options: StreamServerOptions = {}) {
    this.#options = options;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
    this.#server.on("tlsClientError", () => undefined);
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#options.port ?? 0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** The newest connection. @throws Error if there is none yet. */
  get peer(): StreamPeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error("nobody has connected");
    return peer;
  }

  /** Hangs up on everybody, and is gone. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.peers) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const peer = new StreamPeer(socket, (from, message) => this.#hear(from, message));
    this.peers.push(peer);
    if (this.#options.mute !== true) socket.write(SETTINGS);
  }

  #hear(peer: StreamPeer, message: StreamMessage): void {
    if (this.#options.mute === true) return;
    if (message.code === Code.Ping) peer.send(Code.Pong, message.token);
    if (message.code === 0 || message.code > 31) return;
    const request = line(message);
    this.requests.push(request);
    if (!this.onRequest(peer, request)) return;
    if (message.code === Code.DELETE) peer.send(Code.Deleted, message.token);
    else if (!request.startsWith("POST /rd?")) peer.send(Code.Changed, message.token);
    else {
      this.#registered += 1;
      const location = ["rd", `t${this.#registered}`];
      peer.send(
        Code.Created,
        message.token,
        location.map((part) => [LOCATION_PATH, Buffer.from(part)] as const),
      );
    }
  }
}
