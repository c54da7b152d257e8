/** Instruments on a serial line: those that talk in lines of text, in telegrams, or in binary packets, asked or by themselves. */

import { z } from "zod";
import { toHex } from "../base/bytes.ts";
import { backoffMs } from "../base/backoff.ts";
import { sleep, type Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import { LineSplitter } from "../base/lines.ts";
import { notable } from "../base/notable.ts";
import type { Random } from "../base/random.ts";
import type { OpenSerial, SerialLine, SerialSettings } from "../io/serial.ts";
import {
  type Adapter,
  type Command,
  defineAdapter,
  type Health,
  type Host,
  type Outcome,
  type Payload,
} from "../sdk/adapter.ts";
import { type Frames, framesOf, framesSpec } from "./frames/frames.ts";
import { askSpec, Asker } from "./frames/asker.ts";
import { pattern, QuestionLine } from "./question.ts";

const Config = z.strictObject({
  path: z.string().min(1),
  baud: z.int().min(50).max(4_000_000).default(9_600),
  data_bits: z.literal([7, 8]).optional(),
  parity: z.enum(["none", "even", "odd"]).optional(),
  stop_bits: z.literal([1, 2]).optional(),
  /** `lines`: each line is a frame. NMEA sentences are lines; the library knows them by their first character. */
  frames: framesSpec.default("lines"),
  /** What is said to devices that answer only when they are asked. */
  ask: z.array(askSpec).max(16).default([]),
  end: z.string().min(1).max(8).default("\n"),
  max_line: z.int().min(16).max(4_096).default(512),
});
type Config = z.infer<typeof Config>;

export interface SerialDrivers {
  readonly random: Random;
  readonly openSerial: OpenSerial;
  readonly deviceExists: (path: string) => Promise<boolean>;
}

/** How often an absent device is looked for: it is read again within two seconds of its return. */
const LOOK_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** So much nonsense and not one good line: the speed is wrong. */
const NONSENSE = 20;
/** So many bytes that belong to no telegram count as one line of nonsense. */
const NONSENSE_BYTES = 256;

export const serialAdapter = (drivers: SerialDrivers) =>
  defineAdapter<Config>({
    id: "serial",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new SerialLines(host, config, drivers)),
  });

class SerialLines implements Adapter {
  readonly #host: Host;
  readonly #config: Config;
  readonly #drivers: SerialDrivers;
  readonly #question: QuestionLine;
  readonly #asker: Asker;
  #line: SerialLine | undefined;
  #reason = "opening";
  #failures = 0;
  #retryAt = 0;
  #timer: Timer | undefined;
  #stopped = false;
  #garbage = 0;
  #good = 0;

  constructor(host: Host, config: Config, drivers: SerialDrivers) {
    this.#host = host;
    this.#config = config;
    this.#drivers = drivers;
    this.#question = new QuestionLine(host.clock);
    this.#asker = new Asker(host.clock, config.ask, config.end);
    host.signal.addEventListener("abort", () => void this.stop(), { once: true });
    void this.#look();
  }

  health(): Health {
    if (this.#line === undefined) return { state: "down", reason: this.#reason };
    if (this.#good > 0 || this.#garbage < NONSENSE) return { state: "ok" };
    const { path, baud } = this.#config;
    return { state: "degraded", reason: `nothing readable comes from ${path} at ${baud} bit/s: is baud right?` };
  }

  async command({ payload, expect, timeoutMs }: Command, signal: AbortSignal): Promise<Outcome> {
    const line = this.#line;
    if (line === undefined) return rejected(this.#reason);
    if (payload.kind !== "text" && payload.kind !== "bytes") return rejected(`cannot send ${payload.kind} over a line`);
    if (this.#question.busy) return rejected("busy with another question");
    const bytes = payload.kind === "text" ? new TextEncoder().encode(payload.text + this.#config.end) : payload.bytes;
    const wanted = expect === undefined ? ANYTHING : pattern(expect);
    if (typeof wanted === "string") return rejected(wanted);
    try {
      if (expect !== undefined)
        return await this.#question.ask({ expect: wanted, timeoutMs, signal, send: () => line.write(bytes) });
      // A device that holds the flow takes nothing, and says nothing of it.
      const late = sleep(this.#host.clock, timeoutMs, signal).then((): Outcome => ({ status: "timeout" }));
      return await Promise.race([line.write(bytes).then((): Outcome => ({ status: "done" })), late]);
    } catch (error) {
      return rejected(words(error));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#asker.stop();
    this.#question.fail("stopped");
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }

  /** Opens the port if it is there and its time has come; looks again in a second if not. */
  async #look(): Promise<void> {
    const { path } = this.#config;
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
      const line = await this.#drivers.openSerial(portOf(this.#config));
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
    const { path } = this.#config;
    this.#line = line;
    this.#failures = 0;
    this.#good = 0;
    this.#garbage = 0;
    this.#host.log.info("port-open", { path });
    line.onData(this.#listener());
    line.onClose((reason) => {
      this.#line = undefined;
      this.#reason = `${path}: ${reason}`;
      this.#asker.stop();
      this.#question.fail(reason);
      if (!this.#stopped) this.#lookAgain();
    });
    // A question of ours must not fall between a command and its answer.
    this.#asker.start((bytes) => (this.#question.busy ? Promise.resolve() : line.write(bytes)));
  }

  /** A fresh one for each opening: half a frame from before must not be glued to half a frame from now. */
  #listener(): (chunk: Uint8Array) => void {
    const { end, max_line: maxLine } = this.#config;
    const frames = framesOf(this.#config.frames);
    if (frames) return (chunk) => this.#cut(frames, chunk);
    const splitter = new LineSplitter(end, maxLine);
    return (chunk) => {
      for (const text of splitter.push(chunk)) this.#hear(text);
    };
  }

  #cut({ cutter, text }: Frames, chunk: Uint8Array): void {
    const before = Math.floor(cutter.dropped / NONSENSE_BYTES);
    for (const bytes of cutter.push(chunk)) {
      const telegram = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#good += 1;
      this.#question.hear(text ? telegram.toString("latin1") : toHex(bytes));
      this.#emit(text ? { kind: "text", text: telegram.toString("latin1") } : { kind: "bytes", bytes });
    }
    for (let i = before; i < Math.floor(cutter.dropped / NONSENSE_BYTES); i++) this.#unreadable();
  }

  #hear(raw: string): void {
    if (raw.trim() === "") return;
    if (CONTROL.test(raw)) {
      this.#unreadable();
      return;
    }
    this.#good += 1;
    const text = readable(raw);
    // An answer is also a reading: a definition may want to see it.
    this.#question.hear(text);
    this.#emit({ kind: "text", text });
  }

  #emit(payload: Payload): void {
    this.#host.emit({ source: this.#config.path, at: this.#host.clock.now(), payload });
  }

  #unreadable(): void {
    this.#garbage += 1;
    if (notable(this.#garbage)) this.#host.log.warn("line-unreadable", { count: this.#garbage });
  }
}

/** Only what differs from the usual is asked of the driver. */
function portOf({ path, baud, data_bits, parity, stop_bits }: Config): SerialSettings {
  return {
    path,
    baud,
    ...(data_bits !== undefined && { dataBits: data_bits }),
    ...(parity !== undefined && { parity }),
    ...(stop_bits !== undefined && { stopBits: stop_bits }),
  };
}

const ANYTHING = /(?:)/u;
/** No instrument puts these into a line; a wrong speed, or a line cut in, does. Tabs are text. */
const CONTROL = /(?!\t)\p{Cc}/u;
const NOT_ASCII = /[^\p{ASCII}]/u;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The splitter gives one character per byte; most instruments that write more than ASCII write UTF-8. */
function readable(latin1: string): string {
  if (!NOT_ASCII.test(latin1)) return latin1;
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}

const rejected = (reason: string): Outcome => ({ status: "rejected", reason });
