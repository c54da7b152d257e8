/** Modbus RTU on the wire: questions as bytes, and whether what was heard is the answer (Modbus over serial line §2.5). */

import { crc16, MODBUS } from "../../base/crc16.ts";

/** A read has a count, a write has data. */
export interface Question {
  readonly unit: number;
  readonly fc: number;
  readonly address: number;
  /** Registers, or coils. */
  readonly count: number;
  /** What is written: two bytes for each register, one bit for each coil. */
  readonly data?: Uint8Array;
}

export type Heard =
  /** What was read; empty for a write that was done. */
  | { readonly kind: "answer"; readonly data: Uint8Array }
  | { readonly kind: "exception"; readonly code: number }
  /** Not an answer to this question: nothing of it may be used. */
  | { readonly kind: "foreign"; readonly why: string };

const EXCEPTION = 0x80;
const NOTHING = new Uint8Array(0);

/** Modbus application protocol §6: reads 1 to 4, writes 5, 6, 15, 16. */
export function questionBytes({ unit, fc, address, count, data }: Question): Uint8Array {
  const head = [unit, fc, address >> 8, address & 0xff];
  if (!data) return withSum([...head, count >> 8, count & 0xff]);
  if (fc === 5 || fc === 6) return withSum([...head, ...data]);
  return withSum([...head, count >> 8, count & 0xff, data.length, ...data]);
}

/** Bytes of the whole answer, unless it is an exception. */
export function answerLength({ fc, count, data }: Question): number {
  if (data) return 8;
  return 5 + (fc <= 2 ? Math.ceil(count / 8) : count * 2);
}

/** Undefined: more has to come. */
export function hear(question: Question, bytes: Uint8Array): Heard | undefined {
  const [unit, fc, third, code] = bytes;
  if (unit !== undefined && unit !== question.unit && question.unit !== ANY_UNIT) return foreign(`unit ${unit}`);
  if (fc === undefined) return undefined;
  if ((fc & 0x7f) !== question.fc) return foreign(`function code ${fc}`);
  if (fc & EXCEPTION) {
    if (bytes.length < 5) return undefined;
    if (bytes.length > 5 || !sumFits(bytes)) return foreign("a broken exception");
    return { kind: "exception", code: third ?? 0 };
  }
  const length = answerLength(question);
  if (!question.data && third !== undefined && third !== length - 5) return foreign(`${third} bytes of data`);
  if (question.data && code !== undefined && !echoes(question, bytes)) return foreign("the echo of another write");
  if (bytes.length < length) return undefined;
  if (bytes.length > length || !sumFits(bytes)) return foreign("a broken answer");
  return { kind: "answer", data: question.data ? NOTHING : bytes.slice(3, length - 2) };
}

/** Every sensor of some makers answers to it, by the number it has. */
const ANY_UNIT = 254;

const foreign = (why: string): Heard => ({ kind: "foreign", why });

/** The answer to a write repeats where, and what or how much. */
function echoes(question: Question, bytes: Uint8Array): boolean {
  const asked = questionBytes(question);
  for (let i = 2; i < 6 && i < bytes.length; i++) if (bytes[i] !== asked[i]) return false;
  return true;
}

function withSum(bytes: readonly number[]): Uint8Array {
  const whole = Uint8Array.from([...bytes, 0, 0]);
  const sum = crc16(MODBUS, whole, 0, bytes.length);
  whole[bytes.length] = sum & 0xff;
  whole[bytes.length + 1] = sum >> 8;
  return whole;
}

function sumFits(bytes: Uint8Array): boolean {
  const end = bytes.length - 2;
  return crc16(MODBUS, bytes, 0, end) === ((bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8));
}

/** Modbus application protocol §7. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "it does not know this function",
  2: "it has no such register",
  3: "it does not take this value",
  4: "it has failed",
  5: "it needs more time",
  6: "it is busy",
  10: "the way to it is not there",
  11: "the device behind it does not answer",
};

export const exceptionWords = (code: number): string => EXCEPTIONS[code] ?? `exception ${code}`;
