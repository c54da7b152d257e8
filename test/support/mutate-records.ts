/** What somebody on the way can do to DTLS records without knowing any key. */

import { mutate } from "./mutate.ts";
import type { SeededRandom } from "./seeded-random.ts";

const RECORD_HEADER = 13;
const HANDSHAKE_HEADER = 12;
/** How many datagrams of other handshakes are kept to be played again. */
const KEPT = 200;

/** Where the fields of the two headers begin, and how long they are (RFC 6347 §4.1, §4.2.2). */
const FIELDS = {
  type: [0, 1],
  version: [1, 2],
  epoch: [3, 2],
  sequence: [5, 6],
  length: [11, 2],
  messageType: [13, 1],
  messageLength: [14, 3],
  messageSequence: [17, 2],
  fragmentOffset: [19, 3],
  fragmentLength: [22, 3],
} as const;

type Change = (datagram: Uint8Array) => readonly Uint8Array[];

export class RecordMutator {
  /** How many datagrams were meddled with. */
  changed = 0;
  readonly #random: SeededRandom;
  readonly #kept: Uint8Array[] = [];
  readonly #changes: readonly Change[];

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#changes = [
      (datagram) => [mutate(datagram, random)],
      (datagram) => [this.#flip(datagram)],
      (datagram) => [datagram.subarray(0, random.below(datagram.length + 1))],
      (datagram) => [this.#field(datagram)],
      (datagram) => [this.#field(datagram)],
      (datagram) => [datagram, this.#field(datagram)],
      (datagram) => [this.#field(datagram), datagram],
      (datagram) => [this.#old(datagram), datagram],
      (datagram) => [datagram, this.#old(datagram)],
      (datagram) => [Buffer.concat([datagram, this.#old(datagram)])],
      (datagram) => [Buffer.concat([this.#forged(), datagram])],
      (datagram) => [this.#forged(), datagram],
      (datagram) => [random.bytes(random.below(200)), datagram],
      () => [],
    ];
  }

  /** One in two is left alone, or nothing would ever come about. */
  readonly meddle: Change = (datagram) => {
    this.#keep(datagram);
    if (this.#random.below(2) === 0) return [datagram];
    this.changed += 1;
    return this.#random.pick(this.#changes)(datagram);
  };

  #keep(datagram: Uint8Array): void {
    if (this.#kept.length < KEPT) this.#kept.push(datagram.slice());
    else this.#kept[this.#random.below(KEPT)] = datagram.slice();
  }

  #old(otherwise: Uint8Array): Uint8Array {
    return this.#kept.length === 0 ? otherwise : this.#random.pick(this.#kept);
  }

  #flip(datagram: Uint8Array): Uint8Array {
    const changed = datagram.slice();
    const at = this.#random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << this.#random.below(8));
    return changed;
  }

  /** A field of one of the records, or of the message in it, gets another value: small, huge or any. */
  #field(datagram: Uint8Array): Uint8Array {
    const changed = datagram.slice();
    const starts = recordsOf(changed);
    const start = starts.length === 0 ? 0 : this.#random.pick(starts);
    const [offset, length] = this.#random.pick(Object.values(FIELDS));
    const kind = this.#random.below(3);
    for (let i = 0; i < length; i++) {
      const last = i === length - 1;
      const value = kind === 0 ? (last ? this.#random.below(4) : 0) : kind === 1 ? 0xff : this.#random.below(256);
      if (start + offset + i < changed.length) changed[start + offset + i] = value;
    }
    return changed;
  }

  /** A record of any type that says anything, in either epoch. */
  #forged(): Uint8Array {
    const random = this.#random;
    const type = random.pick([20, 21, 22, 22, 22, 23, 24, 25]);
    const body =
      type === 21
        ? Uint8Array.of(1 + random.below(2), random.below(120))
        : type === 22
          ? this.#message()
          : random.bytes(random.below(80));
    const head = Uint8Array.of(
      type,
      0xfe,
      random.pick([0xfd, 0xff]),
      0,
      random.below(3),
      0,
      0,
      0,
      0,
      0,
      random.below(40),
    );
    return Buffer.concat([head, Uint8Array.of(body.length >> 8, body.length & 0xff), body]);
  }

  /** A handshake message with a whole header and any body. */
  #message(): Uint8Array {
    const random = this.#random;
    const body = random.bytes(random.below(60));
    const type = random.pick([0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 22]);
    const size = [0, 0, body.length];
    return Buffer.concat([Uint8Array.of(type, ...size, 0, random.below(8), 0, 0, 0, ...size), body]);
  }
}

function recordsOf(datagram: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at + RECORD_HEADER + HANDSHAKE_HEADER <= datagram.length; ) {
    starts.push(at);
    at += RECORD_HEADER + (datagram[at + 11] ?? 0) * 256 + (datagram[at + 12] ?? 0);
  }
  return starts;
}
