/**
 * noble's HCI stack, built from its parts around a socket of ours.
 *
 * As it comes, noble scans actively, keeps every address it ever heard, ends the process on SIGINT, keeps it alive by a
 * poll, and throws out of its data handler when an event is malformed. So it sits behind a shim: adverts never reach it,
 * what reaches it may throw, and what it writes is made quiet. It brings the controller up; connections are its business.
 */

import { EventEmitter } from "node:events";
import Module, { createRequire } from "node:module";
import { command, type Features, Opcode, quietly } from "./hci-commands.ts";
import { type ControllerSocket, nobleFolder, RadioError, socketPath } from "./hci-controller.ts";
import { isReport } from "./hci-events.ts";

export interface ShimListener {
  onReport(packet: Buffer): void;
  /** A command on its way to the controller. */
  onCommand(packet: Buffer): void;
  /** Everything else that the controller, or (on a raw socket) another program, said. */
  onPacket(packet: Buffer): void;
}

/** What noble takes for its socket. */
export class HciShim extends EventEmitter {
  readonly #socket: ControllerSocket;
  readonly #listener: ShimListener;
  features: Features = { extendedAdvertising: false, codedPhy: false };
  /** Packets that noble threw at. */
  contained = 0;

  constructor(socket: ControllerSocket, listener: ShimListener) {
    super();
    this.#socket = socket;
    this.#listener = listener;
  }

  hear(packet: Buffer): void {
    if (isReport(packet)) {
      this.#listener.onReport(packet);
      return;
    }
    this.#listener.onPacket(packet);
    try {
      this.emit("data", packet);
    } catch {
      this.contained += 1;
    }
  }

  write(packet: Buffer): void {
    const quiet = quietly(packet, this.features);
    if (quiet === undefined) return;
    this.#listener.onCommand(quiet);
    this.#socket.write(quiet);
  }

  reset(): void {
    this.write(command(Opcode.Reset));
  }

  isDevUp(): boolean {
    return this.#socket.isDevUp();
  }

  // The socket has been bound, started and filtered before noble gets it.
  bindRaw(): void {}
  bindUser(): void {}
  start(): void {}
  stop(): void {}
  setFilter(): void {}
  cleanup(): void {}
}

export interface NobleStack {
  /** Sets the scan parameters and enables the scan, duplicates included: a sensor's news are duplicates of its address. */
  scan(): void;
  stop(): void;
  /** noble itself, for connections. */
  readonly noble: unknown;
}

/**
 * Brings up noble around `shim`; `onReady` is called when the controller has answered its first commands.
 * @throws RadioError if noble is not installed.
 */
export function nobleStack(shim: HciShim, onReady: () => void): NobleStack {
  const require = createRequire(import.meta.url);
  const folder = nobleFolder(require);
  const Bindings = loadBindings(require, folder);
  const bindings = object(Reflect.construct(Bindings, [{ extended: shim.features.extendedAdvertising }]));
  const hci = object(bindings["_hci"]);
  hci["_socket"] = shim;
  pollOnce(hci);
  const withBindings: unknown = require(`${folder}/with-bindings.js`);
  if (typeof withBindings !== "function") throw unexpected();
  const noble = object(Reflect.apply(withBindings, undefined, [bindings]));
  // It would initialise itself a turn later, out of our sight.
  noble["initialized"] = true;
  call(noble, "on", "stateChange", (state: unknown) => {
    if (state === "poweredOn") onReady();
  });
  withoutProcessHandlers(() => call(bindings, "init"));
  return {
    noble,
    scan: () => call(noble, "startScanning", [], true),
    stop: () => call(noble, "stopScanning"),
  };
}

/** noble creates its own socket: while its files are loaded, it finds an empty one in the place of the native package. */
function loadBindings(require: NodeJS.Require, folder: string): NewableFunction {
  const path = socketPath(require);
  const before = require.cache[path];
  const stand = new Module(path);
  stand.exports = function NoSocket() {};
  stand.loaded = true;
  require.cache[path] = stand;
  try {
    const bindings: unknown = require(`${folder}/lib/hci-socket/bindings.js`);
    if (typeof bindings !== "function") throw unexpected();
    return bindings;
  } finally {
    if (before) require.cache[path] = before;
    else Reflect.deleteProperty(require.cache, path);
  }
}

/** noble polls every second, for ever; whether the device is up is our business, the first time excepted. */
function pollOnce(hci: Record<string, unknown>): void {
  const poll = hci["pollIsDevUp"];
  if (typeof poll !== "function") throw unexpected();
  let polled = false;
  hci["pollIsDevUp"] = () => {
    if (polled) return;
    polled = true;
    Reflect.apply(poll, hci, []);
  };
}

const PROCESS_EVENTS = ["SIGINT", "exit"] as const;

/** Signals and the end of the process belong to the command line alone. */
function withoutProcessHandlers(work: () => void): void {
  const before = new Set(PROCESS_EVENTS.flatMap((event) => process.rawListeners(event)));
  try {
    work();
  } finally {
    for (const event of PROCESS_EVENTS)
      for (const listener of process.rawListeners(event))
        if (!before.has(listener)) Reflect.apply(process.removeListener.bind(process), undefined, [event, listener]);
  }
}

function call(target: Record<string, unknown>, method: string, ...args: unknown[]): unknown {
  const found = target[method];
  if (typeof found !== "function") throw unexpected();
  return Reflect.apply(found, target, args);
}

function object(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw unexpected();
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

const unexpected = () => new RadioError("this version of @abandonware/noble is not the one we know: install 1.9.2-26");
