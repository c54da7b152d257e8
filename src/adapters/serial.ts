/** Instruments on a serial line: those that talk in lines of text, in telegrams, or in binary packets, asked or by themselves. */

import { z } from "zod";
import { toHex } from "../base/bytes.ts";
import { sleep } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import { LineSplitter } from "../base/lines.ts";
import { notable } from "../base/notable.ts";
import type { SerialLine } from "../io/serial.ts";
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
import { Port, portSettings, type SerialDrivers } from "./wire/port.ts";

const Config = z.strictObject({
  ...portSettings,
  /** `lines`: each line is a frame. NMEA sentences are lines; the library knows them by their first character. */
  frames: framesSpec.default("lines"),
  /** What is said to devices that answer only when they are asked. */
  ask: z.array(askSpec).max(16).default([]),
  end: z.string().min(1).max(8).default("\n"),
  max_line: z.int().min(16).max(4_096).default(512),
});
type Config = z.infer<typeof Config>;

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
  readonly #question: QuestionLine;
  readonly #asker: Asker;
  readonly #port: Port;
  #garbage = 0;
  #good = 0;

  constructor(host: Host, config: Config, drivers: SerialDrivers) {
    this.#host = host;
    this.#config = config;
    this.#question = new QuestionLine(host.clock);
    this.#asker = new Asker(host.clock, config.ask, config.end);
    this.#port = new Port(host, config, drivers, {
      opened: (line) => this.#opened(line),
      closed: (reason) => {
        this.#asker.stop();
        this.#question.fail(reason);
      },
    });
    host.signal.addEventListener("abort", () => void this.stop(), { once: true });
    this.#port.start();
  }

  health(): Health {
    if (this.#port.line === undefined) return { state: "down", reason: this.#port.reason };
    if (this.#good > 0 || this.#garbage < NONSENSE) return { state: "ok" };
    const { path, baud } = this.#config;
    return { state: "degraded", reason: `nothing readable comes from ${path} at ${baud} bit/s: is baud right?` };
  }

  async command({ payload, expect, timeoutMs }: Command, signal: AbortSignal): Promise<Outcome> {
    const { line } = this.#port;
    if (line === undefined) return rejected(this.#port.reason);
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
    this.#asker.stop();
    this.#question.fail("stopped");
    await this.#port.stop();
  }

  #opened(line: SerialLine): void {
    this.#good = 0;
    this.#garbage = 0;
    line.onData(this.#listener());
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
