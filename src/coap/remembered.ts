/** What was heard lately, so that hearing it twice changes nothing (RFC 7252 §4.5). */

import type { Parsed } from "./codec.ts";

/** A message that was dealt with. */
export interface Memory {
  readonly messageId: number;
  /** Tells a duplicate from another message that a restarted peer gave the same id. */
  readonly fingerprint: number;
  /** Monotonic milliseconds; after it the id may mean something new. */
  readonly until: number;
  /** The datagram that answered it, byte by byte as Latin-1; undefined where nothing was answered. */
  readonly answer: string | undefined;
}

/** The last few; the oldest is forgotten first. */
export class Remembered {
  // Strings, because a short one costs a third of a short Uint8Array, and thousands of endpoints keep some.
  readonly #memories: Memory[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  find(messageId: number, fingerprint: number, now: number): Memory | undefined {
    for (const memory of this.#memories)
      if (memory.messageId === messageId && memory.fingerprint === fingerprint && memory.until > now) return memory;
    return undefined;
  }

  add(memory: Memory): void {
    if (this.#size === 0) return;
    this.#memories[this.#next] = memory;
    this.#next = (this.#next + 1) % this.#size;
  }
}

/** As an answer is kept. */
export function toMemory(datagram: Uint8Array): string {
  return Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).toString("latin1");
}

/** As it goes out again. */
export function fromMemory(answer: string): Uint8Array {
  return Buffer.from(answer, "latin1");
}

/** Code and token in 31 bits (FNV-1a): equal for duplicates, almost never for anything else. */
export function fingerprintOf({ datagram, tokenLength }: Parsed): number {
  let hash = Math.imul(0x811c9dc5 ^ datagram[1]!, 0x01000193);
  for (let i = 4; i < 4 + tokenLength; i++) hash = Math.imul(hash ^ datagram[i]!, 0x01000193);
  return hash & 0x3fff_ffff;
}
