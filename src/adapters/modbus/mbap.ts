/** Modbus TCP on the wire: the header that stands before each question and answer (Modbus messaging on TCP/IP §3.1.3). */

import { copyOf } from "../../base/bytes.ts";
import { type Question, questionPdu } from "./pdu.ts";

/** Transaction, protocol and length, two bytes each, and the unit. */
const HEADER = 7;
/** What the length may count: the unit and a PDU of at least two bytes, at most 253 (§3.1.3, application protocol §4.1). */
const SHORTEST = 3;
const LONGEST = 254;

export interface TcpAnswer {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
}

export function mbapBytes(transaction: number, question: Question): Uint8Array {
  const pdu = questionPdu(question);
  const length = pdu.length + 1;
  const head = [transaction >> 8, transaction & 0xff, 0, 0, length >> 8, length & 0xff, question.unit];
  return Uint8Array.from([...head, ...pdu]);
}

/** Cuts a stream into answers. In a stream that has once lost its place, no length can be believed any more. */
export class MbapReader {
  #pending: Uint8Array = new Uint8Array(0);
  #broken: string | undefined;

  /** Why nothing more is read from this stream; undefined while all is well. */
  get broken(): string | undefined {
    return this.#broken;
  }

  push(chunk: Uint8Array): TcpAnswer[] {
    if (this.#broken !== undefined) return [];
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const view = new DataView(bytes.buffer);
    const answers: TcpAnswer[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const length = view.getUint16(at + 4);
      if (view.getUint16(at + 2) !== 0 || length < SHORTEST || length > LONGEST) {
        this.#broken = "what answers there does not speak Modbus TCP";
        this.#pending = new Uint8Array(0);
        return answers;
      }
      const end = at + HEADER - 1 + length;
      if (bytes.length < end) break;
      answers.push({
        transaction: view.getUint16(at),
        unit: view.getUint8(at + 6),
        pdu: bytes.slice(at + HEADER, end),
      });
      at = end;
    }
    this.#pending = copyOf(bytes.subarray(at));
    return answers;
  }
}
