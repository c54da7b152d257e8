/** Two ends of a wire in memory: datagrams arrive at once, late, twice or never, as the test says. */

import type { Transport } from "../../src/base/transport.ts";

type Fate = "deliver" | "drop" | "duplicate";

export interface Wire {
  readonly near: VirtualTransport;
  readonly far: VirtualTransport;
}

/** A pair of transports, each the other's peer. */
export function wire(maxDatagram = 1_280): Wire {
  const near = new VirtualTransport(maxDatagram);
  const far = new VirtualTransport(maxDatagram);
  near.peer = far;
  far.peer = near;
  return { near, far };
}

export class VirtualTransport implements Transport {
  readonly maxDatagram: number;
  peer: VirtualTransport | undefined;
  /** All that was sent from here, delivered or not. */
  readonly sent: Uint8Array[] = [];
  /** Decides what happens to each datagram sent from here. */
  fate: (datagram: Uint8Array, index: number) => Fate = () => "deliver";
  isOpen = false;
  renewed = 0;
  /** Reason for which `open` fails, if it shall. */
  refuse: string | undefined;
  #onDatagram: (datagram: Uint8Array) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;
  #onUnreachable: () => void = () => undefined;

  constructor(maxDatagram: number) {
    this.maxDatagram = maxDatagram;
  }

  open(): Promise<void> {
    if (this.refuse !== undefined) return Promise.reject(new Error(this.refuse));
    this.isOpen = true;
    return Promise.resolve();
  }

  send(datagram: Uint8Array): void {
    const copy = datagram.slice();
    const fate = this.fate(copy, this.sent.length);
    this.sent.push(copy);
    if (fate === "drop") return;
    this.peer?.receive(copy);
    if (fate === "duplicate") this.peer?.receive(copy.slice());
  }

  /** Hands a datagram to this end, as if the peer had sent it. */
  receive(datagram: Uint8Array): void {
    this.#onDatagram(datagram);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  onUnreachable(listener: () => void): void {
    this.#onUnreachable = listener;
  }

  /** The peer's host says that its port is closed. */
  unreachable(): void {
    this.#onUnreachable();
  }

  /** The wire breaks. */
  fail(reason: string): void {
    this.isOpen = false;
    this.#onClose(reason);
  }

  renew(): Promise<void> {
    this.renewed += 1;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }
}
