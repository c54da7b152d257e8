/** DTLS in front of a CoAP server on this machine that has none of its own: each secured peer gets a local port. */

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { OpensslDatagramServer, type DatagramServerOptions } from "./datagram-server.ts";
import type { Openssl } from "./library.ts";
import type { PeerFacts } from "./server-peer.ts";

export interface RelayOptions extends DatagramServerOptions {
  /** Where the server is that everything is handed to. */
  readonly inner: { readonly address: string; readonly port: number };
}

/** Who is behind a local port. */
export interface RelayedPeer {
  /** `address port`, as it is seen from here. */
  readonly peer: string;
  readonly facts: PeerFacts;
}

/** What waits for the local port to be bound: a Register, and what follows it at once. */
const MAX_WAITING = 16;
/** A client that begins anew from where it was finds its local port, and with it its registration. */
const LINGER_MS = 60_000;

export class SecureRelay {
  readonly #server: OpensslDatagramServer;
  readonly #options: RelayOptions;
  readonly #ways = new Map<string, LocalWay>();
  readonly #byPort = new Map<number, LocalWay>();

  /** @throws Error in words if OpenSSL does not take the options. */
  constructor(openssl: Openssl, options: RelayOptions) {
    this.#options = options;
    this.#server = new OpensslDatagramServer(openssl, options, {
      opened: (peer, facts) => this.#way(peer).open(facts),
      received: (peer, payload) => this.#ways.get(peer)?.toInner(payload),
      ended: (peer) => this.#ways.get(peer)?.linger(LINGER_MS),
    });
  }

  /** How many peers are there. */
  get size(): number {
    return this.#server.size;
  }

  /** The port that was bound. Fails if it is taken. */
  open(host: string, port: number): Promise<number> {
    return this.#server.open(host, port);
  }

  /** Who sends to the inner server from a local port. */
  peerAt(port: number): RelayedPeer | undefined {
    return this.#byPort.get(port)?.who;
  }

  /** Forgets all associations without a word, as a server does that is started anew. */
  forget(): void {
    this.#server.forget();
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#server.close();
    for (const way of [...this.#ways.values()]) way.close();
  }

  #way(peer: string): LocalWay {
    const known = this.#ways.get(peer);
    if (known) return known;
    const { inner, clock, log } = this.#options;
    const way: LocalWay = new LocalWay({
      peer,
      inner,
      clock,
      log,
      toPeer: (payload) => this.#server.send(peer, payload),
      onBound: (port) => this.#byPort.set(port, way),
      onClose: (port) => {
        this.#ways.delete(peer);
        if (port !== undefined) this.#byPort.delete(port);
      },
    });
    this.#ways.set(peer, way);
    return way;
  }
}

interface WayParts {
  readonly peer: string;
  readonly inner: RelayOptions["inner"];
  readonly clock: Clock;
  readonly log: Log;
  readonly toPeer: (payload: Uint8Array) => void;
  readonly onBound: (port: number) => void;
  readonly onClose: (port: number | undefined) => void;
}

/** The local port of one peer, connected to the inner server. */
class LocalWay {
  readonly #parts: WayParts;
  readonly #socket: Socket;
  #waiting: Uint8Array[] | undefined = [];
  #port: number | undefined;
  #facts: PeerFacts | undefined;
  #lingering: Timer | undefined;
  #closed = false;

  constructor(parts: WayParts) {
    this.#parts = parts;
    const { address, port } = parts.inner;
    this.#socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    // The inner server is on this machine: what goes wrong is told once, and the peer repeats itself.
    this.#socket.on("error", (error) => parts.log.debug("coaps-relay", { reason: error }));
    this.#socket.on("message", (payload) => parts.toPeer(payload));
    this.#socket.connect(port, address, () => this.#bound());
  }

  get who(): RelayedPeer | undefined {
    return this.#facts && { peer: this.#parts.peer, facts: this.#facts };
  }

  open(facts: PeerFacts): void {
    this.#facts = facts;
    this.#lingering?.cancel();
  }

  toInner(payload: Uint8Array): void {
    if (this.#closed) return;
    if (this.#waiting) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(payload);
    } else this.#socket.send(payload, () => undefined);
  }

  linger(ms: number): void {
    this.#lingering?.cancel();
    this.#lingering = this.#parts.clock.after(ms, () => this.close());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lingering?.cancel();
    this.#socket.close();
    this.#parts.onClose(this.#port);
  }

  #bound(): void {
    if (this.#closed) return;
    this.#port = this.#socket.address().port;
    this.#parts.onBound(this.#port);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const payload of waiting) this.toInner(payload);
  }
}
