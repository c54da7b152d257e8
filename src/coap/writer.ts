/** Writes one message straight to bytes, number after number: no option objects, one allocation (RFC 7252 §3). */

import type { MessageType } from "./message.ts";

const LEAD = { CON: 0x40, NON: 0x50, ACK: 0x60, RST: 0x70 } as const satisfies Record<MessageType, number>;
const PAYLOAD_MARKER = 0xff;
/** Header, token, and as many options of at most six bytes as anybody writes in here. */
const ROOM = 4 + 8 + 12 * 6;

/** For a few short options that are numbers, in ascending order. What it returns is the caller's. */
export class MessageWriter {
  readonly #bytes = new Uint8Array(ROOM);
  #at = 0;
  #number = 0;

  begin(type: MessageType, code: number, messageId: number, token: Uint8Array): void {
    const bytes = this.#bytes;
    bytes[0] = LEAD[type] | token.length;
    bytes[1] = code;
    bytes[2] = messageId >> 8;
    bytes[3] = messageId;
    for (let i = 0; i < token.length; i++) bytes[4 + i] = token[i]!;
    this.#at = 4 + token.length;
    this.#number = 0;
  }

  /** An option whose value is a number of at most 32 bits, in its shortest form (§3.2). */
  uint(number: number, value: number): void {
    const bytes = this.#bytes;
    const delta = number - this.#number;
    const length = value < 1 ? 0 : value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4;
    let at = this.#at;
    // §3.1: no step between the options that are written here is longer than 268, so one more byte always does.
    if (delta < 13) bytes[at++] = (delta << 4) | length;
    else {
      bytes[at++] = 0xd0 | length;
      bytes[at++] = delta - 13;
    }
    for (let shift = 8 * (length - 1); shift >= 0; shift -= 8) bytes[at++] = value >>> shift;
    this.#at = at;
    this.#number = number;
  }

  finish(payload: Uint8Array): Uint8Array {
    const head = this.#at;
    const { length } = payload;
    // The pool behind allocUnsafe spares a system allocation per datagram; every byte of it is written here.
    const datagram = Buffer.allocUnsafe(length === 0 ? head : head + 1 + length);
    for (let i = 0; i < head; i++) datagram[i] = this.#bytes[i]!;
    if (length === 0) return datagram;
    datagram[head] = PAYLOAD_MARKER;
    if (length > 32) datagram.set(payload, head + 1);
    else for (let i = 0; i < length; i++) datagram[head + 1 + i] = payload[i]!;
    return datagram;
  }
}
