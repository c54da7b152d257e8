/** A Bluetooth LE radio that only listens: adverts come out, and when it cannot listen it says why and tries again. */

import { backoffMs } from "../base/backoff.ts";
import { DecodeError } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { type Log, silentLog } from "../base/log.ts";
import { notable } from "../base/notable.ts";
import type { Random } from "../base/random.ts";
import { type AdvertData, decodeAdvertData } from "./advert.ts";
import { type ControllerSocket, inWords, nativeController, RadioError } from "./hci-controller.ts";
import { H4Socket } from "./hci-h4.ts";
import { type Report, ReportDecoder } from "./hci-events.ts";
import { HciSession } from "./hci-session.ts";
import type { OpenSerial } from "./serial.ts";

export interface Advert extends AdvertData {
  /** `CB:B8:33:4C:88:4F`. */
  readonly address: string;
  readonly random: boolean;
  readonly scanResponse: boolean;
  /** dBm. */
  readonly rssi?: number;
}

export type RadioHealth = { readonly state: "ok" } | { readonly state: "degraded" | "down"; readonly reason: string };

export interface RadioCounters {
  adverts: number;
  /** Events and adverts that did not follow their format. */
  malformed: number;
  truncated: number;
  anonymous: number;
  /** Scans begun again because nothing was heard. */
  restarts: number;
}

export interface Radio {
  onAdvert(listener: (advert: Advert) => void): void;
  health(): RadioHealth;
  readonly counters: Readonly<RadioCounters>;
  /** Safe to call twice; never rejects. */
  close(): Promise<void>;
}

export interface RadioSettings {
  /** `hci0`, or the path of a serial line with a controller at its end. */
  readonly device: string;
  /** Bits per second of a serial line. */
  readonly baud: number;
  /** Nothing heard for so long: the scan is begun again. */
  readonly silenceMs: number;
}

/** Never fails: what is wrong is told by `health()`, and tried again later and later. */
export type OpenRadio = (settings: RadioSettings) => Radio;

export interface RadioDrivers {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly openSerial: OpenSerial;
  /** The kernel's socket; tests hand in a controller that they play. */
  readonly native?: () => ControllerSocket;
}

/** Radios of this machine. Nothing of Bluetooth is loaded before the first is opened. */
export const radios =
  (drivers: RadioDrivers): OpenRadio =>
  (settings) => {
    const radio = new ListeningRadio(settings, drivers);
    radio.open();
    return radio;
  };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const LOOK_MS = 10_000;
/** So many scans begun again in vain, and the controller is opened anew. */
const MAX_RESTARTS = 4;

class ListeningRadio implements Radio {
  readonly counters: RadioCounters = { adverts: 0, malformed: 0, truncated: 0, anonymous: 0, restarts: 0 };
  readonly #settings: RadioSettings;
  readonly #drivers: RadioDrivers;
  readonly #log: Log;
  #listener: ((advert: Advert) => void) | undefined;
  readonly #decoder = new ReportDecoder();
  #session: HciSession | undefined;
  #release: (() => Promise<void>) | undefined;
  #health: RadioHealth = { state: "degraded", reason: "starting" };
  #failures = 0;
  /** Scans begun again since the last advert. */
  #inVain = 0;
  #silent = false;
  #heardAt = 0;
  #retry: Timer | undefined;
  #look: Timer | undefined;
  #closed = false;

  constructor(settings: RadioSettings, drivers: RadioDrivers) {
    this.#settings = settings;
    this.#drivers = drivers;
    this.#log = drivers.log ?? silentLog;
  }

  open(): void {
    void this.#open();
  }

  onAdvert(listener: (advert: Advert) => void): void {
    this.#listener = listener;
  }

  health(): RadioHealth {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#drop();
  }

  async #open(): Promise<void> {
    const { device } = this.#settings;
    try {
      const { socket, number, release } = await this.#controller();
      this.#release = release;
      if (this.#closed) {
        await this.#drop();
        return;
      }
      this.#session = new HciSession({
        socket,
        device,
        number,
        clock: this.#drivers.clock,
        onReport: (packet) => this.#hear(packet),
        onScanning: () => this.#scanning(),
        onFailure: (reason) => this.#fail(reason),
      });
      this.#session.open();
    } catch (error) {
      this.#fail(inWords(error, device));
    }
  }

  async #controller(): Promise<{ socket: ControllerSocket; number: number; release: () => Promise<void> }> {
    const { device, baud } = this.#settings;
    if (device.startsWith("/")) {
      const line = await this.#drivers.openSerial({ path: device, baud });
      return { socket: new H4Socket(line), number: 0, release: () => line.close() };
    }
    const number = /^hci(\d{1,3})$/.exec(device)?.[1];
    if (number === undefined) throw new RadioError(`"${device}" is no Bluetooth device: write hci0, or /dev/...`);
    const socket = (this.#drivers.native ?? nativeController)();
    return { socket, number: Number(number), release: () => Promise.resolve() };
  }

  #hear(packet: Buffer): void {
    const { clock } = this.#drivers;
    const reports = this.#decoded(() => this.#decoder.decode(packet, clock.monotonic())) ?? [];
    for (const report of reports) this.#report(report);
    this.counters.truncated = this.#decoder.truncated;
    this.counters.anonymous = this.#decoder.anonymous;
  }

  #report({ address, random, scanResponse, rssi, data }: Report): void {
    this.#heardAt = this.#drivers.clock.monotonic();
    this.#inVain = 0;
    this.#silent = false;
    if (this.#health.state !== "ok") this.#health = { state: "ok" };
    const said = this.#decoded(() => decodeAdvertData(data));
    if (said === undefined) return;
    this.counters.adverts += 1;
    const heard = rssi === undefined ? { address, random, scanResponse } : { address, random, scanResponse, rssi };
    this.#listener?.({ ...heard, ...said });
  }

  /** Anyone within earshot can send malformed adverts: they are counted, and cost nothing else. */
  #decoded<T>(decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.counters.malformed += 1;
      const count = this.counters.malformed;
      if (notable(count)) this.#log.warn("advert-malformed", { device: this.#settings.device, error, count });
      return undefined;
    }
  }

  #scanning(): void {
    this.#failures = 0;
    if (this.#look !== undefined) return;
    if (!this.#silent) this.#health = { state: "ok" };
    this.#heardAt = this.#drivers.clock.monotonic();
    this.#log.info("radio-listening", { device: this.#settings.device });
    this.#watchSilence();
  }

  /** Scans stop without a word, on every kind of controller: silence is the only sign. */
  #watchSilence(): void {
    this.#look = this.#drivers.clock.after(LOOK_MS, () => {
      const { silenceMs, device } = this.#settings;
      const now = this.#drivers.clock.monotonic();
      if (now - this.#heardAt >= silenceMs) {
        const seconds = Math.round(silenceMs / 1_000);
        this.#health = {
          state: "degraded",
          reason: `${device} has heard no advertisement for ${seconds} s, and scans again: is anything near, is the antenna connected?`,
        };
        this.#heardAt = now;
        this.counters.restarts += 1;
        this.#inVain += 1;
        this.#silent = true;
        if (this.#inVain > MAX_RESTARTS) {
          this.#reopen();
          return;
        }
        this.#session?.restart();
      }
      this.#watchSilence();
    });
  }

  #reopen(): void {
    this.#inVain = 0;
    void this.#drop().then(() => {
      if (!this.#closed) this.open();
    });
  }

  #fail(reason: RadioError): void {
    this.#health = { state: "down", reason: reason.message };
    if (this.#closed) return;
    const { clock, random } = this.#drivers;
    const wait = backoffMs(this.#failures, { first: FIRST_RETRY_MS, max: LAST_RETRY_MS, random });
    this.#failures += 1;
    void this.#drop();
    this.#retry?.cancel();
    this.#retry = clock.after(wait, () => this.open());
  }

  async #drop(): Promise<void> {
    this.#look?.cancel();
    this.#look = undefined;
    this.#session?.close();
    this.#session = undefined;
    const release = this.#release;
    this.#release = undefined;
    await release?.();
  }
}
