/** Modbus RTU devices on a serial line: read as their definitions say, written when a server asks for it. */

import { z } from "zod";
import { toHex } from "../../base/bytes.ts";
import type { SerialLine } from "../../io/serial.ts";
import { type Adapter, type Command, defineAdapter, type Health, type Host, type Outcome } from "../../sdk/adapter.ts";
import { duration, milliseconds } from "../settings.ts";
import { Port, portSettings, type SerialDrivers } from "../wire/port.ts";
import { type Answer, Bus } from "./bus.ts";
import { Poller, type RegisterRead } from "./poller.ts";
import { exceptionWords, type Question } from "./rtu.ts";

const Config = z.strictObject({
  ...portSettings,
  timeout: duration(20, 10_000).default("500ms"),
  devices: z
    .array(z.strictObject({ unit: z.int().min(1).max(254), definition: z.string().min(1) }))
    .min(1)
    .max(64),
});
type Config = z.infer<typeof Config>;

export interface ModbusDrivers extends SerialDrivers {
  /** What has to be asked of a device; undefined if there is no such definition. */
  readonly registerReads: (definition: string) => readonly RegisterRead[] | undefined;
}

/** 3.5 characters of 11 bits (Modbus over serial line §2.5.1.1), and what an operating system adds. */
const quietMs = (baud: number) => Math.ceil((3.5 * 11 * 1_000) / baud) + 5;

export const modbusAdapter = (drivers: ModbusDrivers) =>
  defineAdapter<Config>({
    id: "modbus",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new ModbusLine(host, config, drivers)),
  });

class ModbusLine implements Adapter {
  readonly #host: Host;
  readonly #config: Config;
  readonly #port: Port;
  readonly #pollers: readonly Poller[];
  readonly #unknown: readonly string[];
  #bus: Bus | undefined;

  constructor(host: Host, config: Config, drivers: ModbusDrivers) {
    this.#host = host;
    this.#config = config;
    const known = config.devices.map((device) => ({ ...device, reads: drivers.registerReads(device.definition) }));
    this.#unknown = known.filter(({ reads }) => !reads?.length).map(({ definition }) => definition);
    this.#pollers = known.flatMap(({ reads, ...device }) => (reads?.length ? [new Poller(host, device, reads)] : []));
    this.#port = new Port(host, config, drivers, {
      opened: (line) => this.#opened(line),
      closed: () => this.#rest(),
    });
    host.signal.addEventListener("abort", () => void this.stop(), { once: true });
    this.#port.start();
  }

  health(): Health {
    if (this.#port.line === undefined) return { state: "down", reason: this.#port.reason };
    const [unknown] = this.#unknown;
    if (unknown !== undefined) return { state: "degraded", reason: `no definition "${unknown}" that reads registers` };
    const silent = this.#pollers.find(({ silent: is }) => is);
    if (!silent) return { state: "ok" };
    return {
      state: "degraded",
      reason: `unit ${silent.unit} does not answer: is it there, and baud and parity right?`,
    };
  }

  async command({ source, payload, timeoutMs }: Command): Promise<Outcome> {
    const bus = this.#bus;
    if (!bus) return rejected(this.#port.reason);
    if (payload.kind !== "registers") return rejected(`cannot write ${payload.kind} to registers`);
    for (const [key, data] of payload.values) {
      const question = writeOf(Number(source), key, data);
      if (typeof question === "string") return rejected(question);
      const late = this.#host.clock;
      const answer = await within(late, timeoutMs, bus.ask(question));
      if (answer.kind !== "answer") return outcomeOf(answer);
    }
    // What it is now is read at once: nobody has to wait for the next turn.
    this.#pollers.find(({ unit }) => unit === Number(source))?.hurry();
    return { status: "done" };
  }

  async stop(): Promise<void> {
    this.#rest();
    await this.#port.stop();
  }

  #opened(line: SerialLine): void {
    const { timeout, baud } = this.#config;
    const settings = { timeoutMs: milliseconds(timeout), quietMs: quietMs(baud) };
    const bus = new Bus(this.#host.clock, settings, (bytes) => line.write(bytes));
    this.#bus = bus;
    line.onData((chunk) => bus.onData(chunk));
    for (const poller of this.#pollers) poller.start(bus);
  }

  #rest(): void {
    for (const poller of this.#pollers) poller.stop();
    this.#bus?.close();
    this.#bus = undefined;
  }
}

const WRITE = /^(5|6|15|16):0x([0-9a-f]{4})$/;

function writeOf(unit: number, key: string, data: Uint8Array): Question | string {
  const match = WRITE.exec(key);
  if (!match) return `"${key}" is no write`;
  if (!Number.isInteger(unit)) return "no such unit";
  const fc = Number(match[1]);
  if (data.length === 0 || data.length > 246) return `${toHex(data)} cannot be written`;
  const count = fc === 15 ? 1 : data.length / 2;
  return { unit, fc, address: Number.parseInt(match[2] ?? "", 16), count, data };
}

function within(clock: Host["clock"], ms: number, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve({ kind: "timeout" }));
    void answer.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}

function outcomeOf(answer: Exclude<Answer, { kind: "answer" }>): Outcome {
  if (answer.kind === "exception") return rejected(exceptionWords(answer.code));
  return answer.kind === "timeout" ? { status: "timeout" } : rejected("the line was closed");
}

const rejected = (reason: string): Outcome => ({ status: "rejected", reason });
