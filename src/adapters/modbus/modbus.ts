/** Modbus devices on a serial line or on the network: read as their definitions say, written when a server asks for it. */

import { toHex } from "../../base/bytes.ts";
import type { SerialLine } from "../../io/serial.ts";
import { type Adapter, type Command, defineAdapter, type Health, type Host, type Outcome } from "../../sdk/adapter.ts";
import { milliseconds } from "../settings.ts";
import { Port, type SerialDrivers } from "../wire/port.ts";
import { type ConnectTcp, overTcp } from "../wire/tcp-line.ts";
import { Bus } from "./bus.ts";
import { type Config, configSchema, isTcp, readsOf, timeoutOf } from "./config.ts";
import { type Answer, exceptionWords, type Master, type Question } from "./pdu.ts";
import { Poller, type RegisterRead, type Wish } from "./poller.ts";
import { TcpBus } from "./tcp-bus.ts";

export interface ModbusDrivers extends SerialDrivers {
  readonly connectTcp: ConnectTcp;
  /** What has to be asked of a device; undefined if there is no such definition. */
  readonly registerReads: (definition: string) => readonly RegisterRead[] | undefined;
}

/** 3.5 characters of 11 bits (Modbus over serial line §2.5.1.1), and what an operating system adds. */
const quietMs = (baud: number) => Math.ceil((3.5 * 11 * 1_000) / baud) + 5;

export const modbusAdapter = (drivers: ModbusDrivers) =>
  defineAdapter<Config>({
    id: "modbus",
    sdk: 1,
    config: configSchema,
    start: (host, config) => Promise.resolve(new ModbusLine(host, config, drivers)),
  });

class ModbusLine implements Adapter {
  readonly #host: Host;
  readonly #config: Config;
  readonly #port: Port;
  readonly #pollers: readonly Poller[];
  readonly #unknown: readonly string[];
  #bus: Master | undefined;

  constructor(host: Host, config: Config, drivers: ModbusDrivers) {
    this.#host = host;
    this.#config = config;
    const known = config.devices.map((device) => ({
      unit: device.unit,
      definition: device.definition,
      source: sourceOf(config, device.unit),
      reads: device.definition === undefined ? readsOf(device) : drivers.registerReads(device.definition),
    }));
    this.#unknown = known.flatMap(({ reads, definition = "" }) => (reads?.length ? [] : [definition]));
    this.#pollers = known.flatMap(({ reads, ...device }) => (reads?.length ? [new Poller(host, device, reads)] : []));
    this.#port = new Port(host, { ...config, path: placeOf(config) }, wireOf(config, drivers), {
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
    if (silent) {
      const advice = isTcp(this.#config)
        ? "is that its unit number, and does it take another master?"
        : "is it there, and baud and parity right?";
      return {
        state: "degraded",
        reason: `unit ${silent.unit} does not answer within ${timeoutOf(this.#config)}: ${advice}`,
      };
    }
    const refusing = this.#pollers.find(({ refusal }) => refusal !== undefined);
    if (!refusing) return { state: "ok" };
    const reason = `unit ${refusing.unit} answers ${refusing.refusal ?? ""}: is it another device?`;
    return { state: "degraded", reason };
  }

  interest(source: string, wish: Wish): void {
    this.#polled(source)?.follow(wish);
  }

  async command({ source, payload, timeoutMs }: Command): Promise<Outcome> {
    const bus = this.#bus;
    if (!bus) return rejected(this.#port.reason);
    if (payload.kind !== "registers") return rejected(`cannot write ${payload.kind} to registers`);
    const poller = this.#polled(source);
    if (!poller) return rejected(`no such unit: ${source}`);
    for (const [key, data] of payload.values) {
      const question = writeOf(poller.unit, key, data);
      if (typeof question === "string") return rejected(question);
      const answer = await within(this.#host.clock, timeoutMs, bus.ask(question));
      if (answer.kind !== "answer") return outcomeOf(answer);
    }
    // What it is now is read at once: nobody has to wait for the next turn.
    poller.hurry();
    return { status: "done" };
  }

  #polled(source: string): Poller | undefined {
    return this.#pollers.find((poller) => poller.source === source);
  }

  async stop(): Promise<void> {
    this.#rest();
    await this.#port.stop();
  }

  #opened(line: SerialLine): void {
    const bus = this.#masterOf(line);
    this.#bus = bus;
    line.onData((chunk) => bus.onData(chunk));
    for (const poller of this.#pollers) poller.start(bus);
  }

  #masterOf(line: SerialLine): Master {
    const { clock } = this.#host;
    const { baud, pause, framing } = this.#config;
    const [timeoutMs, pauseMs] = [milliseconds(timeoutOf(this.#config)), milliseconds(pause)];
    const write = (bytes: Uint8Array) => line.write(bytes);
    if (!isTcp(this.#config) || framing === "rtu")
      return new Bus(clock, { timeoutMs, quietMs: Math.max(quietMs(baud), pauseMs) }, write);
    return new TcpBus(clock, { timeoutMs, pauseMs }, { write, giveUp: (reason) => this.#port.giveUp(reason) });
  }

  #rest(): void {
    for (const poller of this.#pollers) poller.stop();
    this.#bus?.close();
    this.#bus = undefined;
  }
}

function wireOf({ host, port }: Config, drivers: ModbusDrivers): SerialDrivers {
  return host === undefined
    ? drivers
    : overTcp(drivers.connectTcp, { host, port, patienceMs: CONNECT_MS }, drivers.random);
}

/** Where it is, in words. */
const placeOf = ({ path, host, port }: Config) => path ?? `${host ?? ""}:${port}`;

/** Units of different hosts have the same numbers, nearly always 1: the host is part of who it is. */
const sourceOf = ({ host }: Config, unit: number) => (host === undefined ? String(unit) : `${host}/${unit}`);

/** In a house, whoever is there answers at once. */
const CONNECT_MS = 5_000;

const WRITE = /^(5|6|15|16):0x([0-9a-f]{4})$/;

function writeOf(unit: number, key: string, data: Uint8Array): Question | string {
  const match = WRITE.exec(key);
  if (!match) return `"${key}" is no write`;
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
