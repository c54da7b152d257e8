/** Advertising reports, as the controller hands them up (Core 5.4, Vol 4, Part E, §7.7.65.2 and §7.7.65.13). */

import { BoundedMap } from "../base/bounded.ts";
import { copyOf, DecodeError } from "../base/bytes.ts";

/** Packet indicators of the HCI transport (Vol 4, Part A, §2). */
export const PacketType = { Command: 0x01, Acl: 0x02, Event: 0x04 } as const;

export const EventCode = { CommandComplete: 0x0e, CommandStatus: 0x0f, HardwareError: 0x10, LeMeta: 0x3e } as const;

const LEGACY_REPORT = 0x02;
/** Adverts to one receiver only, without data; nothing in them for us. */
const DIRECTED_REPORT = 0x0b;
const EXTENDED_REPORT = 0x0d;

export interface Report {
  /** `CB:B8:33:4C:88:4F`. */
  readonly address: string;
  /** Random addresses may change; public ones never do. */
  readonly random: boolean;
  /** An answer to an active scan, which adds to the advert before it. */
  readonly scanResponse: boolean;
  /** dBm; absent if the controller does not know. */
  readonly rssi?: number;
  /** AD structures. */
  readonly data: Uint8Array;
}

/** Whether a packet is an advertising report, however malformed. */
export function isReport(packet: Uint8Array): boolean {
  if (packet[0] !== PacketType.Event || packet[1] !== EventCode.LeMeta) return false;
  const subevent = packet[3];
  return subevent === LEGACY_REPORT || subevent === EXTENDED_REPORT || subevent === DIRECTED_REPORT;
}

/** §7.7.65.2: at most 25 reports in a legacy event; §7.7.65.13: at most 10 in an extended one. */
const MAX_LEGACY_REPORTS = 0x19;
const MAX_EXTENDED_REPORTS = 0x0a;
const MAX_LEGACY_DATA = 31;
const HEADER = 5;
const LEGACY_HEAD = 9;
const EXTENDED_HEAD = 24;
const RSSI_UNKNOWN = 127;
/** §7.7.65.13: an advert that names no advertiser. */
const ANONYMOUS = 0xff;

/** Bits of an extended report's Event_Type. */
const SCAN_RESPONSE = 1 << 3;
const DATA_STATUS = 0b11 << 5;
const MORE_TO_COME = 0b01 << 5;
const TRUNCATED = 0b10 << 5;
const LEGACY_SCAN_RESPONSE = 0x04;

/** All the fragments of one advert may hold (Vol 4, Part E, §7.8.54: 1650 bytes). */
const MAX_ADVERT = 1_650;
const MAX_PENDING = 64;
/** Fragments of one advert follow each other at once; older ones belong to an advert whose end was lost. */
const FRAGMENT_LIFETIME_MS = 1_000;

interface Pending {
  readonly parts: Uint8Array[];
  readonly since: number;
  length: number;
}

/** Cuts events into reports, and joins what the controller has cut in pieces. */
export class ReportDecoder {
  readonly #pending = new BoundedMap<string, Pending>(MAX_PENDING);
  /** Extended adverts whose data the controller could not deliver whole. */
  truncated = 0;
  /** Adverts without an address: nobody can say whose they are. */
  anonymous = 0;

  /**
   * The reports of one event packet, all of it or none.
   * @param now monotonic milliseconds.
   * @throws DecodeError if the packet is malformed.
   */
  decode(packet: Uint8Array, now: number): Report[] {
    if (packet.length < HEADER) throw new DecodeError(`event of ${packet.length} bytes`);
    if (packet[2] !== packet.length - 3)
      throw new DecodeError(`event of ${packet.length - 3} bytes, ${packet[2]} said`);
    switch (packet[3]) {
      case LEGACY_REPORT:
        return readLegacy(packet);
      case EXTENDED_REPORT:
        return this.#joined(readExtended(packet), now);
      default:
        return [];
    }
  }

  #joined(pieces: readonly Piece[], now: number): Report[] {
    const reports: Report[] = [];
    for (const piece of pieces) {
      const report = this.#join(piece, now);
      if (report) reports.push(report);
    }
    return reports;
  }

  #join(piece: Piece, now: number): Report | undefined {
    const { report, eventType, set } = piece;
    if (report === undefined) {
      this.anonymous += 1;
      return undefined;
    }
    const status = eventType & DATA_STATUS;
    // The usual case: nothing waits, and this piece is the whole.
    if (status === 0 && this.#pending.size === 0) return report;

    const key = `${report.address} ${report.random} ${set} ${report.scanResponse}`;
    const before = this.#earlier(key, now);
    if (status === MORE_TO_COME) {
      this.#keep(key, before ?? { parts: [], since: now, length: 0 }, report.data);
      return undefined;
    }
    this.#pending.delete(key);
    // The end of an advert that was too long to keep, and is counted, must not pass for a whole one.
    if (before && before.length > MAX_ADVERT) return undefined;
    if (status !== 0) {
      this.truncated += 1;
      return undefined;
    }
    return before ? { ...report, data: Buffer.concat([...before.parts, report.data]) } : report;
  }

  #earlier(key: string, now: number): Pending | undefined {
    const pending = this.#pending.peek(key);
    return pending && now - pending.since <= FRAGMENT_LIFETIME_MS ? pending : undefined;
  }

  #keep(key: string, pending: Pending, data: Uint8Array): void {
    pending.length += data.length;
    // A copy: the packet's memory may be the driver's.
    if (pending.length <= MAX_ADVERT) pending.parts.push(copyOf(data));
    else if (pending.parts.length > 0) {
      this.truncated += 1;
      pending.parts.length = 0;
    }
    this.#pending.set(key, pending);
  }
}

function readLegacy(packet: Uint8Array): Report[] {
  const count = packet[4]!;
  if (count === 0 || count > MAX_LEGACY_REPORTS) throw new DecodeError(`event with ${count} reports`);
  const reports: Report[] = [];
  let at = HEADER;
  for (let i = 0; i < count; i++) {
    if (at + LEGACY_HEAD > packet.length) throw new DecodeError(`report ${i} of ${count} is cut off`);
    const length = packet[at + 8]!;
    const end = at + LEGACY_HEAD + length;
    if (length > MAX_LEGACY_DATA || end >= packet.length) throw new DecodeError(`report with ${length} bytes of data`);
    reports.push({
      address: readAddress(packet, at + 2),
      random: isRandom(packet[at + 1]!),
      scanResponse: packet[at] === LEGACY_SCAN_RESPONSE,
      ...rssiOf(packet[end]!),
      data: packet.subarray(at + LEGACY_HEAD, end),
    });
    at = end + 1;
  }
  if (at !== packet.length) throw new DecodeError(`${packet.length - at} bytes after the last report`);
  return reports;
}

interface Piece {
  /** Undefined: it is anonymous. */
  readonly report: Report | undefined;
  readonly eventType: number;
  /** Which of the advertiser's sets: Advertising_SID. */
  readonly set: number;
}

function readExtended(packet: Uint8Array): Piece[] {
  const count = packet[4]!;
  if (count === 0 || count > MAX_EXTENDED_REPORTS) throw new DecodeError(`event with ${count} reports`);
  const pieces: Piece[] = [];
  let at = HEADER;
  for (let i = 0; i < count; i++) {
    if (at + EXTENDED_HEAD > packet.length) throw new DecodeError(`report ${i} of ${count} is cut off`);
    const end = at + EXTENDED_HEAD + packet[at + 23]!;
    if (end > packet.length) throw new DecodeError(`report with ${packet[at + 23]} bytes of data`);
    pieces.push(readPiece(packet, at, end));
    at = end;
  }
  if (at !== packet.length) throw new DecodeError(`${packet.length - at} bytes after the last report`);
  return pieces;
}

function readPiece(packet: Uint8Array, at: number, end: number): Piece {
  const eventType = packet[at]! | (packet[at + 1]! << 8);
  if ((eventType & DATA_STATUS) === (MORE_TO_COME | TRUNCATED)) throw new DecodeError("reserved data status");
  const addressType = packet[at + 2]!;
  const set = packet[at + 11]!;
  if (addressType === ANONYMOUS) return { report: undefined, eventType, set };
  const report = {
    address: readAddress(packet, at + 3),
    random: isRandom(addressType),
    scanResponse: (eventType & SCAN_RESPONSE) !== 0,
    ...rssiOf(packet[at + 13]!),
    data: packet.subarray(at + EXTENDED_HEAD, end),
  };
  return { report, eventType, set };
}

/** 0 public, 1 random, 2 and 3 the same, resolved by the controller. */
const isRandom = (addressType: number): boolean => (addressType & 1) === 1;

function rssiOf(byte: number): { rssi?: number } {
  const rssi = byte > 127 ? byte - 256 : byte;
  return rssi === RSSI_UNKNOWN ? {} : { rssi };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());

/** Least significant byte first on the wire, most significant first for people. */
function readAddress(packet: Uint8Array, at: number): string {
  let text = HEX[packet[at + 5]!]!;
  for (let i = at + 4; i >= at; i--) text += `:${HEX[packet[i]!]!}`;
  return text;
}
