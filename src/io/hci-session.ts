/** One opening of a Bluetooth controller: asks what it can do, brings it up, and keeps its scan running. */

import type { Clock, Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import {
  command,
  completionOf,
  featuresOf,
  isScanEnable,
  Opcode,
  opcodeOf,
  socketFilter,
  statusInWords,
} from "./hci-commands.ts";
import { type ControllerSocket, inWords, RadioError } from "./hci-controller.ts";
import { EventCode, PacketType } from "./hci-events.ts";
import { HciShim, type NobleStack, nobleStack } from "./noble.ts";

export interface SessionOptions {
  readonly socket: ControllerSocket;
  /** As people call it: `hci0`, `/dev/ttyAMA0`. */
  readonly device: string;
  readonly number: number;
  readonly clock: Clock;
  readonly onReport: (packet: Buffer) => void;
  /** The scan runs. */
  readonly onScanning: () => void;
  /** The session is of no use any more; told once. */
  readonly onFailure: (reason: RadioError) => void;
}

const ANSWER_MS = 2_000;
const SCAN_MS = 5_000;
/** How often the device is asked whether it is still switched on. */
const UP_MS = 2_000;
/** After a reset, noble needs a moment to set up the controller again. */
const SETTLE_MS = 500;
/** Another program has ended our scan: we give it this long before we take it up again. */
const TAKE_UP_MS = 1_000;
const MAX_ASKED = 32;

export class HciSession {
  readonly #options: SessionOptions;
  readonly #shim: HciShim;
  #stack: NobleStack | undefined;
  #scanning = false;
  #over = false;
  /** Scan commands without an answer yet, ours and those of other programs, in order: true enables. */
  readonly #asked: boolean[] = [];
  #deadline: Timer | undefined;
  #rescan: Timer | undefined;
  #upCheck: Timer | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#shim = new HciShim(options.socket, {
      onReport: options.onReport,
      onCommand: (packet) => this.#noteScan(packet),
      onPacket: (packet) => this.#hear(packet),
    });
  }

  /** Packets that noble could not digest. */
  get contained(): number {
    return this.#shim.contained;
  }

  open(): void {
    const { socket, device, number } = this.#options;
    socket.on("error", (error) => this.#fail(inWords(error, device)));
    socket.on("data", (packet) => {
      if (!this.#over) this.#shim.hear(packet);
    });
    try {
      socket.bindRaw(number);
      if (!this.#over) socket.start();
      if (this.#over) return;
      if (!socket.isDevUp()) throw new RadioError(switchedOff(device));
      socket.setFilter(socketFilter());
      socket.write(command(Opcode.ReadLeFeatures));
    } catch (error) {
      this.#fail(inWords(error, device));
      return;
    }
    this.#expect(ANSWER_MS, "does not answer: is it powered, is the speed of its line right?");
    this.#watchPower();
  }

  /** Ends the scan if need be, and begins it again. */
  restart(): void {
    if (this.#over || this.#stack === undefined) return;
    this.#rescan?.cancel();
    this.#expect(SCAN_MS, "does not take the command to scan");
    this.#stack.scan();
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#over) return;
    this.#end();
    try {
      if (this.#scanning) this.#stack?.stop();
      this.#options.socket.stop();
    } catch {
      // What cannot be stopped is broken already.
    }
  }

  #hear(packet: Buffer): void {
    const said = completionOf(packet);
    if (said?.opcode === Opcode.ReadLeFeatures && this.#stack === undefined) {
      this.#shim.features = featuresOf(said);
      this.#bringUp();
    } else if (said && isScanEnable(said.opcode)) this.#scanAnswered(said.status);
    // On a serial line a session begins with a reset of our own; every later one is somebody else's.
    else if (said?.opcode === Opcode.Reset && this.#stack !== undefined) this.#later(SETTLE_MS);
    else if (packet[0] === PacketType.Event && packet[1] === EventCode.HardwareError)
      this.#fail(new RadioError(`${this.#options.device} reports a hardware error (code ${packet[3] ?? "unknown"})`));
    // On a raw socket we hear the commands of other programs: one that ends its scan ends ours.
    else if (this.#noteScan(packet) === false) this.#later(TAKE_UP_MS);
  }

  #bringUp(): void {
    this.#expect(SCAN_MS, "does not answer the commands that set it up");
    try {
      this.#stack = nobleStack(this.#shim, () => {
        if (!this.#scanning) this.restart();
      });
    } catch (error) {
      this.#fail(error instanceof RadioError ? error : new RadioError(`noble does not start: ${words(error)}`));
    }
  }

  /** Notes a scan command; tells what it asks for, or undefined if it is another. */
  #noteScan(packet: Buffer): boolean | undefined {
    const opcode = opcodeOf(packet);
    if (opcode === undefined || !isScanEnable(opcode)) return undefined;
    const enable = packet[4] === 1;
    if (this.#asked.length < MAX_ASKED) this.#asked.push(enable);
    return enable;
  }

  /** A scan is disabled before it is enabled; a refusal of the former only means that there was none. */
  #scanAnswered(status: number): void {
    if (this.#asked.shift() !== true) return;
    if (status === 0) {
      this.#scanning = true;
      this.#deadline?.cancel();
      this.#options.onScanning();
    } else this.#fail(new RadioError(`${this.#options.device} refuses to scan (${statusInWords(status)})`));
  }

  #later(ms: number): void {
    this.#scanning = false;
    this.#rescan?.cancel();
    this.#rescan = this.#options.clock.after(ms, () => this.restart());
  }

  #watchPower(): void {
    const { clock, socket, device } = this.#options;
    this.#upCheck = clock.after(UP_MS, () => {
      if (socket.isDevUp()) this.#watchPower();
      else this.#fail(new RadioError(switchedOff(device)));
    });
  }

  #expect(ms: number, otherwise: string): void {
    this.#deadline?.cancel();
    this.#deadline = this.#options.clock.after(ms, () =>
      this.#fail(new RadioError(`${this.#options.device} ${otherwise}`)),
    );
  }

  #fail(reason: RadioError): void {
    if (this.#over) return;
    this.close();
    this.#options.onFailure(reason);
  }

  #end(): void {
    this.#over = true;
    this.#deadline?.cancel();
    this.#rescan?.cancel();
    this.#upCheck?.cancel();
  }
}

const switchedOff = (device: string): string =>
  `${device} is switched off: run bluetoothctl power on, or rfkill unblock bluetooth`;
