/** CBOR read a second time: one item, each head in its shortest form, nothing behind it (RFC 8949 §4.2.1). */

import { check, Fault, text } from "./message.ts";

export type Item =
  | { readonly is: "integer"; readonly value: number | bigint }
  | { readonly is: "float"; readonly value: number }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "text"; readonly value: string }
  | { readonly is: "bytes"; readonly value: Uint8Array }
  | { readonly is: "array"; readonly items: readonly Item[] }
  | { readonly is: "map"; readonly entries: readonly (readonly [Item, Item])[] }
  | { readonly is: "tag"; readonly tag: number; readonly item: Item };

/** @throws Fault if it is anything else. */
export function readCbor(bytes: Uint8Array): Item {
  const reader = new Reader(bytes);
  const item = reader.item();
  check(reader.done, "one CBOR item and nothing behind it");
  return item;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(): Item {
    check(this.#at < this.#bytes.length, "another CBOR item");
    const first = this.#bytes.readUInt8(this.#at++);
    const [major, low] = [first >> 5, first & 31];
    if (major === 7) return this.#simple(low);
    const size = this.#head(low);
    switch (major) {
      case 0:
        return { is: "integer", value: safe(size) };
      case 1:
        return { is: "integer", value: safe(-1n - size) };
      case 2:
        return { is: "bytes", value: new Uint8Array(this.#take(size)) };
      case 3:
        return { is: "text", value: text(this.#take(size)) };
      case 4:
        return { is: "array", items: Array.from({ length: this.#count(size) }, () => this.item()) };
      case 5:
        return {
          is: "map",
          entries: Array.from({ length: this.#count(size) }, () => [this.item(), this.item()] as const),
        };
      default:
        return { is: "tag", tag: Number(size), item: this.item() };
    }
  }

  #head(low: number): bigint {
    if (low < 24) return BigInt(low);
    check(low < 28, "a length that is given");
    const length = 1 << (low - 24);
    const value =
      length === 8 ? this.#take(8n).readBigUInt64BE() : BigInt(this.#take(BigInt(length)).readUIntBE(0, length));
    check(value >= (length === 1 ? 24n : 1n << BigInt(length * 4)), `${value} in its shortest form`);
    return value;
  }

  #count(size: bigint): number {
    check(size <= BigInt(this.#bytes.length), "as many items as there can be");
    return Number(size);
  }

  #take(size: bigint): Buffer {
    check(size <= BigInt(this.#bytes.length - this.#at), `${size} bytes that are all there`);
    this.#at += Number(size);
    return this.#bytes.subarray(this.#at - Number(size), this.#at);
  }

  #simple(low: number): Item {
    if (low === 20 || low === 21) return { is: "boolean", value: low === 21 };
    if (low === 25) return { is: "float", value: half(this.#take(2n).readUInt16BE()) };
    if (low === 26) return { is: "float", value: this.#take(4n).readFloatBE() };
    if (low === 27) return { is: "float", value: this.#take(8n).readDoubleBE() };
    throw new Fault(`simple value ${low}`);
  }
}

function safe(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  check(exponent < 31, "a finite half");
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
