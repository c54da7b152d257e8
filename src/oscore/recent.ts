/** Datagrams heard lately and what they meant, so that one that comes again means the same again (RFC 7252 §4.5). */

import { copyOf } from "../base/bytes.ts";

const KEPT = 8;
/**
 * Nobody repeats a message for longer than MAX_TRANSMIT_SPAN, 45 s (§4.8.2), and the message layer knows what it has
 * heard for NON_LIFETIME, 145 s, and more: what is given to it twice is between the two.
 */
const LIFETIME_MS = 60_000;

interface Heard {
  readonly wire: Uint8Array;
  readonly plain: Uint8Array;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/**
 * A datagram that is repeated must reach the message layer, which answers it as before; to OSCORE it would be a replay.
 * Only the very same bytes count as the same.
 */
export class Recent {
  readonly #heard: Heard[] = [];
  #next = 0;

  find(wire: Uint8Array, now: number): Uint8Array | undefined {
    return this.#heard.find(({ wire: known, until }) => until > now && Buffer.compare(known, wire) === 0)?.plain;
  }

  add(wire: Uint8Array, plain: Uint8Array, now: number): void {
    this.#heard[this.#next] = { wire: copyOf(wire), plain, until: now + LIFETIME_MS };
    this.#next = (this.#next + 1) % KEPT;
  }
}
