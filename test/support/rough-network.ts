/** A way for datagrams in virtual time that loses, doubles, delays and swallows them, the same ones for the same seed. */

import type { Association } from "../../src/base/association.ts";
import { SeededRandom } from "./seeded-random.ts";

export interface Roughness {
  /** The share of datagrams that never arrive, 0 to 1. */
  readonly loss?: number;
  /** The share that arrives twice. */
  readonly duplication?: number;
  /** The share that is overtaken by others. */
  readonly reordering?: number;
  /** Longer datagrams never arrive. */
  readonly mtu?: number;
}

/** The other end, as far as time and bytes go. */
export interface FarEnd {
  readonly deadline: number | undefined;
  receive(peer: string, datagram: Uint8Array, now: number): void;
  onTimeout(now: number): void;
}

interface Arrival {
  readonly at: number;
  readonly order: number;
  readonly deliver: () => void;
}

/** One way, milliseconds. */
const LATENCY = 20;
/** What an overtaken one takes longer: others get by, and flights with it. */
const DELAY = 150;
const MAX_STEPS = 5_000;

export class RoughNetwork {
  now = 0;
  lost = 0;
  carried = 0;
  /** What becomes of a datagram on its way; fuzzing changes it, or adds to it. */
  toClient: (datagram: Uint8Array) => readonly Uint8Array[] = (datagram) => [datagram];
  toServer: (datagram: Uint8Array) => readonly Uint8Array[] = (datagram) => [datagram];
  readonly #random: SeededRandom;
  readonly #roughness: Roughness;
  #arrivals: Arrival[] = [];
  #order = 0;
  #client: Association | undefined;
  #server: FarEnd | undefined;

  constructor(seed: number, roughness: Roughness = {}) {
    this.#random = new SeededRandom(seed);
    this.#roughness = roughness;
  }

  /** `name` is what the server knows the client by. */
  connect(client: Association, server: FarEnd): void {
    this.#client = client;
    this.#server = server;
  }

  fromClient(name: string, datagram: Uint8Array): void {
    for (const bytes of this.toServer(datagram.slice()))
      this.#carry(bytes, (arrived) => this.#server?.receive(name, arrived, this.now));
  }

  fromServer(datagram: Uint8Array): void {
    for (const bytes of this.toClient(datagram.slice()))
      this.#carry(bytes, (arrived) => this.#client?.receive(arrived, this.now));
  }

  /** Lets time pass until `over`, or nothing more can happen, or `until` is reached. */
  run(over: () => boolean, until = 600_000): void {
    for (let step = 0; step < MAX_STEPS && !over(); step++) {
      const next = this.#nextAt();
      if (next === undefined || next > until) return;
      this.now = Math.max(this.now, next);
      const due = this.#arrivals.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order);
      this.#arrivals = this.#arrivals.filter(({ at }) => at > this.now);
      for (const { deliver } of due) deliver();
      if (isDue(this.#client, this.now)) this.#client?.onTimeout(this.now);
      if (isDue(this.#server, this.now)) this.#server?.onTimeout(this.now);
    }
  }

  #nextAt(): number | undefined {
    const times = [this.#client?.deadline, this.#server?.deadline, ...this.#arrivals.map(({ at }) => at)];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  #carry(datagram: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const { loss = 0, duplication = 0, reordering = 0, mtu = Infinity } = this.#roughness;
    // Always the same number of draws: one fate does not change the next one's luck.
    const [lost, doubled, late] = [this.#random.unit(), this.#random.unit(), this.#random.unit()];
    this.carried += 1;
    if (lost < loss || datagram.length > mtu) {
      this.lost += 1;
      return;
    }
    const at = this.now + LATENCY + (late < reordering ? DELAY : 0);
    this.#arrivals.push({ at, order: this.#order++, deliver: () => deliver(datagram) });
    if (doubled < duplication)
      this.#arrivals.push({ at: at + 1, order: this.#order++, deliver: () => deliver(datagram.slice()) });
  }
}

function isDue(end: { readonly deadline: number | undefined } | undefined, now: number): boolean {
  return end?.deadline !== undefined && end.deadline <= now;
}
