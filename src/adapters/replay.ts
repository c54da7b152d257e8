/** Frames from a file, in the rhythm in which they were recorded: to look into what happened, and for demonstrations. */

import { z } from "zod";
import { sleep } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { ReadLines } from "../io/lines-file.ts";
import { type Adapter, defineAdapter, type Frame, type Health, type Host } from "../sdk/adapter.ts";
import { readRecordedLine } from "./recording.ts";

const Config = z.strictObject({
  file: z.string().min(1),
  /** 2 is twice as fast as it was; 0 is as fast as it goes. */
  speed: z.number().min(0).max(1_000_000).default(1),
  /** Begin again at the end. */
  loop: z.boolean().default(false),
});
type Config = z.infer<typeof Config>;

/** Between the end of a recording and its next beginning. */
const PAUSE_MS = 1_000;
/** Without a rhythm, everybody else gets a turn after so many frames. */
const BURST = 100;

export const replay = (readLines: ReadLines) =>
  defineAdapter<Config>({
    id: "replay",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new Player(host, config, readLines)),
  });

class Player implements Adapter {
  readonly #host: Host;
  readonly #config: Config;
  readonly #readLines: ReadLines;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #health: Health = { state: "ok" };

  constructor(host: Host, config: Config, readLines: ReadLines) {
    this.#host = host;
    this.#config = config;
    this.#readLines = readLines;
    host.signal.addEventListener("abort", () => this.#stop.abort(), { once: true });
    this.#done = this.#play();
  }

  health(): Health {
    return this.#health;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #play(): Promise<void> {
    const { file, loop } = this.#config;
    const { signal } = this.#stop;
    try {
      do {
        const played = await this.#once();
        if (played === 0) throw new Error("there is not one frame in it");
        if (loop) await sleep(this.#host.clock, PAUSE_MS, signal);
      } while (loop && !signal.aborted);
      this.#health = { state: "degraded", reason: `the recording ${file} has ended` };
    } catch (error) {
      this.#health = { state: "down", reason: `cannot play ${file}: ${words(error)}` };
    }
  }

  /** Plays the file from its beginning to its end; how many frames it had. */
  async #once(): Promise<number> {
    const rhythm = new Rhythm(this.#host, this.#config.speed, this.#stop.signal);
    let number = 0;
    let played = 0;
    for await (const line of this.#readLines(this.#config.file)) {
      number += 1;
      const frame = line.trim() === "" ? undefined : this.#read(line, number);
      if (frame === undefined) continue;
      played += 1;
      await rhythm.until(frame.at.ms);
      if (this.#stop.signal.aborted) break;
      // It is heard now: what was recorded last year must not look a year old to those who watch for silence.
      this.#host.emit({ ...frame, at: this.#host.clock.now() });
    }
    return played;
  }

  #read(line: string, number: number): Frame | undefined {
    try {
      return readRecordedLine(line);
    } catch (error) {
      this.#host.log.warn("recording-line", { file: this.#config.file, line: number, error });
      return undefined;
    }
  }
}

/** Waits as long as the recorder waited, divided by the speed. */
class Rhythm {
  readonly #host: Host;
  readonly #speed: number;
  readonly #signal: AbortSignal;
  readonly #began: number;
  #first: number | undefined;
  #burst = 0;

  constructor(host: Host, speed: number, signal: AbortSignal) {
    this.#host = host;
    this.#speed = speed;
    this.#signal = signal;
    this.#began = host.clock.monotonic();
  }

  async until(recordedMs: number): Promise<void> {
    const { clock } = this.#host;
    this.#first ??= recordedMs;
    const due = this.#speed === 0 ? 0 : this.#began + (recordedMs - this.#first) / this.#speed;
    const wait = due - clock.monotonic();
    this.#burst += 1;
    if (wait > 0) await sleep(clock, wait, this.#signal);
    else if (this.#burst % BURST === 0) await sleep(clock, 0, this.#signal);
  }
}
