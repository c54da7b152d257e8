/** Modbus RTU on the wire: questions as bytes, and whether what was heard is the answer (Modbus over serial line §2.5). */

import { crc16, MODBUS } from "../../base/crc16.ts";
import { dataLength, EXCEPTION, foreign, type Heard, NOTHING, type Question, questionPdu } from "./pdu.ts";

export const questionBytes = (question: Question): Uint8Array => withSum([question.unit, ...questionPdu(question)]);

/** Bytes of the whole answer, unless it is an exception. */
export const answerLength = (question: Question): number => (question.data ? 8 : 5 + dataLength(question));

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
