/** Handshakes over lines that lose much: counted, and insisted upon. */

import type { Transport } from "../../../../src/base/transport.ts";
import type { Dialer } from "../../../../src/dial/index.ts";
import type { Account } from "../../../../src/lwm2m/index.ts";

export interface Opened {
  /** In words, one for each call that failed. */
  readonly failures: readonly string[];
  readonly open: boolean;
  /** The one that is open. */
  readonly way?: Transport;
}

/** As a registration does: what failed is called again. */
const CALLS = 2;

export class Handshakes {
  readonly #dialer: Dialer;
  readonly #retransmitted: number;
  readonly #open: Transport[] = [];

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
    this.#retransmitted = dialer.counters.retransmissions;
  }

  /** Calls `open`, with all that it tries by itself; if that fails, calls it again. */
  async open(account: Account, endpoint: string): Promise<Opened> {
    const failures: string[] = [];
    while (failures.length < CALLS) {
      const way = this.#dialer.dial({ account, endpoint });
      this.#open.push(way);
      try {
        await way.open();
        return { failures, open: true, way };
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    return { failures, open: false };
  }

  /** What came of them. */
  words(all: readonly Opened[]): string {
    const again = this.#dialer.counters.retransmissions - this.#retransmitted;
    const first = all.filter(({ failures }) => failures.length === 0).length;
    const open = all.filter(({ open }) => open).length;
    const words = `${first} of ${all.length} handshakes at the first call, ${open} in all, ${again} flights sent again`;
    return [words, ...all.flatMap(({ failures }) => failures)].join("; ");
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((way) => way.close()));
  }
}

const TURNS = 6;

/** What may be lost is asked for again. @throws Error if it never came about. */
export async function insist(attempt: (turn: number) => Promise<boolean>): Promise<void> {
  let last: unknown;
  for (let turn = 1; turn <= TURNS; turn++) {
    try {
      if (await attempt(turn)) return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`asked for ${TURNS} times in vain`, { cause: last });
}
