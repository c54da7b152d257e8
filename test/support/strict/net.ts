/** A way between one client and one server in virtual time that loses, doubles, delays and so reorders what it carries. */

import type { Transport } from "../../../src/base/transport.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { SeededRandom } from "../seeded-random.ts";

export interface Weather {
  /** Chances, from 0 to 1. */
  readonly loss: number;
  readonly duplicates: number;
  /** Milliseconds that a datagram is under way at most; the least is 1. */
  readonly delay: number;
}

export const FAIR: Weather = { loss: 0, duplicates: 0, delay: 1 };

interface Ends {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  /** What leaves the client, whatever becomes of it. */
  left(datagram: Uint8Array): void;
  /** What reaches the server. */
  arrived(datagram: Uint8Array): void;
  /** What is about to reach the client; false: it does not listen. */
  reaches(datagram: Uint8Array): boolean;
}

export class Net {
  weather: Weather = FAIR;
  readonly #ends: Ends;
  #line: Line | undefined;
  /** How many lines the client has opened. */
  lines = 0;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** A fresh socket of the client. The server goes on with whichever spoke last. */
  connect(): Transport {
    this.lines += 1;
    return new Line((line, datagram) => {
      this.#ends.left(datagram);
      this.#carry(() => {
        this.#line = line;
        this.#ends.arrived(datagram);
      });
    });
  }

  toClient(datagram: Uint8Array): void {
    const line = this.#line;
    this.#carry(() => {
      if (line?.isOpen === true && this.#ends.reaches(datagram)) line.receive(datagram);
    });
  }

  #carry(deliver: () => void): void {
    const { random, clock } = this.#ends;
    const { loss, duplicates, delay } = this.weather;
    if (random.unit() < loss) return;
    const times = random.unit() < duplicates ? 2 : 1;
    for (let i = 0; i < times; i++) clock.after(1 + random.below(delay), deliver);
  }
}

class Line implements Transport {
  readonly maxDatagram = 1_280;
  isOpen = false;
  readonly #out: (line: Line, datagram: Uint8Array) => void;
  #listener: (datagram: Uint8Array) => void = () => undefined;

  constructor(out: (line: Line, datagram: Uint8Array) => void) {
    this.#out = out;
  }

  open(): Promise<void> {
    this.isOpen = true;
    return Promise.resolve();
  }

  send(datagram: Uint8Array): void {
    if (this.isOpen) this.#out(this, datagram.slice());
  }

  receive(datagram: Uint8Array): void {
    this.#listener(datagram.slice());
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onClose(): void {
    return undefined;
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }
}
