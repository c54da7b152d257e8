/** The sums that protect binary frames. */

import { crc16, ARC, MODBUS, X25 } from "../../../base/crc16.ts";
import type { CHECKS } from "../../definition/frame.ts";

export type CheckKind = (typeof CHECKS)[number];

export interface Check {
  /** How the sum stands in the frame. */
  readonly type: "u8" | "u16be" | "u16le";
  /** Over the bytes from one place to before another. */
  compute(bytes: Uint8Array, from: number, to: number): number;
}

/** CRCs that take the highest bit first. */
interface HighFirst {
  readonly bits: 8 | 16;
  readonly polynomial: number;
  readonly start: number;
}

/** Sensirion application note "CRC Checksum Calculation", for each word of the SHT and SCD families. */
const SENSIRION: HighFirst = { bits: 8, polynomial: 0x31, start: 0xff };
/** The one that many call CCITT-FALSE: it begins with ones and has no reversed bits. */
const CCITT: HighFirst = { bits: 16, polynomial: 0x1021, start: 0xffff };

const total: Check["compute"] = (bytes, from, to) => {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum;
};

const exclusiveOr: Check["compute"] = (bytes, from, to) => {
  let sum = 0;
  for (let i = from; i < to; i++) sum ^= bytes[i] ?? 0;
  return sum;
};

export const highFirst =
  ({ bits, polynomial, start }: HighFirst): Check["compute"] =>
  (bytes, from, to) => {
    const [top, mask] = [1 << (bits - 1), (1 << bits) - 1];
    let crc = start;
    for (let i = from; i < to; i++) {
      crc ^= (bytes[i] ?? 0) << (bits - 8);
      for (let bit = 0; bit < 8; bit++) crc = (crc & top ? (crc << 1) ^ polynomial : crc << 1) & mask;
    }
    return crc;
  };

/** Sums of 16 bits stand as their standards say: those of serial wires with the low byte first. */
export const checks: Readonly<Record<CheckKind, Check>> = {
  sum8: { type: "u8", compute: (...span) => total(...span) & 0xff },
  "sum8.inverted": { type: "u8", compute: (...span) => ~total(...span) & 0xff },
  "sum8.negated": { type: "u8", compute: (...span) => -total(...span) & 0xff },
  sum16be: { type: "u16be", compute: (...span) => total(...span) & 0xffff },
  sum16le: { type: "u16le", compute: (...span) => total(...span) & 0xffff },
  xor8: { type: "u8", compute: exclusiveOr },
  "crc8.sensirion": { type: "u8", compute: highFirst(SENSIRION) },
  "crc16.modbus": { type: "u16le", compute: (...span) => crc16(MODBUS, ...span) },
  "crc16.arc": { type: "u16le", compute: (...span) => crc16(ARC, ...span) },
  "crc16.x25": { type: "u16le", compute: (...span) => crc16(X25, ...span) },
  "crc16.ccitt": { type: "u16be", compute: highFirst(CCITT) },
};
