/** Cuts a stream of bytes into frames, however the bytes arrive, and finds its way again after anything else. */

import { copyOf } from "../../base/bytes.ts";

/** What the bytes heard so far begin with: a frame, nothing of use, or something that is not complete yet. */
export type Step = { readonly take: number } | { readonly drop: number } | undefined;

/** Looks at the beginning only; takes and drops at least one byte. */
export type Find = (bytes: Uint8Array) => Step;

export class Cutter {
  readonly #find: Find;
  readonly #most: number;
  #pending: Uint8Array = new Uint8Array(0);
  /** Bytes that belonged to no frame. */
  dropped = 0;

  /** `most`: bytes of the longest frame; what begins like one and gets longer is none. */
  constructor(find: Find, most: number) {
    this.#find = find;
    this.#most = most;
  }

  /** Frames that are complete now, as bytes of their own. */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    // A chunk may be of any size: what is kept of it is not.
    for (let at = 0; at < chunk.length; at += this.#most) this.#take(chunk.subarray(at, at + this.#most), frames);
    return frames;
  }

  #take(chunk: Uint8Array, frames: Uint8Array[]): void {
    const bytes = joined(this.#pending, chunk);
    let from = 0;
    while (from < bytes.length) {
      const rest = bytes.subarray(from);
      const step = this.#find(rest) ?? (rest.length > this.#most ? { drop: 1 } : undefined);
      if (step === undefined) break;
      if ("take" in step) {
        frames.push(copyOf(rest.subarray(0, step.take)));
        from += step.take;
      } else {
        this.dropped += step.drop;
        from += step.drop;
      }
    }
    this.#pending = copyOf(bytes.subarray(from));
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Where `wanted` stands in the bytes, from a place on; -1 if it does not. */
export function indexOf(bytes: Uint8Array, wanted: Uint8Array, from = 0): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(wanted, from);
}

/** Drops what stands before the next beginning; of bytes without one, all that cannot be the first part of it. */
export function toStart(bytes: Uint8Array, start: Uint8Array, from = 0): Step {
  const at = indexOf(bytes, start, from);
  if (at === 0) return undefined;
  if (at > 0) return { drop: at };
  for (let kept = Math.min(start.length - 1, bytes.length - from); kept > 0; kept--)
    if (indexOf(bytes.subarray(bytes.length - kept), start.subarray(0, kept)) === 0)
      return bytes.length > kept ? { drop: bytes.length - kept } : undefined;
  return { drop: bytes.length };
}

/** Whether bytes stand at a place, as far as any stand there. */
export const beginsWith = (bytes: Uint8Array, wanted: Uint8Array): boolean =>
  wanted.every((byte, i) => i >= bytes.length || bytes[i] === byte);
