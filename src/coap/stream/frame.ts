/**
 * CoAP on a stream of bytes: messages stand one behind the other, each with its length in front (RFC 8323 §3.2).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-------+-------+-------------------------------+---------------+
 *   |  Len  |  TKL  | extended length, 0 to 4 bytes |     Code      |
 *   +-------+-------+---------------+---------------+---------------+
 *   |  Token, TKL bytes  |  Options  |  0xFF, then payload, or none |
 *   +--------------------+-----------+------------------------------+
 *
 * Behind the code all is as in a datagram, so a message changes its form by its header alone.
 */

import { DecodeError } from "../../base/bytes.ts";
import { OptionNumber } from "../options.ts";

/** Bytes before the token of a datagram (RFC 7252 §3). */
const DATAGRAM_HEADER = 4;
/** Version 1, and the bits of a non-confirmable message: what has no type on the stream. */
const NON_CONFIRMABLE = 0x50;
const MAX_TOKEN_LENGTH = 8;
/** The longest part of a header that says how long the message is. */
const MAX_LENGTH_BYTES = 5;
const PAYLOAD_MARKER = 0xff;

// §3.2: a nibble up to 12 is the length itself; 13, 14 and 15 announce one, two or four more bytes.
const ONE_BYTE_FROM = 13;
const TWO_BYTES_FROM = 269;
const FOUR_BYTES_FROM = 65_805;
const EXTENSION = { 13: 1, 14: 2, 15: 4 } as const;

/** Short parts are copied faster by hand than by a call. */
const SHORT = 32;

/** A message as it goes on the stream: type and id of the datagram stay behind. */
export function frameOf(datagram: Uint8Array): Uint8Array {
  const tokenLength = datagram[0]! & 0x0f;
  const code = datagram[1]!;
  const start = DATAGRAM_HEADER + tokenLength;
  const observe = code >> 5 === 2 ? observeAt(datagram, start) : -1;
  const blank = observe < 0 ? 0 : datagram[observe]! & 0x0f;
  const frame = framed(code, datagram.subarray(DATAGRAM_HEADER, start), datagram.length - start - blank);
  let at = frame.length - (datagram.length - start - blank);
  let from = start;
  if (blank > 0) {
    // §7.1: the order of a stream needs no numbers, so the value of Observe in a notification is empty.
    for (; from < observe; from++) frame[at++] = datagram[from]!;
    frame[at++] = datagram[from]! & 0xf0;
    from += 1 + blank;
  }
  if (datagram.length - from > SHORT) frame.set(datagram.subarray(from), at);
  else for (; from < datagram.length; from++) frame[at++] = datagram[from]!;
  return frame;
}

/** A message of a code, a token, and `rest`: options and payload as they stand on the wire. */
export function encodeFrame(code: number, token: Uint8Array, rest: Uint8Array): Uint8Array {
  const frame = framed(code, token, rest.length);
  frame.set(rest, frame.length - rest.length);
  return frame;
}

/** Header and token are written; the last `length` bytes are not. */
function framed(code: number, token: Uint8Array, length: number): Uint8Array {
  const extension = length < ONE_BYTE_FROM ? 0 : length < TWO_BYTES_FROM ? 1 : length < FOUR_BYTES_FROM ? 2 : 4;
  // The pool behind allocUnsafe spares a system allocation per message; every byte of it is written.
  const frame = Buffer.allocUnsafe(2 + extension + token.length + length);
  let at = 1 + extension;
  if (extension === 0) frame[0] = (length << 4) | token.length;
  else if (extension === 1) {
    frame[0] = 0xd0 | token.length;
    frame[1] = length - ONE_BYTE_FROM;
  } else if (extension === 2) {
    frame[0] = 0xe0 | token.length;
    frame.writeUInt16BE(length - TWO_BYTES_FROM, 1);
  } else {
    frame[0] = 0xf0 | token.length;
    frame.writeUInt32BE(length - FOUR_BYTES_FROM, 1);
  }
  frame[at++] = code;
  for (let i = 0; i < token.length; i++) frame[at++] = token[i]!;
  return frame;
}

/** Where the Observe option begins, or -1. Of what an answer may carry, only ETag stands before it. */
function observeAt(datagram: Uint8Array, start: number): number {
  let number = 0;
  for (let at = start; at < datagram.length; ) {
    const first = datagram[at]!;
    number += first >> 4;
    if (first === PAYLOAD_MARKER || number > OptionNumber.Observe) return -1;
    if (number === OptionNumber.Observe) return at;
    at += 1 + (first & 0x0f);
  }
  return -1;
}

/** Cuts a stream into messages, however its bytes come; keeps no more than one message that has begun. */
export class FrameReader {
  readonly #maxMessage: number;
  readonly #onMessage: (datagram: Uint8Array) => void;
  /** A message, or first its length, that is not all there. */
  #begun: Uint8Array | undefined;
  #filled = 0;
  #stopped = false;

  /** `onMessage` is handed datagrams of its own: non-confirmable, with the id 0. */
  constructor(maxMessage: number, onMessage: (datagram: Uint8Array) => void) {
    this.#maxMessage = maxMessage;
    this.#onMessage = onMessage;
  }

  /** @throws DecodeError where no message can begin, or one would be longer than allowed; the stream is lost then. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#stopped; ) {
      if (this.#begun !== undefined) {
        at = this.#goOn(this.#begun, bytes, at);
        continue;
      }
      const size = this.#sizeAt(bytes, at, bytes.length);
      if (size !== undefined && size <= bytes.length - at) {
        this.#onMessage(datagramOf(bytes, at, at + size));
        at += size;
      } else {
        this.#begun = new Uint8Array(size ?? MAX_LENGTH_BYTES);
        this.#filled = 0;
      }
    }
  }

  /** What is still to come is nobody's any more. */
  stop(): void {
    this.#stopped = true;
    this.#begun = undefined;
  }

  /** Takes what belongs to the message that has begun. Returns where to go on. */
  #goOn(begun: Uint8Array, bytes: Uint8Array, start: number): number {
    const known = this.#sizeAt(begun, 0, this.#filled);
    if (known === undefined) {
      begun[this.#filled] = bytes[start]!;
      this.#filled += 1;
      const size = this.#sizeAt(begun, 0, this.#filled);
      if (size !== undefined && size !== begun.length) {
        this.#begun = new Uint8Array(size);
        this.#begun.set(begun.subarray(0, this.#filled));
      }
      return start + 1;
    }
    const end = Math.min(bytes.length, start + known - this.#filled);
    begun.set(bytes.subarray(start, end), this.#filled);
    this.#filled += end - start;
    if (this.#filled === known) {
      this.#begun = undefined;
      this.#onMessage(datagramOf(begun, 0, known));
    }
    return end;
  }

  /** Of the whole message that begins there; undefined: its length has not come yet. At least 2. */
  #sizeAt(bytes: Uint8Array, at: number, end: number): number | undefined {
    if (at >= end) return undefined;
    const first = bytes[at]!;
    const tokenLength = first & 0x0f;
    // §3.2: 9 to 15 are reserved.
    if (tokenLength > MAX_TOKEN_LENGTH) throw new DecodeError(`token length ${tokenLength}`);
    const extension = extensionOf(first >> 4);
    if (at + extension >= end) return undefined;
    const size = 2 + extension + tokenLength + lengthAt(bytes, at);
    if (size > this.#maxMessage) throw new DecodeError(`a message of ${size} bytes; ${this.#maxMessage} are allowed`);
    return size;
  }
}

function extensionOf(nibble: number): number {
  return nibble === 13 || nibble === 14 || nibble === 15 ? EXTENSION[nibble] : 0;
}

/** Of options and payload. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const nibble = bytes[at]! >> 4;
  if (nibble < ONE_BYTE_FROM) return nibble;
  let length = 0;
  for (let i = 1; i <= extensionOf(nibble); i++) length = length * 256 + bytes[at + i]!;
  return length + (nibble === 13 ? ONE_BYTE_FROM : nibble === 14 ? TWO_BYTES_FROM : FOUR_BYTES_FROM);
}

function datagramOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const first = bytes[start]!;
  const codeAt = start + 1 + extensionOf(first >> 4);
  const datagram = new Uint8Array(DATAGRAM_HEADER + end - codeAt - 1);
  datagram[0] = NON_CONFIRMABLE | (first & 0x0f);
  datagram[1] = bytes[codeAt]!;
  datagram.set(bytes.subarray(codeAt + 1, end), DATAGRAM_HEADER);
  return datagram;
}
