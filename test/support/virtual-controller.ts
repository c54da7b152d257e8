/** A Bluetooth controller played in memory: answers HCI commands as a real one does, and advertises on demand. */

import { EventEmitter } from "node:events";
import { fromHex } from "../../src/base/bytes.ts";
import type { ControllerSocket } from "../../src/io/hci-controller.ts";

export interface ControllerTraits {
  /** LE features 12 and 11. */
  readonly extended?: boolean;
  readonly codedPhy?: boolean;
}

const COMMAND = 0x01;
const EVENT = 0x04;

const addressBytes = (address: string): number[] =>
  address
    .split(":")
    .reverse()
    .map((byte) => Number.parseInt(byte, 16));

const u16 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];

/** One AD structure. */
export function ad(type: number, data: string | Uint8Array): Uint8Array {
  const bytes = typeof data === "string" ? fromHex(data) : data;
  return Uint8Array.from([bytes.length + 1, type, ...bytes]);
}

export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

export interface AdvertOptions {
  readonly address: string;
  readonly data: Uint8Array;
  readonly rssi?: number;
  /** 0 connectable, 3 not connectable, 4 scan response. */
  readonly type?: number;
  readonly addressType?: number;
}

/** LE Advertising Report with one report or more. */
export function legacyEvent(...adverts: readonly AdvertOptions[]): Buffer {
  const reports = adverts.flatMap(({ address, data, rssi = -60, type = 3, addressType = 1 }) => [
    type,
    addressType,
    ...addressBytes(address),
    data.length,
    ...data,
    rssi & 0xff,
  ]);
  return event(0x3e, [0x02, adverts.length, ...reports]);
}

export interface ExtendedOptions extends AdvertOptions {
  /** 0 complete, 1 more to come, 2 truncated. */
  readonly status?: number;
  readonly set?: number;
  readonly scanResponse?: boolean;
}

/** LE Extended Advertising Report with one report or more. */
export function extendedEvent(...adverts: readonly ExtendedOptions[]): Buffer {
  const reports = adverts.flatMap(
    ({ address, data, rssi = -60, addressType = 1, status = 0, set = 0, scanResponse = false }) => [
      ...u16((status << 5) | (scanResponse ? 8 : 0)),
      addressType,
      ...addressBytes(address),
      ...[1, 0, set, 0x7f, rssi & 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      data.length,
      ...data,
    ],
  );
  return event(0x3e, [0x0d, adverts.length, ...reports]);
}

export function event(code: number, parameters: readonly number[]): Buffer {
  return Buffer.from([EVENT, code, parameters.length, ...parameters]);
}

export class VirtualController extends EventEmitter implements ControllerSocket {
  readonly traits: ControllerTraits;
  /** Every command, as written. */
  readonly commands: Buffer[] = [];
  up = true;
  scanning = false;
  bound: number | undefined;
  stopped = false;
  /** No command is answered any more. */
  mute = false;
  /** The status that enabling a scan is answered with. */
  scanStatus = 0;
  /** What `bindRaw` emits as an error. */
  bindError: Error | undefined;

  constructor(traits: ControllerTraits = {}) {
    super();
    this.traits = traits;
  }

  bindRaw(device: number): void {
    this.bound = device;
    if (this.bindError) this.emit("error", this.bindError);
  }

  start(): void {}

  stop(): void {
    this.stopped = true;
  }

  isDevUp(): boolean {
    return this.up;
  }

  setFilter(): void {}

  write(packet: Buffer): void {
    if (packet[0] !== COMMAND) return;
    this.commands.push(Buffer.from(packet));
    if (this.mute) return;
    const opcode = packet.readUInt16LE(1);
    queueMicrotask(() => this.hear(completed(opcode, this.#answer(opcode, packet.subarray(4)))));
  }

  /** Commands of an opcode, as hex of their parameters. */
  parameters(opcode: number): string[] {
    return this.commands
      .filter((packet) => packet.readUInt16LE(1) === opcode)
      .map((packet) => packet.subarray(4).toString("hex"));
  }

  /** Hands a packet up, as the controller, or another program on the same raw socket, would. */
  hear(packet: Uint8Array): void {
    this.emit("data", Buffer.from(packet));
  }

  #answer(opcode: number, parameters: Buffer): number[] {
    switch (opcode) {
      case 0x0c03:
        this.scanning = false;
        return [0];
      case 0x1001:
        return [0, 0x0a, 0, 0, 0x0a, 0x0f, 0, 0, 0];
      case 0x1009:
        return [0, ...addressBytes("00:1A:7D:DA:71:13")];
      case 0x2002:
        return [0, 0xfb, 0, 8];
      case 0x2003:
        return [0, 0xff, (this.traits.extended ? 0x10 : 0) | (this.traits.codedPhy ? 0x08 : 0), 0, 0, 0, 0, 0, 0];
      case 0x200c:
      case 0x2042:
        return [this.#enable(parameters[0] === 1)];
      default:
        return [0, 0, 0, 0, 0, 0, 0, 0, 0];
    }
  }

  #enable(wanted: boolean): number {
    if (wanted && this.scanStatus !== 0) return this.scanStatus;
    this.scanning = wanted;
    return 0;
  }
}

/** HCI Command Complete; one more command is taken. */
export function completed(opcode: number, returned: readonly number[]): Buffer {
  return event(0x0e, [1, ...u16(opcode), ...returned]);
}
