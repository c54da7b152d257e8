/**
 * CoAP over UDP: one message, one datagram (RFC 7252 §3).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---+---+-------+---------------+-------------------------------+
 *   |Ver| T |  TKL  |     Code      |          Message ID           |
 *   +---+---+-------+---------------+-------------------------------+
 *   |  Token, TKL bytes  |  Options  |  0xFF, then payload, or none |
 *   +--------------------+-----------+------------------------------+
 *
 * Every datagram of every sensor passes here, so the bytes are walked by index: no reader object, no copy.
 */

import { DecodeError } from "../base/bytes.ts";
import { Code, type Message, type MessageType, type Option } from "./message.ts";

const VERSION = 1;
const HEADER_LENGTH = 4;
const TYPES = ["CON", "NON", "ACK", "RST"] as const satisfies readonly MessageType[];
const TYPE_BITS = { CON: 0x00, NON: 0x10, ACK: 0x20, RST: 0x30 } as const satisfies Record<MessageType, number>;
const MAX_TOKEN_LENGTH = 8;
const MAX_OPTION_NUMBER = 0xffff;
const PAYLOAD_MARKER = 0xff;
const NOTHING = new Uint8Array(0);

// §3.1: a nibble up to 12 is the number itself; 13 and 14 announce one or two more bytes; 15 is reserved.
const ONE_BYTE_FROM = 13;
const TWO_BYTES_FROM = 269;
const MAX_OPTION_LENGTH = 0xffff + TWO_BYTES_FROM;

/**
 * Options may come in any order; they travel sorted by number, those of one number as they stand.
 * The datagram may be a slice of a larger buffer: who keeps it for long should copy it.
 *
 * @throws RangeError if the message cannot be said in CoAP: our own mistake, not the peer's.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { token, payload } = message;
  if (token.length > MAX_TOKEN_LENGTH) throw new RangeError(`token of ${token.length} bytes`);
  const options = inOrder(message.options);

  // The pool behind allocUnsafe spares a system allocation per datagram; every byte of it is written below.
  const bytes = Buffer.allocUnsafe(lengthWith(options, token.length, payload.length));
  bytes[0] = (VERSION << 6) | TYPE_BITS[message.type] | token.length;
  bytes[1] = message.code;
  bytes[2] = message.messageId >> 8;
  bytes[3] = message.messageId;
  let at = put(bytes, HEADER_LENGTH, token);
  let previous = 0;
  for (const { number, value } of options) {
    const delta = number - previous;
    bytes[at] = (nibble(delta) << 4) | nibble(value.length);
    at = putExtended(bytes, at + 1, delta);
    at = putExtended(bytes, at, value.length);
    at = put(bytes, at, value);
    previous = number;
  }
  if (payload.length > 0) {
    bytes[at] = PAYLOAD_MARKER;
    bytes.set(payload, at + 1);
  }
  return bytes;
}

/** How many bytes `encodeMessage` makes of this. */
export function encodedLength({ token, options, payload }: Pick<Message, "token" | "options" | "payload">): number {
  return lengthWith(inOrder(options), token.length, payload.length);
}

/** @throws DecodeError where RFC 7252 speaks of a message format error. The parts are views of the datagram. */
export function decodeMessage(datagram: Uint8Array): Message {
  const collected = new Collected(datagram);
  const { type, code, messageId, token, payload } = parseMessage(datagram, collected);
  return { type, code, messageId, token, options: collected.options, payload };
}

/**
 * Reads a datagram to its end without taking it apart: most of what arrives needs no more than its header.
 * The visitor is shown the options on the way, before it is known that all is well.
 *
 * @throws DecodeError where RFC 7252 speaks of a message format error.
 */
export function parseMessage(datagram: Uint8Array, visitor?: OptionVisitor): Parsed {
  const end = datagram.length;
  if (end < HEADER_LENGTH) throw malformed("header cut short", end);
  const lead = datagram[0]!;
  if (lead >> 6 !== VERSION) throw malformed(`version ${lead >> 6}`, 0);
  const tokenLength = lead & 0x0f;
  if (tokenLength > MAX_TOKEN_LENGTH) throw malformed(`token length ${tokenLength}`, 0);
  // §4.1
  if (datagram[1] === Code.Empty && end > HEADER_LENGTH) throw malformed("empty message with content", HEADER_LENGTH);
  const start = HEADER_LENGTH + tokenLength;
  if (start > end) throw malformed("token cut short", end);
  return new Parsed(datagram, tokenLength, walkOptions(datagram, start, visitor));
}

/** Whoever is shown the options of a message one by one, in their order. */
export interface OptionVisitor {
  /** `start` and `end` say where in the datagram its value is; `repeated`: the one before has the same number. */
  option(number: number, start: number, end: number, repeated: boolean): void;
}

/** A message whose parts are looked up when they are asked for. They are views of the datagram. */
export class Parsed implements Message {
  readonly datagram: Uint8Array;
  readonly tokenLength: number;
  /** Where the payload begins; the end of the datagram if there is none. */
  readonly payloadAt: number;

  constructor(datagram: Uint8Array, tokenLength: number, payloadAt: number) {
    this.datagram = datagram;
    this.tokenLength = tokenLength;
    this.payloadAt = payloadAt;
  }

  get type(): MessageType {
    return TYPES[(this.datagram[0]! >> 4) & 0b11]!;
  }

  get code(): number {
    return this.datagram[1]!;
  }

  get messageId(): number {
    return (this.datagram[2]! << 8) | this.datagram[3]!;
  }

  get token(): Uint8Array {
    return this.view(HEADER_LENGTH, HEADER_LENGTH + this.tokenLength);
  }

  get options(): readonly Option[] {
    const collected = new Collected(this.datagram);
    this.visit(collected);
    return collected.options;
  }

  get payload(): Uint8Array {
    return this.view(this.payloadAt, this.datagram.length);
  }

  visit(visitor: OptionVisitor): void {
    walkOptions(this.datagram, HEADER_LENGTH + this.tokenLength, visitor);
  }

  view(start: number, end: number): Uint8Array {
    return view(this.datagram, start, end);
  }
}

class Collected implements OptionVisitor {
  readonly options: Option[] = [];
  readonly #datagram: Uint8Array;

  constructor(datagram: Uint8Array) {
    this.#datagram = datagram;
  }

  option(number: number, start: number, end: number): void {
    this.options.push({ number, value: view(this.#datagram, start, end) });
  }
}

function view(datagram: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? NOTHING : new Uint8Array(datagram.buffer, datagram.byteOffset + start, end - start);
}

/** Where the payload begins, or the end of the datagram. */
function walkOptions(datagram: Uint8Array, start: number, visitor: OptionVisitor | undefined): number {
  const end = datagram.length;
  let at = start;
  let number = 0;
  while (at < end) {
    const first = datagram[at]!;
    if (first === PAYLOAD_MARKER) {
      if (at + 1 === end) throw malformed("payload marker without payload", at); // §3
      return at + 1;
    }
    let delta = first >> 4;
    let length = first & 0x0f;
    at += 1;
    if (delta >= ONE_BYTE_FROM) {
      const extension = delta;
      delta = extended(datagram, at, extension);
      at += extension - 12;
    }
    if (length >= ONE_BYTE_FROM) {
      const extension = length;
      length = extended(datagram, at, extension);
      at += extension - 12;
    }
    const repeated = delta === 0 && number > 0;
    number += delta;
    if (number > MAX_OPTION_NUMBER) throw malformed(`option number ${number}`, at);
    if (length > end - at) throw malformed(`option of ${length} bytes, ${end - at} left`, at);
    visitor?.option(number, at, at + length, repeated);
    at += length;
  }
  return end;
}

/** All that is needed to reject a message whose body cannot be read (§4.2); undefined if it is no CoAP of ours (§3). */
export function peekHeader(datagram: Uint8Array): Pick<Message, "type" | "messageId"> | undefined {
  if (datagram.length < HEADER_LENGTH || datagram[0]! >> 6 !== VERSION) return undefined;
  return { type: TYPES[(datagram[0]! >> 4) & 0b11]!, messageId: (datagram[2]! << 8) | datagram[3]! };
}

/** An empty ACK or RST: four bytes that name a message id (§4.1). */
export function encodeEmpty(type: MessageType, messageId: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH);
  bytes[0] = (VERSION << 6) | TYPE_BITS[type];
  bytes[1] = Code.Empty;
  bytes[2] = messageId >> 8;
  bytes[3] = messageId;
  return bytes;
}

/** The number that a nibble of 13 or 14 stands for, from the bytes that follow it. */
function extended(datagram: Uint8Array, at: number, nibble: number): number {
  if (nibble === 15) throw malformed("reserved option nibble 15", at);
  if (at + nibble - 12 > datagram.length) throw malformed("option header cut short", at);
  return nibble === 13 ? datagram[at]! + ONE_BYTE_FROM : ((datagram[at]! << 8) | datagram[at + 1]!) + TWO_BYTES_FROM;
}

function malformed(what: string, at: number): DecodeError {
  return new DecodeError(`${what} at byte ${at}`);
}

/** Each number travels as the step from the one before it (§3.1). Sorting is rarely needed, so it is rarely done. */
function inOrder(options: readonly Option[]): readonly Option[] {
  for (let i = 1; i < options.length; i++)
    if (options[i]!.number < options[i - 1]!.number) return options.toSorted((a, b) => a.number - b.number);
  return options;
}

function lengthWith(options: readonly Option[], tokenLength: number, payloadLength: number): number {
  let length = HEADER_LENGTH + tokenLength + (payloadLength > 0 ? 1 + payloadLength : 0);
  let previous = 0;
  for (const { number, value } of options) {
    if (number > MAX_OPTION_NUMBER || value.length > MAX_OPTION_LENGTH)
      throw new RangeError(`option ${number} of ${value.length} bytes`);
    length += 1 + extensionLength(number - previous) + extensionLength(value.length) + value.length;
    previous = number;
  }
  return length;
}

function extensionLength(n: number): number {
  return n < ONE_BYTE_FROM ? 0 : n < TWO_BYTES_FROM ? 1 : 2;
}

function nibble(n: number): number {
  return n < ONE_BYTE_FROM ? n : n < TWO_BYTES_FROM ? 13 : 14;
}

function putExtended(bytes: Uint8Array, at: number, n: number): number {
  if (n < ONE_BYTE_FROM) return at;
  if (n < TWO_BYTES_FROM) {
    bytes[at] = n - ONE_BYTE_FROM;
    return at + 1;
  }
  bytes[at] = (n - TWO_BYTES_FROM) >> 8;
  bytes[at + 1] = n - TWO_BYTES_FROM;
  return at + 2;
}

/** Tokens and options are short: a loop is quicker than a call of `set`. */
function put(bytes: Uint8Array, at: number, value: Uint8Array): number {
  for (let i = 0; i < value.length; i++) bytes[at + i] = value[i]!;
  return at + value.length;
}
