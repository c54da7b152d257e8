/** Runs one adapter: performs what the table of its life says, counts its frames, limits its commands. */

import { type BackoffOptions, backoffMs } from "../base/backoff.ts";
import type { Clock, Stamp, Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import {
  type Adapter,
  type AdapterPlugin,
  type Command,
  type Frame,
  type Health,
  type Outcome,
} from "../sdk/adapter.ts";
import { complaint } from "./bounds.ts";
import { attempt, guardedClock, within } from "./guard.ts";
import { type Life, type LifeEffect, type LifeEvent, type LifeTimes, next, OFF } from "./life.ts";

export interface RunnerOptions {
  readonly name: string;
  readonly type: string;
  readonly settings: unknown;
  readonly plugin: AdapterPlugin<unknown>;
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  readonly log: Log;
  readonly onFrame: (frame: Frame) => void;
}

/** What the outside may know of an adapter. */
export type AdapterHealth = Health & {
  readonly type: string;
  readonly frames: number;
  readonly lastFrameAt?: Stamp;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Frames that broke the bounds. */
  readonly refused: number;
};

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
/** The adapter keeps the command's own limit; this much later the host stops waiting for it. */
const COMMAND_GRACE_MS = 250;
const MAX_COMMAND_MS = 120_000;
const MAX_COMMANDS = 64;
/** Sources of which wishes are remembered: more than any gateway has. */
const MAX_WISHES = 100_000;

/** How often new values are wanted, as the plugin API has it. */
export type Wish = Parameters<NonNullable<Adapter["interest"]>>[1];

export class Runner {
  readonly #options: RunnerOptions;
  readonly #times: LifeTimes;
  #life: Life = OFF;
  #adapter: Adapter | undefined;
  #controller = new AbortController();
  #timer: Timer | undefined;
  #ending: Promise<void> = Promise.resolve();
  #frames = 0;
  #refused = 0;
  #begun = 0;
  #commands = 0;
  #lastFrameAt: Stamp | undefined;
  #lastSaid = "";
  /** By source, for an adapter that starts again; undefined where nobody wishes anything, as mostly. */
  #wishes: Map<string, Wish> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#times = {
      retryMs: (failures) => backoffMs(failures, options.backoff),
      crashes: 5,
      withinMs: 600_000,
      quarantineMs: 600_000,
      settledMs: 60_000,
    };
  }

  start(): void {
    this.#run({ type: "start" });
  }

  /** Settles when the adapter has given back what it held, or has had its time. Never rejects. */
  stop(): Promise<void> {
    this.#run({ type: "stop" });
    return this.#ending;
  }

  health(): AdapterHealth {
    const { type } = this.#options;
    const counts = { type, frames: this.#frames, restarts: Math.max(0, this.#begun - 1), refused: this.#refused };
    const health = this.#health();
    return this.#lastFrameAt ? { ...health, ...counts, lastFrameAt: this.#lastFrameAt } : { ...health, ...counts };
  }

  /** Looks at the health; a change is logged once. */
  look(): void {
    const health = this.#health();
    const said = health.state === "ok" ? "ok" : `${health.state}: ${health.reason}`;
    if (said === this.#lastSaid) return;
    this.#lastSaid = said;
    const { log } = this.#options;
    if (health.state === "ok") log.info("adapter-ok");
    else log[this.#isExpected() ? "debug" : "warn"](`adapter-${health.state}`, { reason: health.reason });
  }

  /** The first beginning and the stop that was asked for are no trouble. */
  #isExpected(): boolean {
    const life = this.#life;
    return life.name === "off" || (life.name !== "running" && life.past.reason === undefined);
  }

  /** Hands a wish on, and again to an adapter that starts later. */
  interest(source: string, wish: Wish): void {
    if (wish.minSeconds === undefined && wish.maxSeconds === undefined) this.#wishes?.delete(source);
    else if ((this.#wishes?.size ?? 0) < MAX_WISHES) (this.#wishes ??= new Map()).set(source, wish);
    this.#tell(source, wish);
  }

  /** Settles once, within the command's own time limit and a little. Never rejects. */
  async command(command: Command, signal: AbortSignal): Promise<Outcome> {
    const adapter = this.#adapter;
    const { name, clock, log } = this.#options;
    if (adapter === undefined) return { status: "rejected", reason: `${name} is not running` };
    if (adapter.command === undefined) return { status: "rejected", reason: `${name} takes no commands` };
    if (this.#commands >= MAX_COMMANDS) return { status: "rejected", reason: `${name} is busy` };
    if (signal.aborted) return { status: "timeout" };

    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort, { once: true });
    this.#commands += 1;
    try {
      const limit = Math.min(command.timeoutMs, MAX_COMMAND_MS);
      const work = attempt(async () => await adapter.command?.({ ...command, timeoutMs: limit }, controller.signal));
      const ending = await within(clock, limit + COMMAND_GRACE_MS, work);
      if (ending.status === "value") return ending.value ?? { status: "timeout" };
      if (ending.status === "late") return { status: "timeout" };
      log.error("command-failed", { source: command.source, error: ending.error });
      return { status: "rejected", reason: words(ending.error) };
    } finally {
      this.#commands -= 1;
      controller.abort();
      signal.removeEventListener("abort", abort);
    }
  }

  #run(event: LifeEvent): void {
    const [life, ...effects] = next(this.#life, event, this.#times);
    if (life === this.#life) return;
    this.#life = life;
    this.#timer?.cancel();
    for (const effect of effects) this.#perform(effect);
    this.look();
  }

  #perform(effect: LifeEffect): void {
    switch (effect.do) {
      case "begin":
        this.#begun += 1;
        // One at a time: a port must be given back before it is opened again.
        void this.#ending.then(() => this.#begin());
        break;
      case "end":
        this.#end();
        break;
      case "set-timer":
        this.#timer = this.#options.clock.after(effect.ms, () => this.#run({ type: "timer" }));
    }
  }

  async #begin(): Promise<void> {
    if (this.#life.name !== "starting") return;
    const { plugin, settings, clock, log } = this.#options;
    const controller = new AbortController();
    this.#controller = controller;
    const { signal } = controller;
    const crashed = (error: unknown) => {
      log.error("adapter-crashed", { error });
      if (!signal.aborted) this.#run({ type: "crashed", reason: words(error), at: clock.monotonic() });
    };
    const host = {
      signal,
      clock: guardedClock(clock, signal, crashed),
      log,
      emit: (frame: Frame) => signal.aborted || this.#take(frame),
    };
    const work = attempt(() => plugin.start(host, plugin.config.parse(settings)));
    const ending = await within(clock, START_LIMIT_MS, work);
    // Stopped meanwhile, or late: what still comes to life is laid to rest at once.
    if (signal.aborted || ending.status === "late") void work.then(rest, () => undefined);
    if (signal.aborted) return;
    if (ending.status === "value") {
      this.#adapter = ending.value;
      this.#run({ type: "started", at: clock.monotonic() });
      for (const [source, wish] of this.#wishes ?? []) this.#tell(source, wish);
    } else {
      const reason = ending.status === "late" ? "did not start within 30 s" : inWords(ending.error);
      this.#run({ type: "failed", reason });
    }
  }

  /** An adapter that cannot bear a wish works on without it. */
  #tell(source: string, wish: Wish): void {
    try {
      this.#adapter?.interest?.(source, wish);
    } catch (error) {
      this.#options.log.error("interest-failed", { source, error });
    }
  }

  #end(): void {
    const { clock, log } = this.#options;
    const adapter = this.#adapter;
    this.#adapter = undefined;
    this.#controller.abort();
    if (adapter === undefined) return;
    this.#ending = within(
      clock,
      STOP_LIMIT_MS,
      attempt(() => adapter.stop()),
    ).then((ending) => {
      if (ending.status === "late") log.error("adapter-stop-late", { limitMs: STOP_LIMIT_MS });
      if (ending.status === "error") log.error("adapter-stop-failed", { error: ending.error });
    });
  }

  #take(frame: Frame): void {
    const wrong = complaint(frame);
    if (wrong !== undefined) {
      this.#refused += 1;
      this.#options.log.warn("frame-refused", { source: frame.source.slice(0, 64), reason: wrong });
      return;
    }
    this.#frames += 1;
    this.#lastFrameAt = frame.at;
    this.#options.onFrame(frame);
  }

  #health(): Health {
    const life = this.#life;
    if (life.name === "off") return { state: "down", reason: "stopped" };
    if (life.name === "quarantined")
      return { state: "down", reason: `crashed again and again, tried every 10 minutes now: ${life.past.reason}` };
    // While it is tried again, what went wrong the last time is still the best that can be said.
    if (life.name !== "running") return starting(life.past.reason);
    try {
      return this.#adapter?.health() ?? starting();
    } catch (error) {
      this.#options.log.error("adapter-crashed", { error });
      this.#run({ type: "crashed", reason: words(error), at: this.#options.clock.monotonic() });
      return { state: "down", reason: words(error) };
    }
  }
}

const starting = (reason?: string): Health =>
  reason === undefined ? { state: "degraded", reason: "starting" } : { state: "down", reason };

const rest = (adapter: Adapter): Promise<void> => adapter.stop().catch(() => undefined);

/** Settings are checked by schemas, whose errors carry a list of issues; everything else has a message. */
function inWords(error: unknown): string {
  if (!(error instanceof Error) || !("issues" in error) || !Array.isArray(error.issues)) return words(error);
  return error.issues.map(issueInWords).join("; ");
}

function issueInWords(issue: unknown): string {
  if (typeof issue !== "object" || issue === null || !("message" in issue)) return "the settings are not valid";
  const path = "path" in issue && Array.isArray(issue.path) ? issue.path.map(String).join(".") : "";
  return path === "" ? String(issue.message) : `${path}: ${String(issue.message)}`;
}
