/** All adapters of a gateway: each runs, fails and recovers alone. */

import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { nearest } from "../base/nearest.ts";
import type { Random } from "../base/random.ts";
import { type AdapterPlugin, type Command, type Frame, type Outcome, SDK_LEVEL } from "../sdk/adapter.ts";
import { type AdapterHealth, Runner, type Wish } from "./runner.ts";

/** One entry of `adapters:` in the config. */
export interface Section {
  /** Unique; the first part of every source, `name/address`. */
  readonly name: string;
  readonly type: string;
  /** Checked by the plugin's own schema, which has never heard of `type`. */
  readonly settings: unknown;
}

export interface AdapterHostOptions {
  /** By type. */
  readonly plugins: ReadonlyMap<string, AdapterPlugin<unknown>>;
  readonly sections: readonly Section[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** How often changes of health are looked for, to be logged. */
const LOOK_MS = 5_000;

export class AdapterHost {
  readonly #runners = new Map<string, Runner>();
  readonly #listeners: ((adapter: string, frame: Frame) => void)[] = [];
  readonly #clock: Clock;
  readonly #log: Log;
  #looking: Timer | undefined;

  constructor({ plugins, sections, clock, random, log }: AdapterHostOptions) {
    this.#clock = clock;
    this.#log = log;
    for (const { name, type, settings } of sections)
      this.#runners.set(
        name,
        new Runner({
          name,
          type,
          settings: withoutType(settings),
          plugin: usable(type, plugins),
          clock,
          backoff: { first: FIRST_RETRY_MS, max: LAST_RETRY_MS, random },
          log: log.with({ adapter: name }),
          onFrame: (frame) => this.#hand(name, frame),
        }),
      );
  }

  start(): void {
    for (const runner of this.#runners.values()) runner.start();
    this.#look();
  }

  /** Settles when every adapter has stopped, or has had 5 s to do so. Never rejects; safe to call twice. */
  async stop(): Promise<void> {
    this.#looking?.cancel();
    await Promise.all(Array.from(this.#runners.values(), (runner) => runner.stop()));
  }

  /** Called with every frame, and the name of the adapter it came through. A listener that throws stops nobody. */
  onFrame(listener: (adapter: string, frame: Frame) => void): void {
    this.#listeners.push(listener);
  }

  /** Settles once, within the command's own time limit and a little. Never rejects. */
  command(adapter: string, command: Command, signal: AbortSignal): Promise<Outcome> {
    const runner = this.#runners.get(adapter);
    return runner
      ? runner.command(command, signal)
      : Promise.resolve({ status: "rejected", reason: `no adapter is called ${adapter}` });
  }

  /** Tells an adapter how often new values of a source are wanted; an empty wish takes back the one before. */
  interest(adapter: string, source: string, wish: Wish): void {
    this.#runners.get(adapter)?.interest(source, wish);
  }

  /** By adapter name, in the order of the config. */
  health(): ReadonlyMap<string, AdapterHealth> {
    return new Map(Array.from(this.#runners, ([name, runner]) => [name, runner.health()]));
  }

  #hand(adapter: string, frame: Frame): void {
    for (const listener of this.#listeners) {
      try {
        listener(adapter, frame);
      } catch (error) {
        // Not the adapter's fault: it must not be restarted for it.
        this.#log.error("frame-lost", { adapter, source: frame.source, error });
      }
    }
  }

  #look(): void {
    for (const runner of this.#runners.values()) runner.look();
    this.#looking = this.#clock.after(LOOK_MS, () => this.#look());
  }
}

/** The plugin of a type, or one that can only say why there is none. */
function usable(type: string, plugins: ReadonlyMap<string, AdapterPlugin<unknown>>): AdapterPlugin<unknown> {
  const plugin = plugins.get(type);
  if (plugin === undefined) {
    const meant = nearest(type, plugins.keys());
    return unusable(`there is no adapter of type "${type}"${meant ? `; did you mean "${meant}"?` : ""}`);
  }
  // The compiler knows one level only; a plugin from outside may have been written for another.
  const level: number = plugin.sdk;
  return level === SDK_LEVEL
    ? plugin
    : unusable(`adapter "${plugin.id}" is written for level ${level} of the plugin API, this is level ${SDK_LEVEL}`);
}

function unusable(reason: string): AdapterPlugin<unknown> {
  return {
    id: "unusable",
    sdk: SDK_LEVEL,
    config: { parse: (input) => input },
    start: () => Promise.reject(new Error(reason)),
  };
}

function withoutType(settings: unknown): unknown {
  if (typeof settings !== "object" || settings === null || !("type" in settings)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== "type"));
}
