/** Reads one Modbus unit again and again, and passes on what it has read together. */

import type { Timer } from "../../base/clock.ts";
import { notable } from "../../base/notable.ts";
import type { Host } from "../../sdk/adapter.ts";
import type { Bus } from "./bus.ts";
import { exceptionWords } from "./rtu.ts";

/** One request, and how often it is made. */
export interface RegisterRead {
  readonly fc: number;
  readonly address: number;
  readonly count: number;
  readonly everySeconds: number;
}

export interface PolledDevice {
  readonly unit: number;
  readonly definition: string;
}

/** So many turns without an answer, and it is as good as gone. */
const SILENT = 3;
/** One that does not answer holds up all the others: it is asked ever less often, up to this many times its turn. */
const MOST_SKIPPED = 16;
const LAST_SKIP_MS = 60_000;

export class Poller {
  readonly unit: number;
  readonly #host: Host;
  readonly #definition: string;
  /** Requests with the same interval: what belongs together is read together. */
  readonly #turns: ReadonlyMap<number, readonly RegisterRead[]>;
  readonly #timers = new Map<number, Timer>();
  #bus: Bus | undefined;
  #misses = 0;
  #refusals = 0;

  constructor(host: Host, { unit, definition }: PolledDevice, reads: readonly RegisterRead[]) {
    this.#host = host;
    this.unit = unit;
    this.#definition = definition;
    const turns = new Map<number, RegisterRead[]>();
    for (const read of reads) turns.set(read.everySeconds, [...(turns.get(read.everySeconds) ?? []), read]);
    this.#turns = turns;
  }

  get silent(): boolean {
    return this.#misses >= SILENT;
  }

  start(bus: Bus): void {
    this.stop();
    this.#bus = bus;
    this.#misses = 0;
    for (const seconds of this.#turns.keys()) void this.#turn(bus, seconds);
  }

  stop(): void {
    this.#bus = undefined;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** Reads what is read most often now. */
  hurry(): void {
    const bus = this.#bus;
    const soonest = Math.min(...this.#turns.keys());
    if (!bus || !this.#timers.has(soonest)) return;
    this.#timers.get(soonest)?.cancel();
    void this.#turn(bus, soonest);
  }

  async #turn(bus: Bus, seconds: number): Promise<void> {
    this.#timers.delete(seconds);
    const values = new Map<string, Uint8Array>();
    for (const { fc, address, count } of this.#turns.get(seconds) ?? []) {
      const answer = await bus.ask({ unit: this.unit, fc, address, count });
      if (this.#bus !== bus) return;
      if (answer.kind === "answer") {
        values.set(`${fc}:0x${address.toString(16).padStart(4, "0")}`, answer.data);
        this.#misses = 0;
      } else if (answer.kind === "exception") this.#refused(fc, address, answer.code);
      else {
        this.#misses += 1;
        break;
      }
    }
    if (values.size > 0) {
      const payload = { kind: "registers", values, device: this.#definition } as const;
      this.#host.emit({ source: String(this.unit), at: this.#host.clock.now(), payload });
    }
    this.#again(bus, seconds);
  }

  #again(bus: Bus, seconds: number): void {
    const skipped = Math.min(2 ** this.#misses, MOST_SKIPPED);
    const ms =
      this.#misses === 0
        ? seconds * 1_000
        : Math.max(seconds * 1_000, Math.min(seconds * 1_000 * skipped, LAST_SKIP_MS));
    this.#timers.set(
      seconds,
      this.#host.clock.after(ms, () => void this.#turn(bus, seconds)),
    );
  }

  #refused(fc: number, address: number, code: number): void {
    this.#misses = 0;
    this.#refusals += 1;
    if (notable(this.#refusals))
      this.#host.log.warn("register-refused", { unit: this.unit, fc, address, why: exceptionWords(code) });
  }
}
