/** Sensors that exist nowhere but here: for a first look, for demonstrations and for load tests. */

import { z } from "zod";
import type { Timer } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type Adapter, defineAdapter, type Command, type Host, type Outcome } from "../sdk/adapter.ts";
import { anySeed, seeded } from "./drift.ts";
import { duration, milliseconds } from "./settings.ts";
import { modelOf, numbered, simulated, type Simulated } from "./simulated-devices.ts";
import { simulatedRuuvi, strangerAddress } from "./simulated-ruuvi.ts";

const Config = z.strictObject({
  sensors: z.int().min(0).max(100_000).default(6),
  interval: duration(10, 86_400_000).default("2s"),
  /** `drift`: like real ones. `ts`: the time of day in seconds, modulo 1000. `seq`: 0, 1, 2 and so on. */
  value: z.enum(["drift", "ts", "seq"]).default("drift"),
  /** Bluetooth sensors that nobody has adopted. */
  strangers: z.int().min(0).max(1_000).default(0),
  /** The same seed gives the same values. */
  seed: z.int().min(0).optional(),
});
type Config = z.infer<typeof Config>;

/** One timer serves all sensors; it need not run more often than this. */
const SHORTEST_TICK_MS = 10;
/** However rarely they speak, all introduce themselves at once: nobody wants to wait for the first look. */
const INTRODUCTIONS_MS = 500;

export const simulator = (random: Random) =>
  defineAdapter<Config>({
    id: "simulator",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new Simulation(host, config, random)),
  });

interface Member {
  readonly source: string;
  readonly device: Simulated;
}

type Wish = Parameters<NonNullable<Adapter["interest"]>>[1];

class Simulation implements Adapter {
  readonly #host: Host;
  readonly #members: readonly Member[];
  readonly #intervalMs: number;
  readonly #introductionsMs: number;
  readonly #startedMs: number;
  /** How many turns have been taken since the start: the next is that of member `turns % members`. */
  #turns = 0;
  #timer: Timer | undefined;
  /** Those whose values are wanted at another interval: they take no turns, but have a clock of their own. */
  readonly #own = new Map<Member, Timer>();

  constructor(host: Host, config: Config, random: Random) {
    this.#host = host;
    this.#members = cast(config, seeded(config.seed ?? anySeed(random)));
    this.#intervalMs = milliseconds(config.interval);
    this.#introductionsMs = Math.min(INTRODUCTIONS_MS, this.#intervalMs);
    this.#startedMs = host.clock.monotonic();
    host.signal.addEventListener("abort", () => this.#rest(), { once: true });
    if (this.#members.length > 0) this.#tick();
  }

  health() {
    return { state: "ok" } as const;
  }

  command({ source, payload }: Command): Promise<Outcome> {
    const member = this.#members.find((candidate) => candidate.source === source);
    return Promise.resolve(member ? this.#obey(member, payload) : rejected(`no such simulated sensor: ${source}`));
  }

  /** Speaks no more often than is wanted, and no less. */
  interest(source: string, { minSeconds = 0, maxSeconds = Infinity }: Wish): void {
    const member = this.#members.find((candidate) => candidate.source === source);
    if (member === undefined) return;
    this.#own.get(member)?.cancel();
    this.#own.delete(member);
    const ms = Math.min(Math.max(this.#intervalMs, minSeconds * 1_000), maxSeconds * 1_000);
    if (ms !== this.#intervalMs) this.#every(Math.max(SHORTEST_TICK_MS, ms), member);
  }

  stop(): Promise<void> {
    this.#rest();
    return Promise.resolve();
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const timer of this.#own.values()) timer.cancel();
    this.#own.clear();
  }

  #every(ms: number, member: Member): void {
    const again = () => {
      this.#every(ms, member);
      this.#speak(member, this.#elapsed());
    };
    this.#own.set(member, this.#host.clock.after(ms, again));
  }

  #obey(member: Member, payload: Command["payload"]): Outcome {
    if (member.device.obey === undefined) return rejected(`${member.source} takes no commands`);
    if (payload.kind !== "fields") return rejected(`${member.source} takes fields, not ${payload.kind}`);
    const refusal = member.device.obey(payload.fields);
    if (refusal !== undefined) return rejected(refusal);
    // A device that obeys says so: the new state goes the way of every reading.
    this.#speak(member, this.#elapsed());
    return { status: "done" };
  }

  /** In the first interval all introduce themselves early; from then on sensor i of n speaks i/n into every interval. */
  #tick(): void {
    const elapsed = this.#elapsed();
    const count = this.#members.length;
    const due = elapsed < this.#intervalMs ? this.#introduced(elapsed) : share(elapsed, this.#intervalMs, count);
    // After a pause of the whole process nobody catches up: each sensor speaks once, then as before.
    if (due - this.#turns > count) this.#turns = due - count;
    for (; this.#turns < due; this.#turns++) {
      const member = this.#members[this.#turns % count]!;
      if (!this.#own.has(member)) this.#speak(member, elapsed);
    }
    const round = elapsed < this.#introductionsMs ? this.#introductionsMs : this.#intervalMs;
    this.#timer = this.#host.clock.after(Math.max(SHORTEST_TICK_MS, round / count), () => this.#tick());
  }

  #introduced(elapsed: number): number {
    const count = this.#members.length;
    return Math.min(count, share(elapsed, this.#introductionsMs, count));
  }

  #speak({ source, device }: Member, elapsed: number): void {
    const at = this.#host.clock.now();
    const payload = device.speak(at, elapsed);
    if (payload === undefined) return;
    const rssi = device.rssi?.();
    this.#host.emit(rssi === undefined ? { source, at, payload } : { source, at, payload, rssi });
  }

  #elapsed(): number {
    return this.#host.clock.monotonic() - this.#startedMs;
  }
}

/** How many of `count` have had their turn, `ms` into a round. */
function share(ms: number, round: number, count: number): number {
  return Math.floor((ms / round) * count) + 1;
}

function cast({ sensors, strangers, value }: Config, unit: () => number): Member[] {
  const members: Member[] = [];
  for (let i = 0; i < sensors; i++)
    members.push({
      source: `sim-${i + 1}`,
      device: value === "drift" ? simulated(modelOf(i), unit) : numbered(value),
    });
  for (let i = 0; i < strangers; i++) {
    const source = strangerAddress(i + 1);
    members.push({ source, device: simulatedRuuvi(source, unit) });
  }
  return members;
}

const rejected = (reason: string): Outcome => ({ status: "rejected", reason });
