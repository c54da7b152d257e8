/** Where encoders put their bytes: memory that is used again and again, from which the finished bytes are copied. */

const FIRST_CAPACITY = 1_024;
/** One large representation must not keep its memory for ever. */
const KEPT_CAPACITY = 65_536;
/** Arrays up to this size live in the ordinary heap; one byte more, and an array of its own costs ten times as much. */
const SMALL = 64;

/** Encoding is synchronous and never nested, so one sink per codec is enough: nothing of it outlives a call but its memory. */
export class Sink {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Begins anew, whatever an encoding that failed has left. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_CAPACITY) this.#resize(FIRST_CAPACITY);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  u64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, value);
  }

  f32(value: number): void {
    const at = this.#take(4);
    this.#view.setFloat32(at, value);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
  }

  /** Part of a string that is known to be ASCII. */
  ascii(text: string, from = 0, to = text.length): void {
    const at = this.#take(to - from) - from;
    const bytes = this.#bytes;
    for (let i = from; i < to; i++) bytes[at + i] = text.charCodeAt(i);
  }

  /** Any string, as UTF-8 of `length` bytes (see `utf8Length`). */
  utf8(text: string, length: number): void {
    if (length === text.length) {
      this.ascii(text);
      return;
    }
    const at = this.#take(length);
    UTF8.encodeInto(text, this.#bytes.subarray(at, at + length));
  }

  /** Swaps two neighbours: what stands from `middle` on comes to `start`, and what began there follows it. */
  rotate(start: number, middle: number): void {
    const count = this.#length - middle;
    const end = this.#length;
    this.#take(count);
    this.#bytes.copyWithin(start + count, start, end);
    this.#bytes.copyWithin(start, end, end + count);
    this.#length = end;
  }

  /** A copy of all that was written. */
  take(): Uint8Array {
    const length = this.#length;
    if (length <= SMALL) return this.#bytes.slice(0, length);
    const pooled = Buffer.allocUnsafe(length);
    const copy = new Uint8Array(pooled.buffer, pooled.byteOffset, length);
    copy.set(this.#bytes.subarray(0, length));
    return copy;
  }

  #take(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2));
    this.#length = needed;
    return at;
  }

  #resize(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, Math.min(this.#length, capacity)));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const UTF8 = new TextEncoder();

/** How many bytes `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  return text.length;
}
