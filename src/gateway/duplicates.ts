/** Radio repeats itself: the same message heard again is one message. */

import type { Payload } from "../sdk/adapter.ts";

/** How long the same advert counts as a repetition. */
export const REPETITION_MS = 2_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A number that tells adverts apart, or undefined for other payloads: what came over a cable, a line or a broker twice
 * was said twice, and may mean it (a button pressed again).
 */
export function fingerprint(payload: Payload): number | undefined {
  if (payload.kind !== "advert") return undefined;
  let hash = FNV_OFFSET;
  for (const [company, data] of payload.manufacturer) hash = hashBytes(Math.imul(hash ^ company, FNV_PRIME), data);
  for (const [uuid, data] of payload.services) hash = hashBytes(hashText(hash, uuid), data);
  return hash;
}

/** Prints that one sensor's adverts alternate between; more are further apart than a repetition. */
const MAX_ECHOES = 8;

/** Adverts that are still being repeated, however long that goes on: a press is heard for seconds, and is one press. */
export class Echoes {
  readonly #heardMs = new Map<number, number>();

  /** Whether an advert of this print is the one that was heard a moment ago. */
  isEcho(print: number, now: number): boolean {
    const before = this.#heardMs.get(print);
    this.#heardMs.delete(print);
    this.#heardMs.set(print, now);
    if (this.#heardMs.size > MAX_ECHOES)
      for (const oldest of this.#heardMs.keys()) {
        this.#heardMs.delete(oldest);
        break;
      }
    return before !== undefined && now - before < REPETITION_MS;
  }
}

function hashBytes(hash: number, bytes: Uint8Array): number {
  let result = hash;
  for (let i = 0; i < bytes.length; i++) result = Math.imul(result ^ bytes[i]!, FNV_PRIME);
  return result;
}

function hashText(hash: number, text: string): number {
  let result = hash;
  for (let i = 0; i < text.length; i++) result = Math.imul(result ^ text.charCodeAt(i), FNV_PRIME);
  return result;
}
