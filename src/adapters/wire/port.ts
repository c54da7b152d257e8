/** Keeps a serial port open: waits for a device that is not there, tries again after a failure, notices when it goes. */

import { z } from "zod";
import { backoffMs } from "../../base/backoff.ts";
import type { Timer } from "../../base/clock.ts";
import { words } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { OpenSerial, SerialLine, SerialSettings } from "../../io/serial.ts";
import type { Host } from "../../sdk/adapter.ts";

export interface SerialDrivers {
  readonly random: Random;
  readonly openSerial: OpenSerial;
  readonly deviceExists: (path: string) => Promise<boolean>;
}

/** What every adapter on a serial line is told about its port. */
export const portSettings = {
  path: z.string().min(1),
  baud: z.int().min(50).max(4_000_000).default(9_600),
  data_bits: z.literal([7, 8]).optional(),
  parity: z.enum(["none", "even", "odd"]).optional(),
  stop_bits: z.literal([1, 2]).optional(),
};
export type PortSettings = z.infer<z.ZodObject<typeof portSettings>>;

/** How often an absent device is looked for: it is read again within two seconds of its return. */
const LOOK_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface PortListener {
  /** A fresh line: nothing that was heard before belongs to it. */
  opened(line: SerialLine): void;
  closed(reason: string): void;
}

export class Port {
  readonly #host: Host;
  readonly #settings: PortSettings;
  readonly #drivers: SerialDrivers;
  readonly #listener: PortListener;
  #line: SerialLine | undefined;
  #reason = "opening";
  #failures = 0;
  #retryAt = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(host: Host, settings: PortSettings, drivers: SerialDrivers, listener: PortListener) {
    this.#host = host;
    this.#settings = settings;
    this.#drivers = drivers;
    this.#listener = listener;
  }

  /** Undefined while it is not open; then `reason` says why. */
  get line(): SerialLine | undefined {
    return this.#line;
  }

  get reason(): string {
    return this.#reason;
  }

  start(): void {
    void this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }

  /** This line is of no use any more: a fresh one is opened in a second. */
  giveUp(reason: string): void {
    const line = this.#line;
    if (line === undefined) return;
    // A line that we close ourselves says nothing of it.
    void line.close();
    this.#lost(reason);
  }

  /** Opens the port if it is there and its time has come; looks again in a second if not. */
  async #look(): Promise<void> {
    const { path } = this.#settings;
    const present = await this.#drivers.deviceExists(path);
    if (this.#stopped) return;
    if (!present) {
      this.#reason = `${path} is not there: is the device plugged in?`;
      // Whatever was wrong with it: what is plugged in anew gets a new chance at once.
      this.#retryAt = 0;
      this.#failures = 0;
    } else if (this.#host.clock.monotonic() >= this.#retryAt) {
      if (await this.#open()) return;
    }
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#timer = this.#host.clock.after(LOOK_MS, () => void this.#look());
  }

  /** Whether there is no more to be done. */
  async #open(): Promise<boolean> {
    try {
      const line = await this.#drivers.openSerial(lineSettings(this.#settings));
      if (this.#stopped) await line.close();
      else this.#opened(line);
      return true;
    } catch (error) {
      this.#reason = words(error);
      const { random } = this.#drivers;
      const wait = backoffMs(this.#failures, { first: LOOK_MS, max: LAST_RETRY_MS, random });
      this.#retryAt = this.#host.clock.monotonic() + wait;
      this.#failures += 1;
      return this.#stopped;
    }
  }

  #opened(line: SerialLine): void {
    this.#line = line;
    this.#failures = 0;
    this.#host.log.info("port-open", { path: this.#settings.path });
    line.onClose((reason) => {
      if (this.#line === line) this.#lost(reason);
    });
    this.#listener.opened(line);
  }

  #lost(reason: string): void {
    this.#line = undefined;
    this.#reason = `${this.#settings.path}: ${reason}`;
    this.#listener.closed(reason);
    if (!this.#stopped) this.#lookAgain();
  }
}

/** Only what differs from the usual is asked of the driver. */
function lineSettings({ path, baud, data_bits, parity, stop_bits }: PortSettings): SerialSettings {
  return {
    path,
    baud,
    ...(data_bits !== undefined && { dataBits: data_bits }),
    ...(parity !== undefined && { parity }),
    ...(stop_bits !== undefined && { stopBits: stop_bits }),
  };
}
