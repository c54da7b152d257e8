/** Reads one Modbus unit again and again, and passes on what it has read together. */

import type { Timer } from "../../base/clock.ts";
import { notable } from "../../base/notable.ts";
import type { Host } from "../../sdk/adapter.ts";
import { exceptionWords, type Master, verdictOf } from "./pdu.ts";

/** One request, and how often it is made. */
export interface RegisterRead {
  readonly fc: number;
  readonly address: number;
  readonly count: number;
  readonly everySeconds: number;
}

export interface PolledDevice {
  readonly unit: number;
  /** Undefined for one that nobody has described yet: its registers are for those who will. */
  readonly definition: string | undefined;
  /** What it is called upstream. */
  readonly source: string;
}

/** How often servers want it, in seconds. */
export interface Wish {
  readonly minSeconds?: number;
  readonly maxSeconds?: number;
}

/** So many turns without an answer, and it is as good as gone. */
const SILENT = 3;
/** One that does not answer holds up all the others: it is asked ever less often, up to this many times its turn. */
const MOST_SKIPPED = 16;
const LAST_SKIP_MS = 60_000;
/** However often a server wants it: the others on the line have their turns too. */
const OFTENEST_MS = 1_000;

export class Poller {
  readonly unit: number;
  readonly source: string;
  readonly #host: Host;
  readonly #definition: string | undefined;
  /** Requests with the same interval: what belongs together is read together. */
  readonly #turns: ReadonlyMap<number, readonly RegisterRead[]>;
  readonly #timers = new Map<number, Timer>();
  #bus: Master | undefined;
  #wish: Wish = {};
  #misses = 0;
  #refusals = 0;
  /** It has been read at least once: what it refuses now is news. */
  #heard = false;
  #refusal: string | undefined;

  constructor(host: Host, { unit, definition, source }: PolledDevice, reads: readonly RegisterRead[]) {
    this.#host = host;
    this.unit = unit;
    this.source = source;
    this.#definition = definition;
    const turns = new Map<number, RegisterRead[]>();
    for (const read of reads) turns.set(read.everySeconds, [...(turns.get(read.everySeconds) ?? []), read]);
    this.#turns = turns;
  }

  get silent(): boolean {
    // Of one that was never heard, the first turn says enough.
    return this.#misses >= (this.#heard ? SILENT : 1);
  }

  /** Why nothing at all is read from it though it answers; undefined while something is. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** As often as its definition says, but none sooner and none later than is wanted (LwM2M Core 1.2 §5.1.2, epmin and epmax). */
  follow(wish: Wish): void {
    this.#wish = wish;
    const bus = this.#bus;
    if (!bus) return;
    // One whose turn is under way learns of it at its end.
    for (const [seconds, timer] of [...this.#timers]) {
      timer.cancel();
      this.#again(bus, seconds);
    }
  }

  start(bus: Master): void {
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

  async #turn(bus: Master, seconds: number): Promise<void> {
    this.#timers.delete(seconds);
    const values = new Map<string, Uint8Array>();
    const refused = new Map<string, Uint8Array>();
    for (const read of this.#turns.get(seconds) ?? []) {
      const { fc, address, count } = read;
      const answer = await bus.ask({ unit: this.unit, fc, address, count });
      if (this.#bus !== bus) return;
      const verdict = answer.kind === "exception" ? verdictOf(answer.code) : answer.kind;
      if (answer.kind === "exception") this.#refused(read, answer.code);
      if (answer.kind === "answer") values.set(keyOf(read), answer.data);
      else if (verdict === "refused") refused.set(`${keyOf(read)}+${count}`, NOTHING);
      if (verdict === "answer" || verdict === "refused") this.#misses = 0;
      else if (verdict !== "later") {
        this.#misses += 1;
        break;
      }
    }
    if (values.size > 0) {
      this.#heard = true;
      this.#refusal = undefined;
    }
    // Of one that has never said anything, nobody has to be told what it does not say.
    if (this.#heard && values.size + refused.size > 0) {
      const payload = {
        kind: "registers",
        values: new Map([...values, ...refused]),
        ...(this.#definition !== undefined && { device: this.#definition }),
      } as const;
      this.#host.emit({ source: this.source, at: this.#host.clock.now(), payload });
    }
    this.#again(bus, seconds);
  }

  #again(bus: Master, seconds: number): void {
    const { minSeconds = 0, maxSeconds = Infinity } = this.#wish;
    const turnMs = Math.max(OFTENEST_MS, Math.min(Math.max(seconds, minSeconds), maxSeconds) * 1_000);
    const skipped = Math.min(2 ** this.#misses, MOST_SKIPPED);
    const ms = this.#misses === 0 ? turnMs : Math.max(turnMs, Math.min(turnMs * skipped, LAST_SKIP_MS));
    this.#timers.set(
      seconds,
      this.#host.clock.after(ms, () => void this.#turn(bus, seconds)),
    );
  }

  #refused({ fc, address, count }: RegisterRead, code: number): void {
    const why = exceptionWords(code);
    if (!this.#heard) this.#refusal ??= why;
    this.#refusals += 1;
    if (notable(this.#refusals)) this.#host.log.warn("register-refused", { unit: this.unit, fc, address, count, why });
  }
}

const NOTHING = new Uint8Array(0);

/** As the library names a block; one that is refused has `+` and how many there are of it, and no bytes. */
const keyOf = ({ fc, address }: RegisterRead) => `${fc}:0x${address.toString(16).padStart(4, "0")}`;
