/** Serial lines: a fresh port object for each opening, nothing left unheard, an unplugged adapter noticed. */

import { access } from "node:fs/promises";
import type { Clock, Timer } from "../base/clock.ts";
import { codeOf, words } from "../base/errors.ts";

export interface SerialSettings {
  readonly path: string;
  /** Bits per second. */
  readonly baud: number;
  /** 8 data bits, no parity and 1 stop bit unless said otherwise. */
  readonly dataBits?: 7 | 8;
  readonly parity?: "none" | "even" | "odd";
  readonly stopBits?: 1 | 2;
}

/** An open serial line. Once closed, by us or by the world, it stays closed. */
export interface SerialLine {
  readonly isOpen: boolean;
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called once, with the reason in words; not called after `close()`. */
  onClose(listener: (reason: string) => void): void;
  /** Settles when the bytes have left for the device. @throws Error if they cannot. */
  write(bytes: Uint8Array): Promise<void>;
  /** Safe to call twice; never rejects. */
  close(): Promise<void>;
}

/** @throws Error in words that a person understands. */
export type OpenSerial = (settings: SerialSettings) => Promise<SerialLine>;

/** What we use of a port of `serialport`; tests play it. */
export interface Port {
  readonly isOpen: boolean;
  open(callback: (error: Error | null) => void): void;
  close(callback: (error: Error | null) => void): void;
  write(bytes: Uint8Array, callback: (error: Error | null | undefined) => void): boolean;
  drain(callback: (error: Error | null) => void): void;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "close", listener: (error?: Error | null) => void): unknown;
}

export interface SerialDriver {
  /** A fresh port object, not open yet. */
  port(settings: SerialSettings): Promise<Port>;
  exists(path: string): Promise<boolean>;
}

/** Not every unplugged adapter is reported: its path is looked for as often as this. */
const PRESENCE_MS = 2_000;

/** Opens serial lines through `serialport`, which is loaded with the first of them. */
export function serialLines(clock: Clock, driver: SerialDriver = serialport): OpenSerial {
  return async (settings) => {
    const port = await driver.port(settings);
    const line = new OpenedLine(port, settings.path, clock, driver);
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error) reject(new Error(openError(error, settings.path)));
        else resolve();
      });
    });
    line.watch();
    return line;
  };
}

class OpenedLine implements SerialLine {
  readonly #port: Port;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #driver: SerialDriver;
  #onData: ((chunk: Uint8Array) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #presence: Timer | undefined;
  #over = false;

  constructor(port: Port, path: string, clock: Clock, driver: SerialDriver) {
    this.#port = port;
    this.#path = path;
    this.#clock = clock;
    this.#driver = driver;
    // A port without a data listener does not notice that it is unplugged; one without an error listener ends the process.
    port.on("data", (chunk) => this.#onData?.(chunk));
    port.on("error", (error) => this.#end(words(error)));
    port.on("close", (error) => this.#end(error ? "the device was unplugged" : "the port was closed"));
  }

  get isOpen(): boolean {
    return !this.#over && this.#port.isOpen;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#onData = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  watch(): void {
    this.#presence = this.#clock.after(PRESENCE_MS, () => {
      void this.#driver.exists(this.#path).then((present) => {
        if (this.#over) return;
        if (present) this.watch();
        else this.#end("the device was unplugged");
      });
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen) return Promise.reject(new Error(`${this.#path} is closed`));
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null | undefined) => (error ? reject(error) : resolve());
      this.#port.write(bytes, (error) => {
        if (error) settle(error);
        else this.#port.drain(settle);
      });
    });
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#presence?.cancel();
    if (this.#port.isOpen) await new Promise<void>((resolve) => this.#port.close(() => resolve()));
  }

  /** A port that is unplugged may emit an error and two closes; the line ends once. */
  #end(reason: string): void {
    if (this.#over) return;
    void this.close();
    this.#onClose?.(reason);
  }
}

/** What the operating system says, and what to do about it. */
function openError(error: Error, path: string): string {
  const { message } = error;
  if (/cannot lock port/i.test(message)) return `${path} is in use by another program`;
  const code = codeOf(error) ?? message;
  if (/ENOENT|no such file/i.test(code + message)) return `${path} is not there: is the device plugged in?`;
  if (/EACCES|EPERM|permission denied/i.test(code + message))
    return `no permission to open ${path}: add the service's user to the group that owns it (dialout)`;
  return `${path}: ${words(error)}`;
}

const serialport: SerialDriver = {
  async port({ path, baud, ...bits }) {
    const { SerialPort } = await import("serialport");
    return new SerialPort({ path, baudRate: baud, ...bits, autoOpen: false });
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
};

/** Whether a device file is there: looking costs nothing, opening may wake what is behind it. */
export const deviceExists = (path: string): Promise<boolean> => serialport.exists(path);
