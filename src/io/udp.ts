/** One UDP socket, connected to one peer, as a Transport: ten thousand of them live in one process, so each is lean. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Log, silentLog } from "../base/log.ts";
import type { Transport } from "../base/transport.ts";

export interface UdpOptions {
  /** A name, or an address of either family; brackets around IPv6 are allowed. */
  readonly host: string;
  readonly port: number;
  /** The port we had before a restart: a server recognises its clients by address and port. */
  readonly localPort?: number;
  /** Told the port that was bound, each time the socket is opened. */
  readonly onBound?: (port: number) => void;
  readonly log?: Log;
}

/** What fits into the smallest packet that IPv6 must carry unbroken (RFC 8200 §5), less its headers (40) and UDP's (8). */
const MAX_DATAGRAM = 1_280 - 40 - 8;

interface Address {
  readonly address: string;
  readonly family: number;
}

export class UdpTransport implements Transport {
  readonly maxDatagram = MAX_DATAGRAM;
  /** Datagrams from anyone but the peer: they can only arrive between binding and connecting. */
  foreign = 0;
  /** The peer's host said that nobody listens there (ICMP port unreachable), or the network that it cannot deliver. */
  refused = 0;
  readonly #options: UdpOptions;
  #socket: Socket | undefined;
  #localPort: number;
  /** The peer as the kernel spells it; empty while not connected. */
  #address = "";
  #port = 0;
  /** Which of the addresses of a name is in use; each renewal moves on. */
  #turn = 0;
  /** Counts closings, so that an opening under way notices that nobody wants it any more. */
  #epoch = 0;
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #onUnreachable: (() => void) | undefined;

  constructor(options: UdpOptions) {
    this.#options = options;
    this.#localPort = options.localPort ?? 0;
  }

  /** The port bound, or the one to be bound; 0 if any will do. */
  get localPort(): number {
    return this.#localPort;
  }

  /** @throws Error if the name has no address, no port is free, it is closed meanwhile, or `signal` is aborted. */
  async open(signal?: AbortSignal): Promise<void> {
    const closed = this.close();
    const epoch = this.#epoch;
    await closed;
    signal?.throwIfAborted();
    const peer = await this.#resolve();
    signal?.throwIfAborted();
    await this.#connect(peer, epoch, signal);
  }

  send(datagram: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || this.#port === 0 || datagram.length > MAX_DATAGRAM) return;
    try {
      // No callback: it would cost an object each time, and a lost datagram is not news.
      socket.send(datagram);
    } catch {
      this.#refuse();
    }
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onUnreachable(listener: () => void): void {
    this.#onUnreachable = listener;
  }

  /** Never called: UDP has no connection that could break. */
  onClose(): void {
    // What goes wrong on the way is told by `onUnreachable`; silence is for the layer above to notice.
  }

  /** A name may have moved, or its first address may be the wrong one: looks it up again, and goes there if it differs. */
  async renew(): Promise<void> {
    if (this.#socket === undefined || isIP(bare(this.#options.host)) !== 0) return;
    this.#turn += 1;
    const before = this.#address;
    const peer = await this.#resolve().catch(() => undefined);
    if (peer === undefined || peer.address === before || this.#address !== before) return;
    const closed = this.close();
    const epoch = this.#epoch;
    await closed;
    if (this.#epoch === epoch) await this.#connect(peer, epoch);
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#epoch += 1;
    this.#socket = undefined;
    this.#address = "";
    this.#port = 0;
    if (socket === undefined) return Promise.resolve();
    return new Promise((resolve) => socket.close(resolve));
  }

  #refuse(): void {
    this.refused += 1;
    this.#onUnreachable?.();
  }

  async #resolve(): Promise<Address> {
    const host = bare(this.#options.host);
    const family = isIP(host);
    if (family !== 0) return { address: host, family };
    const found = await lookup(host, { all: true });
    const chosen = found[this.#turn % found.length];
    if (chosen === undefined) throw new Error(`${host} has no address`);
    return chosen;
  }

  async #connect(peer: Address, epoch: number, signal?: AbortSignal): Promise<void> {
    const socket = await this.#bind(peer.family);
    if (signal?.aborted === true || this.#epoch !== epoch) {
      socket.close();
      throw new Error("closed while opening");
    }
    this.#socket = socket;
    this.#localPort = socket.address().port;
    this.#listen(socket);
    try {
      await connected(socket, this.#options.port, peer.address);
    } catch (error) {
      if (this.#epoch === epoch) await this.close();
      throw error;
    }
    // What bound and connected it has left slots in its table of events: a fresh one is 250 bytes smaller.
    socket.removeAllListeners();
    this.#listen(socket);
    const { address, port } = socket.remoteAddress();
    // As a rule it is spelt as it was given: one string for all who were given the same.
    this.#address = address === peer.address ? peer.address : address;
    this.#port = port;
    this.#options.onBound?.(this.#localPort);
  }

  async #bind(family: number): Promise<Socket> {
    if (this.#localPort === 0) return bound(family, 0);
    try {
      return await bound(family, this.#localPort);
    } catch (error) {
      // Someone else took our port while we were away. A new one means a new registration, which beats none.
      (this.#options.log ?? silentLog).info("udp-port-taken", { port: this.#localPort, error });
      return bound(family, 0);
    }
  }

  #listen(socket: Socket): void {
    socket.on("message", (datagram: Uint8Array, from: RemoteInfo) => {
      if (from.port === this.#port && from.address === this.#address) this.#onDatagram?.(datagram);
      else this.foreign += 1;
    });
    socket.on("error", () => this.#refuse());
  }
}

/** A Transport over UDP to one peer. Opening it looks up the name, binds and connects. */
export const udp = (options: UdpOptions): UdpTransport => new UdpTransport(options);

function bound(family: number, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind(port, () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function connected(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A socket that is closed meanwhile never calls back.
    const closed = () => reject(new Error("closed while opening"));
    socket.once("close", closed);
    socket.connect(port, address, (error?: Error) => {
      socket.off("close", closed);
      if (error) reject(error);
      else resolve();
    });
  });
}

function bare(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
