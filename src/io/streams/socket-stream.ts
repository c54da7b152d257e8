/** A connected socket as a ByteStream: what waits to be sent is bounded, and what is written together leaves together. */

import type { Socket } from "node:net";
import type { ByteStream } from "../../base/byte-stream.ts";
import { codeOf, words } from "../../base/errors.ts";

/** Whom we connect to. */
export interface Peer {
  /** A name, or an address of either family; brackets around IPv6 are allowed. */
  readonly host: string;
  readonly port: number;
  /** How long connecting may take, in milliseconds; half a minute unless given. */
  readonly patienceMs?: number;
}

/** Begins to connect; the stream waits for the socket's `ready` event. */
export interface Dialler {
  /** @throws Error if there is no use in trying. */
  connect(peer: Peer): Socket;
  /** The event by which the socket says that it can be used. */
  readonly ready: "connect" | "secureConnect";
  /** Called then: why it must not be used after all, in words. */
  inspect?(socket: Socket): string | undefined;
  /** What went wrong before it could be used, in words. */
  explain(error: unknown): string;
}

/** Two SYNs lost on a slow way are forgiven. */
const CONNECT_MS = 30_000;
/** Bytes that may wait for a peer that does not read: some messages of the longest kind. */
const MAX_WAITING = 65_536;
/** With nothing to send, the kernel looks whether the peer is there: NATs forget after some minutes (RFC 5382 §5). */
const KEEP_ALIVE_MS = 120_000;
/** How long what was written last may take to leave when the stream is closed. */
const LINGER_MS = 2_000;
/** How OpenSSL ends its words about an alert of the peer. */
const ALERT = /SSL alert number (\d{1,3})/;

export class SocketStream implements ByteStream {
  readonly #peer: Required<Peer>;
  readonly #dialler: Dialler;
  #socket: Socket | undefined;
  /** Written bytes are held back until the end of this turn, to leave together. */
  #corked = false;
  #alert: number | undefined;
  #onBytes: ((bytes: Uint8Array) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;

  constructor({ host, port, patienceMs = CONNECT_MS }: Peer, dialler: Dialler) {
    const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
    this.#peer = { host: bare, port, patienceMs };
    this.#dialler = dialler;
  }

  /** Of the handshake, or right behind it: TLS 1.3 judges clients only then (RFC 8446 §4.4.2.4). */
  get alert(): number | undefined {
    return this.#alert;
  }

  /** May be called again once it is closed. @throws Error in words that name the peer. */
  async open(signal?: AbortSignal): Promise<void> {
    await this.close();
    signal?.throwIfAborted();
    this.#alert = undefined;
    const socket = this.#dialler.connect(this.#peer);
    this.#socket = socket;
    try {
      await this.#ready(socket, signal);
    } catch (error) {
      if (this.#socket === socket) this.#socket = undefined;
      socket.destroy();
      throw error;
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#listen(socket);
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket?.writable !== true || socket.connecting) return false;
    if (socket.writableLength > 0 && socket.writableLength + bytes.length > MAX_WAITING) return false;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(uncork, this, socket);
    }
    socket.write(bytes);
    return true;
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#onBytes = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.destroyed) return Promise.resolve();
    this.#corked = false;
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      if (socket.connecting) {
        socket.destroy();
        return;
      }
      // A peer that does not read any more must not hold us.
      socket.setTimeout(LINGER_MS, () => socket.destroy());
      socket.uncork();
      socket.destroySoon();
    });
  }

  /** The turn is over. */
  flush(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#corked = false;
    socket.uncork();
  }

  #ready(socket: Socket, signal: AbortSignal | undefined): Promise<void> {
    const { host, port, patienceMs } = this.#peer;
    const dialler = this.#dialler;
    return new Promise((resolve, reject) => {
      const settle = (reason: string | undefined) => {
        signal?.removeEventListener("abort", aborted);
        socket.off(dialler.ready, ready).off("error", failed).off("close", closed).off("timeout", late);
        // Whatever goes wrong from here on, "close" follows, and tells.
        socket.on("error", () => undefined);
        if (reason === undefined) resolve();
        else reject(new Error(reason));
      };
      const named = (reason: string) => settle(`${host}:${port}: ${reason}`);
      const ready = () => {
        const trouble = dialler.inspect?.(socket);
        if (trouble === undefined) settle(undefined);
        else named(trouble);
      };
      const failed = (error: Error) => {
        this.#alert = alertIn(error);
        named(dialler.explain(error));
      };
      const closed = () => settle("closed while opening");
      const aborted = closed;
      const late = () => named(`no answer in ${patienceMs / 1_000} s`);
      signal?.addEventListener("abort", aborted, { once: true });
      socket.once(dialler.ready, ready).once("error", failed).once("close", closed);
      socket.setTimeout(patienceMs, late);
    });
  }

  #listen(socket: Socket): void {
    let reason = "the server closed the connection";
    socket.on("data", (bytes: Uint8Array) => {
      if (this.#socket === socket) this.#onBytes?.(bytes);
    });
    socket.on("error", (error) => {
      if (this.#socket === socket) this.#alert = alertIn(error);
      // In TLS 1.3 the server judges us behind the handshake.
      const isTls = codeOf(error)?.startsWith("ERR_SSL") === true;
      reason = isTls ? this.#dialler.explain(error) : explainBroken(error);
    });
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#corked = false;
      this.#onClose?.(reason);
    });
  }
}

function alertIn({ message }: Error): number | undefined {
  const number = ALERT.exec(message)?.[1];
  return number === undefined ? undefined : Number(number);
}

function uncork(stream: SocketStream, socket: Socket): void {
  stream.flush(socket);
}

/** What a socket that was in use died of. */
function explainBroken(error: unknown): string {
  switch (codeOf(error)) {
    case "ECONNRESET":
    case "EPIPE":
      return "the server broke the connection";
    case "ETIMEDOUT":
      return "the server does not answer any more";
    default:
      return words(error);
  }
}

/** Why no connection came about, as far as TCP knows. */
export function explainUnreachable(error: unknown): string {
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return "nobody listens there (TCP)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "this name has no address";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no way to this host";
    case "ETIMEDOUT":
      return "no answer";
    default:
      return words(error);
  }
}
