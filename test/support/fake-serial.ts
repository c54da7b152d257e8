/** Serial lines and ports in memory: tests speak through them, unplug them, and read what was written. */

import { EventEmitter } from "node:events";
import { toHex } from "../../src/base/bytes.ts";
import type { OpenSerial, Port, SerialDriver, SerialLine, SerialSettings } from "../../src/io/serial.ts";

/** An open line. */
export class FakeLine implements SerialLine {
  isOpen = true;
  readonly written: Uint8Array[] = [];
  failWrites: string | undefined;
  /** Writes never end, as with a device that holds the flow. */
  stall = false;
  onWrite: (bytes: Uint8Array) => void = () => undefined;
  #onData: (chunk: Uint8Array) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#onData = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.failWrites !== undefined) return Promise.reject(new Error(this.failWrites));
    if (this.stall) return new Promise(() => undefined);
    this.written.push(Uint8Array.from(bytes));
    this.onWrite(bytes);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }

  /** The device speaks. */
  hear(chunk: Uint8Array | string): void {
    this.#onData(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  }

  unplug(reason = "the device was unplugged"): void {
    this.isOpen = false;
    this.#onClose(reason);
  }

  writtenHex(): string[] {
    return this.written.map((bytes) => toHex(bytes));
  }

  writtenText(): string[] {
    return this.written.map((bytes) => new TextDecoder().decode(bytes));
  }
}

/** A place where a device may be plugged in: each opening gives a fresh line. */
export class FakeSocket {
  readonly lines: FakeLine[] = [];
  present = true;
  refuse: string | undefined;
  asked: SerialSettings[] = [];

  readonly open: OpenSerial = async (settings) => {
    this.asked.push(settings);
    if (this.refuse !== undefined) throw new Error(this.refuse);
    const line = new FakeLine();
    this.lines.push(line);
    return line;
  };

  readonly exists = async (): Promise<boolean> => this.present;

  get line(): FakeLine {
    const last = this.lines.at(-1);
    if (last === undefined) throw new Error("no line was opened");
    return last;
  }
}

/** A port object as the driver gives it, before anyone has put order into its events. */
export class FakePort extends EventEmitter implements Port {
  isOpen = false;
  openError: Error | null = null;
  writeError: Error | null = null;
  readonly written: Uint8Array[] = [];

  open(callback: (error: Error | null) => void): void {
    this.isOpen = this.openError === null;
    queueMicrotask(() => callback(this.openError));
  }

  close(callback: (error: Error | null) => void): void {
    this.isOpen = false;
    queueMicrotask(() => {
      this.emit("close");
      callback(null);
    });
  }

  write(bytes: Uint8Array, callback: (error: Error | null | undefined) => void): boolean {
    this.written.push(bytes);
    queueMicrotask(() => callback(this.writeError));
    return true;
  }

  drain(callback: (error: Error | null) => void): void {
    queueMicrotask(() => callback(null));
  }
}

export class FakeSerialDriver implements SerialDriver {
  readonly ports: FakePort[] = [];
  present = true;
  /** Called with each fresh port, before it is opened. */
  prepare: (port: FakePort) => void = () => undefined;

  async port(): Promise<FakePort> {
    const port = new FakePort();
    this.ports.push(port);
    this.prepare(port);
    return port;
  }

  async exists(): Promise<boolean> {
    return this.present;
  }
}
