/** The server's end of many associations on one UDP socket: OpensslServer with a socket and a clock. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { SecurityFailure } from "../../base/association.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Openssl } from "./library.ts";
import { OpensslServer, type OpensslServerOptions } from "./server.ts";
import type { PeerFacts } from "./server-peer.ts";

export interface DatagramServerOptions extends Omit<OpensslServerOptions, "cookieSecret" | "timing"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Told of associations and of what comes through them; `peer` is `address port`. */
export interface DatagramServerOwner {
  opened(peer: string, facts: PeerFacts): void;
  received(peer: string, payload: Uint8Array): void;
  ended(peer: string, failure: SecurityFailure): void;
}

const COOKIE_SECRET = 32;

export class OpensslDatagramServer {
  readonly #options: DatagramServerOptions;
  readonly #server: OpensslServer;
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #timerAt = Infinity;

  /** @throws Error in words if OpenSSL does not take the options. */
  constructor(openssl: Openssl, options: DatagramServerOptions, owner: DatagramServerOwner) {
    this.#options = options;
    const { random, log } = options;
    this.#server = new OpensslServer(
      openssl,
      { ...options, cookieSecret: random.bytes(COOKIE_SECRET) },
      {
        transmit: (peer, datagram) => this.#transmit(peer, datagram),
        opened: (peer, facts) => {
          log.debug("coaps-open", { peer, suite: facts.suite, resumed: facts.resumed });
          owner.opened(peer, facts);
        },
        received: (peer, payload) => owner.received(peer, payload),
        ended: (peer, failure) => {
          if (failure.kind !== "closed") log.warn("coaps-refused", { peer, reason: failure.reason });
          owner.ended(peer, failure);
        },
      },
    );
  }

  get size(): number {
    return this.#server.size;
  }

  /** The port that was bound; 0 asks for any that is free. Fails if it is taken. */
  open(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.bind(port, host, () => {
        socket.removeAllListeners("error");
        socket.on("error", (error) => this.#options.log.warn("coaps-socket", { reason: error }));
        socket.on("message", (datagram, from) => this.#receive(datagram, from));
        this.#socket = socket;
        resolve(socket.address().port);
      });
    });
  }

  /** False: there is no open line to this peer, or the payload is too long. */
  send(peer: string, payload: Uint8Array): boolean {
    return this.#server.send(peer, payload, this.#options.clock.monotonic());
  }

  /** Forgets all peers without a word, as a server does that is started anew. */
  forget(): void {
    this.#server.forget();
  }

  /** Says close_notify to all. Safe to call twice. */
  close(): Promise<void> {
    const socket = this.#socket;
    this.#timer?.cancel();
    this.#server.close(this.#options.clock.monotonic());
    this.#socket = undefined;
    if (socket === undefined) return Promise.resolve();
    // Closed in the callback of a last datagram, which goes to nobody: those before it have left by then.
    return new Promise((resolve) => {
      const { port } = socket.address();
      const address = isIPv6(socket.address().address) ? "::1" : "127.0.0.1";
      socket.send(NOTHING, port, address, () => socket.close(() => resolve()));
    });
  }

  #receive(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    this.#server.receive(`${address} ${port}`, datagram, this.#options.clock.monotonic());
    this.#schedule();
  }

  #transmit(peer: string, datagram: Uint8Array): void {
    const [address, port] = peer.split(" ", 2);
    this.#socket?.send(datagram, Number(port), address, () => undefined);
  }

  /** One timer for all handshakes, moved only when one is due earlier. */
  #schedule(): void {
    const { clock } = this.#options;
    const { deadline } = this.#server;
    if (deadline === undefined || deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = clock.after(Math.max(0, deadline - clock.monotonic()), () => {
      this.#timerAt = Infinity;
      this.#server.onTimeout(clock.monotonic());
      this.#schedule();
    });
  }
}

const NOTHING = new Uint8Array(0);
