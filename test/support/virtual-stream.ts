/** Two ends of a stream in memory: bytes arrive in order, whole or in pieces, until one end closes or the line breaks. */

import type { ByteStream } from "../../src/base/byte-stream.ts";

export interface Line {
  readonly near: VirtualStream;
  readonly far: VirtualStream;
}

/** A pair of streams, each the other's end. */
export function line(): Line {
  const near = new VirtualStream();
  const far = new VirtualStream();
  near.peer = far;
  far.peer = near;
  return { near, far };
}

export class VirtualStream implements ByteStream {
  peer: VirtualStream | undefined;
  isOpen = false;
  /** How often it was opened. */
  opened = 0;
  /** Reason for which `open` fails, if it shall. */
  refuse: string | undefined;
  /** Bytes arrive in pieces of this size. */
  pieces = Infinity;
  /** What is written is not taken, as if the peer did not read. */
  full = false;
  /** What is written is taken, and arrives nowhere. */
  deaf = false;
  /** All that was written here, in order. */
  readonly written: Uint8Array[] = [];
  #arriving: Uint8Array[] = [];
  #delivering = false;
  #onBytes: (bytes: Uint8Array) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;

  open(): Promise<void> {
    if (this.refuse !== undefined) return Promise.reject(new Error(this.refuse));
    this.isOpen = true;
    this.opened += 1;
    return Promise.resolve();
  }

  write(bytes: Uint8Array): boolean {
    if (!this.isOpen || this.full) return false;
    const copy = bytes.slice();
    this.written.push(copy);
    if (!this.deaf) this.peer?.arrive(copy);
    return true;
  }

  /** Hands bytes to this end, as if the other had written them: behind what is just being handed over. */
  arrive(bytes: Uint8Array): void {
    this.#arriving.push(bytes);
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#arriving.shift(); next !== undefined; next = this.#arriving.shift())
      for (let at = 0; at < next.length; at += this.pieces)
        this.#onBytes(next.slice(at, Math.min(next.length, at + this.pieces)));
    this.#delivering = false;
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#onBytes = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  /** The line breaks here. */
  fail(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#onClose(reason);
  }

  close(): Promise<void> {
    if (this.isOpen) {
      this.isOpen = false;
      this.peer?.fail("the server closed the connection");
    }
    return Promise.resolve();
  }
}
