/** A Bluetooth controller on a serial line: HCI packets with the H4 framing (Core 5.4, Vol 4, Part A, §2). */

import { EventEmitter } from "node:events";
import { type ControllerSocket } from "./hci-controller.ts";
import { EventCode, PacketType } from "./hci-events.ts";
import type { SerialLine } from "./serial.ts";

/** Where the length of a packet stands, and in how many bytes: Acl and the others (Vol 4, Part E, §5.4). */
const LENGTH_AT: Readonly<Record<number, readonly [at: number, size: 1 | 2]>> = {
  [PacketType.Acl]: [3, 2],
  0x03: [3, 1],
  [PacketType.Event]: [2, 1],
};

/** Cuts a stream of bytes into packets. Bytes that can start no packet are skipped and counted. */
export class H4Splitter {
  #pending: Buffer = Buffer.alloc(0);
  skipped = 0;

  push(chunk: Uint8Array): Buffer[] {
    const input = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : Buffer.from(chunk);
    const packets: Buffer[] = [];
    let at = 0;
    while (at < input.length) {
      const rule = LENGTH_AT[input[at]!];
      if (rule === undefined) {
        this.skipped += 1;
        at += 1;
        continue;
      }
      const [offset, size] = rule;
      const head = offset + size;
      if (at + head > input.length) break;
      const length = size === 1 ? input[at + offset]! : input.readUInt16LE(at + offset);
      if (at + head + length > input.length) break;
      // A copy: what is kept of a packet must not hold on to the whole chunk.
      packets.push(Buffer.from(input.subarray(at, at + head + length)));
      at += head + length;
    }
    this.#pending = Buffer.from(input.subarray(at));
    return packets;
  }
}

const MAX_WAITING = 64;
const RESET = Buffer.from([PacketType.Command, 0x03, 0x0c, 0x00]);

/** An open serial line as a controller socket. Commands wait until the controller says that it takes another. */
export class H4Socket extends EventEmitter implements ControllerSocket {
  readonly #line: SerialLine;
  readonly #splitter = new H4Splitter();
  readonly #waiting: Buffer[] = [];
  #credits = 1;

  constructor(line: SerialLine) {
    super();
    this.#line = line;
  }

  bindRaw(): void {
    this.#line.onData((chunk) => {
      for (const packet of this.#splitter.push(chunk)) this.#hear(packet);
    });
    this.#line.onClose((reason) => this.emit("error", new Error(reason)));
  }

  /** Nobody else has set up a controller on a serial line: it begins afresh. */
  start(): void {
    this.write(RESET);
  }

  stop(): void {
    this.#waiting.length = 0;
  }

  isDevUp(): boolean {
    return this.#line.isOpen;
  }

  setFilter(): void {
    // Filters belong to the kernel's sockets; a serial line carries everything.
  }

  write(packet: Buffer): void {
    if (packet[0] !== PacketType.Command) this.#send(packet);
    else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(packet);
      this.#drain();
    }
  }

  #hear(packet: Buffer): void {
    // Vol 4, Part E, §4.4: both events say how many more commands the controller takes.
    if (packet[1] === EventCode.CommandComplete && packet.length > 3) this.#credits = packet[3]!;
    if (packet[1] === EventCode.CommandStatus && packet.length > 4) this.#credits = packet[4]!;
    this.emit("data", packet);
    this.#drain();
  }

  #drain(): void {
    while (this.#credits > 0) {
      const packet = this.#waiting.shift();
      if (packet === undefined) return;
      this.#credits -= 1;
      this.#send(packet);
    }
  }

  #send(packet: Buffer): void {
    this.#line.write(packet).catch((error: unknown) => {
      this.emit("error", error instanceof Error ? error : new Error(String(error)));
    });
  }
}
