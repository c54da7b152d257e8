/**
 * Handshake messages put together from fragments, in any order, within bounds that hold before anybody has proved who
 * he is (RFC 6347 §4.2.2, §4.2.3).
 *
 *     type 1 | length 3 | message_seq 2 | fragment_offset 3 | fragment_length 3 | fragment
 */

import { ByteReader, ByteWriter } from "../base/bytes.ts";

export const HANDSHAKE_HEADER_LENGTH = 12;
/** Longest message we put together; certificate chains are the longest there are. */
export const MAX_MESSAGE = 16_384;
/** So many messages ahead of the one expected are kept. */
export const MAX_AHEAD = 10;
/** Bytes of all messages kept together: no flight of a server has more. */
const MAX_KEPT = 65_536;

/** One whole message. */
export interface HandshakeMessage {
  readonly type: number;
  readonly sequence: number;
  readonly body: Uint8Array;
  /** As the transcript has it: as if it had come in one fragment (RFC 6347 §4.2.6). */
  readonly raw: Uint8Array;
}

/** A piece of a message; `data` is a view. */
export interface Fragment {
  readonly type: number;
  /** Of the whole message. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The fragments in the body of a handshake record. @throws DecodeError */
export function readFragments(body: Uint8Array): Fragment[] {
  const reader = new ByteReader(body);
  const fragments: Fragment[] = [];
  while (!reader.done) {
    const type = reader.u8();
    const length = u24(reader);
    const sequence = reader.u16();
    const offset = u24(reader);
    const data = reader.bytes(u24(reader));
    if (offset + data.length > length) throw reader.error("a fragment that reaches beyond its message");
    if (length > MAX_MESSAGE) throw reader.error(`a message of ${length} bytes`);
    if (data.length === 0 && length > 0) throw reader.error("an empty fragment");
    fragments.push({ type, length, sequence, offset, data });
  }
  return fragments;
}

/** One fragment of a message, with its header. */
export function encodeFragment(message: Omit<HandshakeMessage, "raw">, offset: number, length: number): Uint8Array {
  const writer = new ByteWriter(HANDSHAKE_HEADER_LENGTH + length).u8(message.type);
  writeU24(writer, message.body.length).u16(message.sequence);
  writeU24(writeU24(writer, offset), length);
  return writer.bytes(message.body.subarray(offset, offset + length)).finish();
}

/** A message that is whole, with its bytes as the transcript has them. */
export function wholeMessage(type: number, sequence: number, body: Uint8Array): HandshakeMessage {
  return { type, sequence, body, raw: encodeFragment({ type, sequence, body }, 0, body.length) };
}

/** A message of which parts are here. */
class Partial {
  readonly type: number;
  readonly body: Uint8Array;
  /** One bit per byte: fragments may overlap (§4.2.3). */
  readonly #have: Uint8Array;
  #missing: number;

  constructor({ type, length }: Fragment) {
    this.type = type;
    this.body = new Uint8Array(length);
    this.#have = new Uint8Array((length + 7) >> 3);
    this.#missing = length;
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  fits({ type, length }: Fragment): boolean {
    return type === this.type && length === this.body.length;
  }

  /** The first to come stays: bytes that are here already are not written again. */
  add({ offset, data }: Fragment): void {
    for (let i = 0; i < data.length; i++) {
      const at = offset + i;
      const bit = 1 << (at & 7);
      if ((this.#have[at >> 3]! & bit) !== 0) continue;
      this.#have[at >> 3]! |= bit;
      this.body[at] = data[i]!;
      this.#missing--;
    }
  }
}

export type Placed = "kept" | "old" | "refused";

export class Reassembly {
  readonly #partials = new Map<number, Partial>();
  #expected = 0;
  #kept = 0;

  /** The sequence number of the message that comes next. */
  get expected(): number {
    return this.#expected;
  }

  /** Forgets everything, and waits for that message. */
  restart(expected: number): void {
    this.#partials.clear();
    this.#kept = 0;
    this.#expected = expected;
  }

  /** `old`: of a message that was taken already, so that the peer is repeating itself; `refused`: too far ahead, or too much. */
  add(fragment: Fragment): Placed {
    const { sequence } = fragment;
    if (sequence < this.#expected) return "old";
    if (sequence > this.#expected + MAX_AHEAD) return "refused";
    const partial = this.#partialFor(fragment);
    if (partial === undefined) return "refused";
    partial.add(fragment);
    return "kept";
  }

  /** The message that comes next, once it is whole. */
  take(): HandshakeMessage | undefined {
    const partial = this.#partials.get(this.#expected);
    if (!partial?.complete) return undefined;
    this.#drop(this.#expected, partial);
    const message = wholeMessage(partial.type, this.#expected, partial.body);
    this.#expected++;
    return message;
  }

  #partialFor(fragment: Fragment): Partial | undefined {
    const { sequence, length } = fragment;
    const known = this.#partials.get(sequence);
    if (known?.fits(fragment)) return known;
    // One of the two is forged, and nobody can tell which; were the first to stay, one datagram would block the handshake.
    if (known) this.#drop(sequence, known);
    if (!this.#makeRoom(sequence, length)) return undefined;
    const fresh = new Partial(fragment);
    this.#partials.set(sequence, fresh);
    this.#kept += length;
    return fresh;
  }

  /** What comes later goes for what comes sooner: a stranger who fills the room cannot keep the next message out. */
  #makeRoom(sequence: number, length: number): boolean {
    while (this.#kept + length > MAX_KEPT) {
      const last = Math.max(...this.#partials.keys());
      const partial = this.#partials.get(last);
      if (partial === undefined || last <= sequence) return false;
      this.#drop(last, partial);
    }
    return true;
  }

  #drop(sequence: number, partial: Partial): void {
    this.#partials.delete(sequence);
    this.#kept -= partial.body.length;
  }
}

function u24(reader: ByteReader): number {
  return (reader.u8() << 16) | reader.u16();
}

function writeU24(writer: ByteWriter, value: number): ByteWriter {
  return writer.u8(value >> 16).u16(value & 0xffff);
}
