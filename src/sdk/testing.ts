/**
 * For authors of adapters: a stage on which an adapter runs in virtual time, and the contract that every adapter keeps.
 *
 * ```ts
 * import { adapterContract } from "isthmus/testing";
 * for (const { name, run } of adapterContract({ plugin, config: { port: "/dev/x" } })) it(name, run);
 * ```
 */

import type { Clock, Stamp, Timer } from "../base/clock.ts";
import type { Fields, Log } from "../base/log.ts";
import { TimerWheel } from "../base/wheel.ts";
import type { Adapter, AdapterPlugin, Command, Frame, Health, Outcome } from "./adapter.ts";

const MAX_TURNS = 50;

/** A clock that moves only when told to: two hours pass in milliseconds. */
export class VirtualClock implements Clock {
  readonly #wheel = new TimerWheel(0);
  #monotonic = 0;
  #wall = Date.UTC(2026, 0, 2, 12);
  /** Timers set, and neither fired nor cancelled. */
  pending = 0;

  now(): Stamp {
    return { ms: this.#wall, trusted: true };
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, run: () => void): Timer {
    let waits = true;
    const over = () => {
      if (waits) this.pending -= 1;
      waits = false;
    };
    this.pending += 1;
    const timer = this.#wheel.after(this.#monotonic, ms, () => {
      over();
      run();
    });
    return {
      cancel() {
        over();
        timer.cancel();
      },
    };
  }

  /** The wall clock is set, forwards or back; what waits must not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Lets time pass, and everything that is due happen. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settled();
    for (let due = this.#wheel.nextDue(); due !== undefined && due <= end; due = this.#wheel.nextDue()) {
      this.#moveTo(due);
      await settled();
    }
    this.#moveTo(end);
    await settled();
  }

  #moveTo(monotonic: number): void {
    const step = Math.max(0, monotonic - this.#monotonic);
    this.#wall += step;
    this.#monotonic += step;
    this.#wheel.advance(this.#monotonic);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) await Promise.resolve();
}

/** An adapter on its stage. */
export interface Harness {
  readonly adapter: Adapter;
  readonly clock: VirtualClock;
  /** Everything emitted so far. */
  readonly frames: readonly Frame[];
  /** Everything logged so far: level, event, fields. */
  readonly logged: readonly (readonly [level: string, event: string, fields: Fields])[];
  advance(ms: number): Promise<void>;
  command(command: Command): Promise<Outcome>;
  /** Aborts the adapter's signal and stops it. */
  stop(): Promise<void>;
}

/** Starts `plugin` with settings that its own schema checks. @throws whatever the schema or the start throws. */
export async function createHarness<Config>(plugin: AdapterPlugin<Config>, settings: unknown): Promise<Harness> {
  const clock = new VirtualClock();
  const frames: Frame[] = [];
  const logged: [string, string, Fields][] = [];
  const controller = new AbortController();
  const host = {
    signal: controller.signal,
    clock,
    log: recordingLog(logged, {}),
    emit: (frame: Frame) => void frames.push(frame),
  };
  const adapter = await plugin.start(host, plugin.config.parse(settings));
  return {
    adapter,
    clock,
    frames,
    logged,
    advance: (ms) => clock.advance(ms),
    command(command) {
      const never = new AbortController();
      return adapter.command?.(command, never.signal) ?? Promise.reject(new Error("the adapter takes no commands"));
    },
    async stop() {
      controller.abort();
      await adapter.stop();
    },
  };
}

function recordingLog(lines: [string, string, Fields][], fixed: Fields): Log {
  const at =
    (level: string) =>
    (event: string, fields: Fields = {}) =>
      void lines.push([level, event, { ...fixed, ...fields }]);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => recordingLog(lines, { ...fixed, ...fields }),
  };
}

export interface ContractOptions<Config> {
  readonly plugin: AdapterPlugin<Config>;
  /** Settings with which it starts. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Makes the outside world say something, so that a frame is emitted at once or as time passes. */
  readonly speak?: (harness: Harness) => void;
  /** A command the adapter understands; its answer need not come. */
  readonly command?: Command;
}

export interface ContractCheck {
  /** A sentence, for the name of a test. */
  readonly name: string;
  /** @throws Error that says which part of the contract is broken. */
  readonly run: () => Promise<void>;
}

/** The contract of an adapter, one check for each clause; run them with the test runner of your choice. */
export function adapterContract<Config>(options: ContractOptions<Config>): readonly ContractCheck[] {
  const { command, speak } = options;
  return [
    { name: "refuses settings it does not know", run: () => refusesUnknown(options) },
    { name: "starts, and says how it is", run: () => saysHowItIs(options) },
    { name: "stops within five seconds, also when asked twice", run: () => stops(options) },
    { name: "leaves no timer behind, and says nothing after its end", run: () => leavesNothing(options) },
    { name: "survives that the clock is set", run: () => survivesJump(options) },
    ...(speak ? [{ name: "hoards nothing over 10,000 frames", run: () => hoardsNothing(options, speak) }] : []),
    ...(command ? [{ name: "settles a command once, in time", run: () => settlesCommand(options, command) }] : []),
  ];
}

const STOP_MS = 5_000;
const FRAMES = 10_000;
const YEARS_MS = 10 * 365 * 86_400_000;

async function refusesUnknown<Config>({ plugin, config }: ContractOptions<Config>): Promise<void> {
  plugin.config.parse(config);
  let refused = false;
  try {
    plugin.config.parse({ ...config, "no-such-setting": true });
  } catch {
    refused = true;
  }
  check(refused, "a setting that is not known must be an error, not be ignored");
  return Promise.resolve();
}

async function saysHowItIs<Config>({ plugin, config }: ContractOptions<Config>): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(1_000);
  checkHealth(harness.adapter.health());
  await end(harness);
}

async function stops<Config>({ plugin, config }: ContractOptions<Config>): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(100);
  await end(harness);
  await end(harness);
}

/** Stops the adapter as time passes: one that never stops must not hold up its own examination. */
function end(harness: Harness): Promise<void> {
  return within(harness, STOP_MS, harness.stop(), "stop() must settle within five seconds");
}

/** Lets so much time pass, and gives what `work` came to. @throws Error `otherwise` if it has not ended by then. */
async function within<T>(harness: Harness, ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  let over = false;
  const settled = () => {
    over = true;
  };
  // Both endings are heard at once: a rejection that nobody has heard of would end the process.
  work.then(settled, settled);
  await harness.advance(ms);
  check(over, otherwise);
  return work;
}

async function leavesNothing<Config>({ plugin, config }: ContractOptions<Config>): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(10_000);
  await end(harness);
  const before = harness.frames.length;
  await harness.advance(600_000);
  check(harness.frames.length === before, "nothing may be emitted after stop()");
  check(harness.clock.pending === 0, `${harness.clock.pending} timers are left after stop()`);
}

async function survivesJump<Config>({ plugin, config }: ContractOptions<Config>): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(1_000);
  for (const ms of [YEARS_MS, -2 * YEARS_MS]) {
    const pending = harness.clock.pending;
    harness.clock.jump(ms);
    await harness.advance(60_000);
    checkHealth(harness.adapter.health());
    check(harness.clock.pending <= pending + 10, "timers pile up after the clock was set");
  }
  await end(harness);
}

async function hoardsNothing<Config>(
  { plugin, config }: ContractOptions<Config>,
  speak: (harness: Harness) => void,
): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(1_000);
  const { pending } = harness.clock;
  for (let i = 0; i < FRAMES; i++) speak(harness);
  await harness.advance(1_000);
  check(harness.frames.length > 0, "nothing was emitted");
  for (const frame of harness.frames) {
    check(frame.source !== "", "a frame without a source");
    check(Number.isFinite(frame.at.ms), "a frame without a time");
  }
  check(harness.clock.pending <= pending + 10, "timers pile up with the frames");
  await end(harness);
}

async function settlesCommand<Config>({ plugin, config }: ContractOptions<Config>, command: Command): Promise<void> {
  const harness = await createHarness(plugin, config);
  await harness.advance(1_000);
  const limit = command.timeoutMs + 100;
  const late = "a command must settle within its own time limit";
  const { status } = await within(harness, limit, harness.command(command), late);
  check(["done", "rejected", "timeout"].includes(status), "an outcome is done, rejected or timeout");
  await end(harness);
}

function checkHealth(health: Health): void {
  check(["ok", "degraded", "down"].includes(health.state), "health is ok, degraded or down");
  check(health.state === "ok" || health.reason !== "", "what is not well has a reason");
}

function check(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}
