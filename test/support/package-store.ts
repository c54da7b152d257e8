/** A disk for one package, in the hands of a test: it may be full, small or broken, and outlives what uses it. */

import type { objects } from "../../src/lwm2m/index.ts";

export class MemoryPackageStore implements objects.PackageStore {
  capacity: number;
  /** All states that were saved, the newest last. */
  readonly states: string[] = [];
  /** What the next writes are answered with. */
  trouble: "no-space" | "no-memory" | Error | undefined;
  discards = 0;
  #bytes = new Uint8Array(0);

  constructor(capacity = 100_000) {
    this.capacity = capacity;
  }

  load(): string | undefined {
    return this.states.at(-1);
  }

  save(state: string): void {
    this.states.push(state);
  }

  get size(): number {
    return this.#bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  write(bytes: Uint8Array, offset: number): "no-space" | "no-memory" | undefined {
    if (this.trouble instanceof Error) throw this.trouble;
    if (this.trouble !== undefined) return this.trouble;
    if (offset > this.size) throw new Error(`a gap before ${offset}`);
    this.#bytes = new Uint8Array(Buffer.concat([this.#bytes.subarray(0, offset), bytes]));
    return undefined;
  }

  discard(): void {
    this.discards += 1;
    this.#bytes = new Uint8Array(0);
  }
}

/** Bytes that are all different from their neighbours, so that a mixture shows. */
export function packageOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 0xff);
}
