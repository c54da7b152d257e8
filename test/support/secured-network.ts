/**
 * Endpoints on virtual time, each with a way of its own to one DTLS server: datagrams take a moment, may be lost, and
 * come from a port, which is what the server knows a way by. Behind the server stands an LwM2M server for each way.
 */

import type { Transport } from "../../src/base/transport.ts";
import type { LocalEnd } from "../../src/dial/index.ts";
import { FakeServer, type Heard, type Verdict } from "./fake-server.ts";
import type { FakeClock } from "./fake-clock.ts";
import { SeededRandom } from "./seeded-random.ts";
import { VirtualTransport } from "./virtual-network.ts";

/** Whatever terminates DTLS: sans-IO, by names for its peers. */
export interface SecureEnd {
  readonly deadline: number | undefined;
  receive(peer: string, datagram: Uint8Array, now: number): void;
  onTimeout(now: number): void;
  send(peer: string, payload: Uint8Array, now: number): unknown;
}

/** What it tells. */
export interface SecureEndOwner {
  transmit(peer: string, datagram: Uint8Array): void;
  opened(peer: string): void;
  received(peer: string, payload: Uint8Array): void;
  ended(peer: string): void;
}

const LATENCY_MS = 5;
const FIRST_PORT = 50_000;

export class SecuredNetwork implements SecureEndOwner {
  readonly #clock: FakeClock;
  readonly #random = new SeededRandom(9);
  readonly #ways = new Map<string, Way>();
  readonly #lines = new Map<unknown, Line>();
  /** By endpoint, the newest. */
  readonly #newest = new Map<string, Line>();
  /** The share of datagrams that get lost, each way. */
  loss = 0;
  /** Nothing gets through to the server, or back. */
  down = false;
  /** Ways that were opened, by endpoint. */
  readonly ports: { endpoint: string; port: string; which: "kept" | "fresh" }[] = [];
  opens = 0;
  verdict: ((request: Heard, endpoint: string) => Verdict) | undefined;
  /** What stays the same of an association when its port changes. */
  identify: (peer: string) => unknown = (peer) => peer;
  #end: SecureEnd | undefined;
  #armedFor: number | undefined;
  #nextPort = FIRST_PORT;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  set end(end: SecureEnd) {
    this.#end = end;
  }

  /** As `DtlsTransportOptions.dial` wants it: the same port again, or another. */
  dial(endpoint: string, { port, onBound }: LocalEnd = {}): (which: "kept" | "fresh") => Transport {
    let kept = port === undefined ? "" : String(port);
    return (which) => {
      if (which === "fresh" || kept === "") kept = String(this.#nextPort++);
      onBound?.(Number(kept));
      this.ports.push({ endpoint, port: kept, which });
      const way = new Way((datagram) => this.#toServer(way, datagram), kept, endpoint);
      this.#ways.set(kept, way);
      return way;
    };
  }

  /** The way of an endpoint: the newest. */
  way(endpoint: string): Way {
    const found = [...this.#ways.values()].findLast((way) => way.endpoint === endpoint);
    if (!found) throw new Error(`${endpoint} never dialled`);
    return found;
  }

  /** What is at the other end of an endpoint's newest association. */
  server(endpoint: string): FakeServer {
    const line = this.#newest.get(endpoint);
    if (!line) throw new Error(`${endpoint} has no association`);
    return line.server;
  }

  /** A NAT on the way gives an endpoint another port, unnoticed by it. */
  rebind(endpoint: string): void {
    const way = this.way(endpoint);
    this.#ways.delete(way.port);
    way.port = String(this.#nextPort++);
    this.#ways.set(way.port, way);
  }

  transmit(peer: string, datagram: Uint8Array): void {
    const copy = datagram.slice();
    this.#carry(() => this.#ways.get(peer)?.arrive(copy));
  }

  opened(peer: string): void {
    this.opens += 1;
    this.#lines.delete(this.identify(peer));
    this.#line(peer);
  }

  received(peer: string, payload: Uint8Array): void {
    const line = this.#lines.get(this.identify(peer)) ?? this.#line(peer);
    line.at = peer;
    line.inside.receive(payload.slice());
  }

  ended(peer: string): void {
    this.#lines.delete(this.identify(peer));
  }

  #line(peer: string): Line {
    const endpoint = this.#ways.get(peer)?.endpoint ?? "?";
    const [inside, out] = [new VirtualTransport(1_200), new VirtualTransport(1_200)];
    const line: Line = { at: peer, inside, server: new FakeServer(inside) };
    const { verdict } = this;
    if (verdict) line.server.verdict = (request) => verdict(request, endpoint);
    inside.peer = out;
    // What it says goes back through the association, from wherever that was heard last.
    out.onDatagram((payload) => {
      this.#end?.send(line.at, payload, this.#clock.monotonic());
      this.#arm();
    });
    this.#lines.set(this.identify(peer), line);
    this.#newest.set(endpoint, line);
    return line;
  }

  #toServer(way: Way, datagram: Uint8Array): void {
    const copy = datagram.slice();
    const { port } = way;
    this.#carry(() => {
      this.#end?.receive(port, copy, this.#clock.monotonic());
      this.#arm();
    });
  }

  #carry(deliver: () => void): void {
    if (this.down || this.#random.unit() < this.loss) return;
    this.#clock.after(LATENCY_MS, deliver);
  }

  #arm(): void {
    const deadline = this.#end?.deadline;
    if (deadline === undefined || deadline === this.#armedFor) return;
    this.#armedFor = deadline;
    this.#clock.after(deadline - this.#clock.monotonic(), () => {
      this.#armedFor = undefined;
      this.#end?.onTimeout(this.#clock.monotonic());
      this.#arm();
    });
  }
}

/** One association, and the LwM2M server behind it. */
interface Line {
  at: string;
  readonly inside: VirtualTransport;
  readonly server: FakeServer;
}

/** The bare way of one endpoint. */
class Way implements Transport {
  readonly maxDatagram = 1_232;
  readonly endpoint: string;
  port: string;
  #open = false;
  readonly #out: (datagram: Uint8Array) => void;
  #onDatagram: (datagram: Uint8Array) => void = () => undefined;

  constructor(out: (datagram: Uint8Array) => void, port: string, endpoint: string) {
    this.#out = out;
    this.port = port;
    this.endpoint = endpoint;
  }

  open(): Promise<void> {
    this.#open = true;
    return Promise.resolve();
  }

  send(datagram: Uint8Array): void {
    if (this.#open) this.#out(datagram);
  }

  arrive(datagram: Uint8Array): void {
    if (this.#open) this.#onDatagram(datagram);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onClose(): void {
    // Datagrams have no connection that could break.
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }
}
