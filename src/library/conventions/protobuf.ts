/** Protocol Buffers on the wire (protobuf.dev, Encoding): fields of a message, one after the other, nothing copied. */

import { DecodeError } from "../../base/bytes.ts";

/** Wire types; groups (3 and 4) are long gone. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Ten groups of seven bits carry 64. */
const MAX_VARINT = 10;

/** One field: its number, and its value as far as the wire tells. */
export interface WireField {
  readonly number: number;
  /** Of a varint or a fixed integer. */
  readonly integer: bigint;
  /** What a length-delimited field holds; of a fixed one its bytes. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array();

/** All fields of a message, in their order; at most `most`. @throws DecodeError if the bytes are no such message. */
export function* readFields(message: Uint8Array, most: number): Iterable<WireField> {
  const reader = new WireReader(message);
  for (let n = 0; !reader.done; n++) {
    if (n === most) throw new DecodeError(`more than ${most} fields in one message`);
    yield reader.next();
  }
}

class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): WireField {
    const key = Number(this.#varint());
    const number = Math.floor(key / 8);
    if (number === 0 || number > 0x1fff_ffff) throw new DecodeError(`no field has the number ${number}`);
    switch (key % 8) {
      case VARINT:
        return { number, integer: this.#varint(), bytes: NO_BYTES };
      case FIXED64:
        return { number, integer: 0n, bytes: this.#take(8) };
      case FIXED32:
        return { number, integer: 0n, bytes: this.#take(4) };
      case BYTES:
        return { number, integer: 0n, bytes: this.#take(Number(this.#varint())) };
      default:
        throw new DecodeError(`wire type ${key % 8}`);
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DecodeError("message ends early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #varint(): bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT; i++) {
      const byte = this.#bytes[this.#at + i];
      if (byte === undefined) throw new DecodeError("message ends early");
      // Seven groups fit a number exactly; what is longer is read again, slowly.
      if (i === 7) return this.#longVarint();
      low += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        this.#at += i + 1;
        return BigInt(low);
      }
    }
    throw new DecodeError("varint of more than ten bytes");
  }

  #longVarint(): bigint {
    let value = 0n;
    for (let i = 0; i < MAX_VARINT; i++) {
      const byte = this.#bytes[this.#at + i];
      if (byte === undefined) throw new DecodeError("message ends early");
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) {
        this.#at += i + 1;
        return BigInt.asUintN(64, value);
      }
    }
    throw new DecodeError("varint of more than ten bytes");
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws DecodeError if it is no UTF-8. */
export function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DecodeError("text that is no UTF-8");
  }
}
