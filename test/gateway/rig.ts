/** A gateway on virtual time, with real definitions, scripted adapters and a server at the end of every wire. */

import type { Stamp } from "../../src/base/clock.ts";
import type { Outcome, Scalar } from "../../src/base/outcome.ts";
import { type AdapterState, type Adapters, Gateway, type GatewayOptions } from "../../src/gateway/index.ts";
import { loadDevices, standardModels } from "../../src/library/index.ts";
import type { Command, Frame, Payload } from "../../src/sdk/adapter.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeServer, type Heard, type Verdict } from "../support/fake-server.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type VirtualTransport, wire } from "../support/virtual-network.ts";

export const models = standardModels();
export const { library } = loadDevices(undefined, models);

/** Adapters in the hands of a test: it lets them speak, and sees what they are told. */
export class FakeAdapters implements Adapters {
  readonly states = new Map<string, AdapterState>();
  readonly commands: { adapter: string; command: Command; signal: AbortSignal }[] = [];
  readonly wishes: [source: string, wish: { minSeconds?: number; maxSeconds?: number }][] = [];
  /** What becomes of a command. */
  obey: (command: Command, adapter: string) => Promise<Outcome> = () => Promise.resolve({ status: "done" });
  #listener: (adapter: string, frame: Frame) => void = () => undefined;

  constructor(...names: string[]) {
    for (const name of names) this.states.set(name, { type: "test", state: "ok", frames: 0 });
  }

  onFrame(listener: (adapter: string, frame: Frame) => void): void {
    this.#listener = listener;
  }

  command(adapter: string, command: Command, signal: AbortSignal): Promise<Outcome> {
    this.commands.push({ adapter, command, signal });
    return this.obey(command, adapter);
  }

  interest(adapter: string, source: string, wish: { minSeconds?: number; maxSeconds?: number }): void {
    this.wishes.push([`${adapter}/${source}`, wish]);
  }

  health(): ReadonlyMap<string, AdapterState> {
    return this.states;
  }

  emit(adapter: string, frame: Frame): void {
    this.#listener(adapter, frame);
  }
}

/** The disk, as a text in memory. */
export class MemoryStore {
  text: string | undefined;
  writes = 0;
  fails = false;

  constructor(text?: string) {
    this.text = text;
  }

  read(): Promise<string | undefined> {
    return Promise.resolve(this.text);
  }

  write(text: string): Promise<void> {
    if (this.fails) return Promise.reject(new Error("no space left on device"));
    this.text = text;
    this.writes += 1;
    return Promise.resolve();
  }
}

export const fields = (values: Readonly<Record<string, Scalar>>): Payload => ({ kind: "fields", fields: values });

/** RuuviTag, data format 5: the valid vector of the vendor's specification, with another measurement sequence. */
export function ruuvi(sequence = 205): Payload {
  const data = new Uint8Array(Buffer.from("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F", "hex"));
  new DataView(data.buffer).setUint16(16, sequence);
  return { kind: "advert", manufacturer: [[0x0499, data]], services: new Map(), serviceUuids: [] };
}

/** An advert that no definition knows. */
export const unknownAdvert: Payload = {
  kind: "advert",
  manufacturer: [[0xfffe, Uint8Array.of(1, 2, 3)]],
  services: new Map(),
  serviceUuids: [],
};

export const TAG = "CB:B8:33:4C:88:4F";

export interface RigOptions extends Partial<GatewayOptions> {
  readonly clock?: FakeClock;
  readonly store?: MemoryStore;
}

/** Everything around one gateway. */
export class Rig {
  readonly clock: FakeClock;
  readonly log = new MemoryLog();
  readonly adapters = new FakeAdapters("sim", "radio");
  readonly store: MemoryStore;
  readonly gateway: Gateway;
  /** By endpoint, the newest connection. */
  readonly servers = new Map<string, FakeServer>();
  readonly wires: { endpoint: string; uri: string; port: number | undefined; near: VirtualTransport }[] = [];
  /** What servers answer; everything is granted unless said otherwise. */
  verdict: ((request: Heard) => Verdict) | undefined;
  #port = 40_000;

  constructor({ clock = new FakeClock(), store = new MemoryStore(), ...options }: RigOptions = {}) {
    this.clock = clock;
    this.store = store;
    this.gateway = new Gateway({
      endpoint: "gw",
      version: "1.2.3",
      accounts: [{ uri: "coap://server", lifetime: 300, shortServerId: 1 }],
      devices: library,
      models,
      adapters: this.adapters,
      store,
      self: {
        maker: "Raspberry Pi",
        model: "4B",
        serial: "s1",
        software: "1.2.3",
        utcOffset: () => "+02:00",
        memory: () => ({ free: 500, total: 1_000 }),
      },
      clock,
      random: new SeededRandom(),
      log: this.log,
      memoryBytes: () => 50_000_000,
      connect: ({ uri }, { endpoint, port, onBound }) => {
        const { near, far } = wire();
        const server = new FakeServer(far);
        if (this.verdict) server.verdict = this.verdict;
        this.servers.set(endpoint, server);
        this.wires.push({ endpoint, uri, port, near });
        onBound(port ?? this.#port++);
        return near;
      },
      ...options,
    });
  }

  /** A started gateway. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    await rig.gateway.start();
    await rig.clock.advance(100);
    return rig;
  }

  /** Lets a source speak now. */
  hear(source: string, payload: Payload, rssi?: number): void {
    const stroke = source.indexOf("/");
    const at: Stamp = this.clock.now();
    const frame = { source: source.slice(stroke + 1), at, payload, ...(rssi !== undefined && { rssi }) };
    this.adapters.emit(source.slice(0, stroke), frame);
  }

  /** Lets a source speak, and everybody react. */
  async heard(source: string, payload: Payload, rssi?: number): Promise<void> {
    this.hear(source, payload, rssi);
    await this.clock.advance(200);
  }

  server(endpoint: string): FakeServer {
    const server = this.servers.get(endpoint);
    if (!server) throw new Error(`${endpoint} never connected`);
    return server;
  }

  value(endpoint: string, path: string): Scalar | undefined {
    return this.gateway.sensor(endpoint)?.values[path]?.value;
  }

  /** What a server was told, such as `DELETE /rd/r1`; the parameters of a Register are left out. */
  told(endpoint: string): string[] {
    return this.server(endpoint).log.map((line) => line.replace(/\?.*/, ""));
  }
}
