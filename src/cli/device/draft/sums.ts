/** Sums that end what was recorded: one that is right in every frame, though they differ, is no accident. */

import { type CheckKind, checks } from "../../../library/index.ts";

/** So many different frames have to agree: a byte is right by chance in one of 256. */
const ENOUGH = 3;
const FARTHEST_START = 3;
/** What may stand behind a sum: nothing, or a byte or two that end every packet. */
const BEHIND = [0, 1, 2] as const;

export interface PacketSum {
  readonly kind: CheckKind;
  readonly from: number;
  /** From the end: before the sum, and where it stands. */
  readonly to: number;
  readonly at: number;
}

export interface LineSum {
  readonly kind: CheckKind;
  readonly after: string;
  readonly from?: number;
}

const KINDS: readonly CheckKind[] = [
  ...([
    "xor8",
    "sum8",
    "sum8.inverted",
    "sum8.negated",
    "crc16.modbus",
    "crc16.arc",
    "crc16.x25",
    "crc16.ccitt",
  ] as const),
  ...(["sum16be", "sum16le", "crc8.sensirion"] as const),
];

const widthOf = (kind: CheckKind) => (checks[kind].type === "u8" ? 1 : 2);

/** Of frames of one length. */
export function packetSumOf(frames: readonly Uint8Array[]): PacketSum | undefined {
  const different = [...new Map(frames.map((frame) => [String(frame), frame])).values()];
  if (different.length < ENOUGH) return undefined;
  for (const kind of KINDS)
    for (const behind of BEHIND)
      for (let from = 0; from <= FARTHEST_START; from++) {
        const at = -widthOf(kind) - behind;
        if (different.every((frame) => isRight(frame, { kind, from, to: at, at }))) return { kind, from, to: at, at };
      }
  return undefined;
}

function isRight(frame: Uint8Array, { kind, from, at }: PacketSum): boolean {
  const check = checks[kind];
  const place = frame.length + at;
  if (place <= from + 1) return false;
  const [one = 0, two = 0] = frame.subarray(place);
  const stated = check.type === "u8" ? one : check.type === "u16be" ? one * 256 + two : two * 256 + one;
  return check.compute(frame, from, place) === stated;
}

const STATED = /^(.*)([^0-9A-Za-z])((?:[0-9A-Fa-f]{2}){1,2})$/s;

/** Of lines of text: two or four hexadecimal digits behind a sign of their own. */
export function lineSumOf(lines: readonly string[]): LineSum | undefined {
  const parts = [...new Set(lines)].map((line) => STATED.exec(line));
  const after = parts[0]?.[2];
  if (after === undefined || parts.length < ENOUGH || parts.some((part) => part?.[2] !== after)) return undefined;
  for (const kind of KINDS)
    for (const from of [0, 1]) {
      const right = parts.every((part) => {
        const [, body = "", , digits = ""] = part ?? [];
        const bytes = Buffer.from(body.slice(from), "latin1");
        return (
          digits.length === 2 * widthOf(kind) &&
          checks[kind].compute(bytes, 0, bytes.length) === Number.parseInt(digits, 16)
        );
      });
      if (right) return { kind, after, ...(from > 0 && { from }) };
    }
  return undefined;
}
