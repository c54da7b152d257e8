/**
 * TLV: Instances, Resources and their values, nested (LwM2M Core 1.2 §7.4.4).
 *
 *     type byte   7 6  | 5                 | 4 3                           | 2 1 0
 *                 kind | identifier 16 bit | how many length bytes follow  | the length, if none do
 */

import { copyOf, DecodeError } from "../base/bytes.ts";
import { child, cut, idAt, type Path, ROOT } from "../model/path.ts";
import { fits, type ResourceType, type ResourceValue, wholeNumber } from "../model/value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { Entry, writeTlv } from "./tlv-writer.ts";
import { distinct, modelAt, refused } from "./typed.ts";
import { readUtf8 } from "./utf8.ts";

export const tlv: Codec = {
  format: 11542,
  structured: true,
  timed: false,
  encode: writeTlv,

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const reader = new TlvReader(bytes, base, model);
    return distinct(reader.read());
  },
};

/** Numbers are copied here: a view of each message would cost more than all of its values. */
const NUMBER = new Uint8Array(8);
const VIEW = new DataView(NUMBER.buffer);

const RESOURCE = 3;
const RESOURCE_INSTANCE = 4;

/** Follows the nesting from the outside in. What an outer entry or the base has named must not be named otherwise. */
class TlvReader {
  readonly #bytes: Uint8Array;
  readonly #base: Path;
  readonly #model: ModelOf;
  readonly #nodes: Node[] = [];
  #at = 0;
  /** The Resource Instance that was asked for. */
  #only: number | undefined;
  /** What the last header said: the kind of its entry, its identifier, and where its content ends. */
  #kind = 0;
  #id = 0;
  #end = 0;

  constructor(bytes: Uint8Array, base: Path, model: ModelOf) {
    this.#bytes = bytes;
    this.#base = base;
    this.#model = model;
  }

  /** Entries of any level that the base leaves open: its own outer header may be there or not (§7.4.4). */
  read(): Node[] {
    if (this.#base === ROOT) throw this.#error("TLV cannot carry several Objects");
    const instance = idAt(this.#base, 1);
    const resource = instance === undefined ? undefined : idAt(this.#base, 2);
    this.#only = resource === undefined ? undefined : idAt(this.#base, 3);
    const inside = instance === undefined ? undefined : cut(this.#base, 2);
    const { length } = this.#bytes;
    while (this.#at < length) {
      this.#header(length);
      if (this.#kind === Entry.objectInstance)
        this.#instance(child(cut(this.#base, 1), this.#same(instance)), resource);
      else if (inside === undefined) throw this.#error("a Resource outside of any Object Instance");
      else if (this.#kind !== Entry.resourceInstance) this.#resource(child(inside, this.#same(resource)));
      else if (resource === undefined) throw this.#error("a Resource Instance outside of any Resource");
      else this.#resourceInstance(child(inside, resource));
    }
    return this.#nodes;
  }

  #instance(at: Path, resource: number | undefined): void {
    const end = this.#end;
    while (this.#at < end) {
      this.#header(end);
      if (this.#kind !== Entry.resource && this.#kind !== Entry.multipleResource)
        throw this.#error("an Object Instance holds Resources alone");
      this.#resource(child(at, this.#same(resource)));
    }
  }

  #resource(at: Path): void {
    if (this.#kind === Entry.resource) {
      // A single value cannot be the Resource Instance that was asked for.
      if (this.#only !== undefined) throw this.#error("a Resource where its Instance belongs");
      this.#value(at, RESOURCE);
      return;
    }
    const end = this.#end;
    while (this.#at < end) {
      this.#header(end);
      this.#resourceInstance(at);
    }
  }

  #resourceInstance(at: Path): void {
    if (this.#kind !== Entry.resourceInstance) throw this.#error("a Resource holds Resource Instances alone");
    this.#value(child(at, this.#same(this.#only)), RESOURCE_INSTANCE);
  }

  #value(at: Path, level: number): void {
    const { type } = modelAt(at, this.#model, level);
    const value = readValue(type, this.#bytes, this.#at, this.#end);
    if (value === undefined || !fits(value, type)) throw refused(at, `${type} as TLV`);
    this.#at = this.#end;
    this.#nodes.push({ path: at, type, value });
  }

  /** Reads the header of an entry, which must not reach beyond `end`. */
  #header(end: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    const type = bytes[at]!;
    const lengthBytes = (type >> 3) & 0b11;
    if (end - at < (type & 0x20 ? 3 : 2) + lengthBytes) throw this.#error("a header cut off");
    this.#kind = type >> 6;
    this.#id = bytes[++at]!;
    if (type & 0x20) this.#id = (this.#id << 8) | bytes[++at]!;
    let length = lengthBytes === 0 ? type & 0b111 : 0;
    for (let i = 0; i < lengthBytes; i++) length = (length << 8) | bytes[++at]!;
    at += 1;
    this.#at = at;
    this.#end = at + length;
    if (length > end - at) throw this.#error(`${length} bytes announced, ${end - at} left`);
  }

  /** The identifier, which may still be chosen, or is the one already known. */
  #same(known: number | undefined): number {
    const id = this.#id;
    if (id === 0xffff) throw this.#error("identifier 65535 is reserved"); // §7.2.1
    if (known !== undefined && id !== known) throw this.#error(`identifier ${id} where ${known} was asked for`);
    return id;
  }

  #error(what: string): DecodeError {
    return new DecodeError(`TLV: ${what} at byte ${this.#at}`);
  }
}

/** The forms of Appendix C: what stands from `start` to `end`; undefined if no value of `type` has that many bytes, or looks like that. */
function readValue(type: ResourceType, bytes: Uint8Array, start: number, end: number): ResourceValue | undefined {
  const length = end - start;
  switch (type) {
    case "string":
    case "corelnk":
      return readUtf8(bytes, start, end);
    case "opaque":
      return copyOf(bytes.subarray(start, end));
    case "boolean":
      return length === 1 && bytes[start]! <= 1 ? bytes[start] === 1 : undefined;
    default:
      if (length > 8) return undefined;
      for (let i = 0; i < length; i++) NUMBER[i] = bytes[start + i]!;
      return readNumber(type, length);
  }
}

function readNumber(type: ResourceType, length: number): ResourceValue | undefined {
  switch (type) {
    case "integer":
    case "time":
      return readInteger(length);
    case "unsigned":
      return length === 8 ? wholeNumber(VIEW.getBigUint64(0)) : readUnsigned(length);
    case "float":
      return length === 4 ? VIEW.getFloat32(0) : length === 8 ? VIEW.getFloat64(0) : undefined;
    case "objlnk":
      return length === 4 ? { object: VIEW.getUint16(0), instance: VIEW.getUint16(2) } : undefined;
    default:
      return undefined;
  }
}

function readInteger(length: number): number | bigint | undefined {
  if (length === 1) return VIEW.getInt8(0);
  if (length === 2) return VIEW.getInt16(0);
  if (length === 4) return VIEW.getInt32(0);
  return length === 8 ? wholeNumber(VIEW.getBigInt64(0)) : undefined;
}

function readUnsigned(length: number): number | undefined {
  if (length === 1) return VIEW.getUint8(0);
  if (length === 2) return VIEW.getUint16(0);
  return length === 4 ? VIEW.getUint32(0) : undefined;
}
