/** The HCI commands that scanning needs, and how ours differ from those that others write (Core 5.4, Vol 4, Part E, §7.8). */

import { EventCode, PacketType } from "./hci-events.ts";

export const Opcode = {
  Reset: 0x0c03,
  ReadLeFeatures: 0x2003,
  SetScanParameters: 0x200b,
  SetScanEnable: 0x200c,
  SetDefaultPhy: 0x2031,
  SetExtendedScanParameters: 0x2041,
  SetExtendedScanEnable: 0x2042,
} as const;

export const isScanEnable = (opcode: number): boolean =>
  opcode === Opcode.SetScanEnable || opcode === Opcode.SetExtendedScanEnable;
const isScanParameters = (opcode: number): boolean =>
  opcode === Opcode.SetScanParameters || opcode === Opcode.SetExtendedScanParameters;

/** The opcode of a command packet, ours or (on a raw socket) another program's. */
export function opcodeOf(packet: Uint8Array): number | undefined {
  return packet[0] === PacketType.Command && packet.length >= 4 ? packet[1]! | (packet[2]! << 8) : undefined;
}

export function command(opcode: number, ...parameters: number[]): Buffer {
  return Buffer.from([PacketType.Command, opcode & 0xff, opcode >> 8, parameters.length, ...parameters]);
}

export interface Completion {
  readonly opcode: number;
  /** 0: done; else a reason of Vol 1, Part F. */
  readonly status: number;
  readonly returned: Uint8Array;
}

/** What a Command Complete or Command Status event says; undefined for every other packet (§7.7.14, §7.7.15). */
export function completionOf(packet: Uint8Array): Completion | undefined {
  if (packet[0] !== PacketType.Event || packet.length < 7) return undefined;
  if (packet[1] === EventCode.CommandComplete)
    return { opcode: packet[4]! | (packet[5]! << 8), status: packet[6]!, returned: packet.subarray(7) };
  if (packet[1] === EventCode.CommandStatus)
    return {
      opcode: packet[5]! | (packet[6] === undefined ? 0 : packet[6] << 8),
      status: packet[3]!,
      returned: NOTHING,
    };
  return undefined;
}

const NOTHING = new Uint8Array(0);

export interface Features {
  readonly extendedAdvertising: boolean;
  readonly codedPhy: boolean;
}

/** LE features are numbered bits (Vol 6, Part B, §4.6): 11 is the Coded PHY, 12 is Extended Advertising. */
export function featuresOf({ status, returned }: Completion): Features {
  const second = status === 0 ? (returned[1] ?? 0) : 0;
  return { codedPhy: (second & 0x08) !== 0, extendedAdvertising: (second & 0x10) !== 0 };
}

const PHY_1M = 0x01;
const PHYS_AT = 6;
const FIRST_PHY_AT = 7;
const BYTES_PER_PHY = 5;

/**
 * The same command for a listener that does not speak: scanning becomes passive, and PHYs that the controller lacks are
 * left out. Undefined: better not sent at all.
 */
export function quietly(packet: Buffer, { codedPhy }: Features): Buffer | undefined {
  const opcode = opcodeOf(packet);
  if (opcode === Opcode.SetDefaultPhy && !codedPhy) return undefined;
  if (opcode === undefined || !isScanParameters(opcode)) return packet;
  let copy = Buffer.from(packet);
  if (opcode === Opcode.SetScanParameters) {
    // §7.8.10: LE_Scan_Type comes first; 0 is passive.
    copy[4] = 0;
    return copy;
  }
  // §7.8.64: own address, filter policy, PHYs; then type, interval and window for each PHY.
  if (!codedPhy) {
    copy = copy.subarray(0, FIRST_PHY_AT + BYTES_PER_PHY);
    copy[3] = copy.length - 4;
    copy[PHYS_AT] = PHY_1M;
  }
  for (let at = FIRST_PHY_AT; at < copy.length; at += BYTES_PER_PHY) copy[at] = 0;
  return copy;
}

/** What the kernel's raw socket shall hand up: commands of other programs, events of commands, faults, and LE events. */
export function socketFilter(): Buffer {
  const filter = Buffer.alloc(16);
  filter.writeUInt32LE((1 << PacketType.Command) | (1 << PacketType.Acl) | (1 << PacketType.Event), 0);
  const events = [0x05, 0x08, EventCode.CommandComplete, EventCode.CommandStatus, EventCode.HardwareError, 0x13];
  filter.writeUInt32LE(
    events.reduce((mask, event) => mask | (1 << event), 0),
    4,
  );
  filter.writeUInt32LE(1 << (EventCode.LeMeta - 32), 8);
  return filter;
}

/** Vol 1, Part F, §1.3: the reasons that a scan meets. */
const STATUS_WORDS: Readonly<Record<number, string>> = {
  0x01: "unknown command",
  0x03: "hardware failure",
  0x0c: "command disallowed: another program may be scanning",
  0x11: "unsupported feature",
  0x12: "invalid parameters",
  0x1f: "unspecified error",
  0x3a: "controller busy",
};

export function statusInWords(status: number): string {
  return `0x${status.toString(16).padStart(2, "0")}, ${STATUS_WORDS[status] ?? "see the Bluetooth specification, Vol 1, Part F"}`;
}
