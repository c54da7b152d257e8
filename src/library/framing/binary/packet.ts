/** Binary frames with a beginning, an end and a sum: held against them before anything is read. */

import { DecodeError, fromHex } from "../../../base/bytes.ts";
import type { FrameSpec } from "../../definition/frame.ts";
import { bytesTest } from "../../matching/conditions.ts";
import type { Complain } from "../../source.ts";
import { checks } from "./checks.ts";

type PacketSpec = NonNullable<FrameSpec["packet"]>;
type CheckSpec = NonNullable<PacketSpec["check"]>;

/** The packet as its fields count it. @throws DecodeError if it is not as the definition says. */
export type OpenPacket = (bytes: Uint8Array) => Uint8Array;

export function compilePacket({ start, end, stuffing, check }: PacketSpec, complain: Complain): OpenPacket {
  const beginning = bytesTest({ prefix: start }, ["frame", "packet"], complain);
  const last = end === undefined ? undefined : fromHex(end);
  const verify = check && checker(check);
  return (bytes) => {
    const packet = stuffing === "shdlc" ? unstuffed(bytes) : bytes;
    if (!beginning.fits(packet)) throw new DecodeError(`the packet does not begin with ${start ?? ""}`);
    if (last && !endsWith(packet, last)) throw new DecodeError(`the packet does not end with ${end ?? ""}`);
    verify?.(packet);
    return packet;
  };
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const from = bytes.length - end.length;
  return from >= 0 && end.every((byte, i) => bytes[from + i] === byte);
}

function checker({ kind, from, to, at }: CheckSpec): (packet: Uint8Array) => void {
  const sum = checks[kind];
  const { type } = sum;
  const width = type === "u8" ? 1 : 2;
  return (packet) => {
    const { length } = packet;
    const [first, end, place] = [from, to, at].map((each) => (each < 0 ? length + each : each));
    if (first === undefined || end === undefined || place === undefined) return;
    const inside = first >= 0 && first < end && end <= length && place >= 0 && place + width <= length;
    if (!inside) throw new DecodeError(`${length} bytes: too short for its checksum`);
    const [one = 0, two = 0] = packet.subarray(place, place + width);
    const stated = type === "u8" ? one : type === "u16be" ? (one << 8) | two : (two << 8) | one;
    const computed = sum.compute(packet, first, end);
    if (stated !== computed) throw new DecodeError(`checksum mismatch: ${hex(computed, width)} computed`);
  };
}

const hex = (sum: number, width: number) =>
  sum
    .toString(16)
    .toUpperCase()
    .padStart(2 * width, "0");

/** SHDLC (Sensirion SPS30 datasheet §5.1): frames stand between 7E, and within them 7D changes the byte that follows. */
const FLAG = 0x7e;
const ESCAPE = 0x7d;
const ESCAPED: ReadonlyMap<number, number> = new Map([
  [0x5e, FLAG],
  [0x5d, ESCAPE],
  [0x31, 0x11],
  [0x33, 0x13],
]);

function unstuffed(bytes: Uint8Array): Uint8Array {
  const found: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === FLAG && i > 0 && i < bytes.length - 1) throw new DecodeError(`7E within a packet, at byte ${i}`);
    const meant = byte === ESCAPE ? ESCAPED.get(bytes[++i] ?? 0) : byte;
    if (meant === undefined) throw new DecodeError(`7D before what needs none, at byte ${i - 1}`);
    found.push(meant);
  }
  return Uint8Array.from(found);
}
