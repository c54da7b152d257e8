/**
 * TLV: Instances, Resources and their values, nested (LwM2M Core 1.2 §7.4.4).
 *
 *     type byte   7 6  | 5                 | 4 3                           | 2 1 0
 *                 kind | identifier 16 bit | how many length bytes follow  | the length, if none do
 */

import { copyOf, DecodeError } from "../base/bytes.ts";
import { child, idAt, type Path, path } from "../model/path.ts";
import { fits, type ResourceType, type ResourceValue, wholeNumber } from "../model/value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { Entry, writeTlv } from "./tlv-writer.ts";
import { modelAt, refused } from "./typed.ts";
import { readUtf8 } from "./utf8.ts";

export const tlv: Codec = {
  format: 11542,
  structured: true,
  timed: false,
  encode: writeTlv,

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const reader = new TlvReader(bytes, base, model);
    return reader.read();
  },
};

/** Follows the nesting from the outside in. What an outer entry or the base has named must not be named otherwise. */
class TlvReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #object: number | undefined;
  readonly #instanceId: number | undefined;
  readonly #resourceId: number | undefined;
  readonly #resourceInstanceId: number | undefined;
  readonly #model: ModelOf;
  readonly #nodes: Node[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, base: Path, model: ModelOf) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#object = idAt(base, 0);
    this.#instanceId = idAt(base, 1);
    this.#resourceId = idAt(base, 2);
    this.#resourceInstanceId = idAt(base, 3);
    this.#model = model;
  }

  /** Entries of any level that the base leaves open: its own outer header may be there or not (§7.4.4). */
  read(): Node[] {
    const [object, instance, resource] = [this.#object, this.#instanceId, this.#resourceId];
    if (object === undefined) throw this.#error("TLV cannot carry several Objects");
    const inside = instance === undefined ? undefined : path(object, instance);
    this.#entries(this.#bytes.length, (kind, id, end) => {
      if (kind === Entry.objectInstance) this.#instance(path(object, this.#same(id, instance)), end);
      else if (inside === undefined) throw this.#error("a Resource outside of any Object Instance");
      else if (kind !== Entry.resourceInstance) this.#resource(kind, child(inside, this.#same(id, resource)), end);
      else if (resource === undefined) throw this.#error("a Resource Instance outside of any Resource");
      else this.#resourceInstance(kind, child(inside, resource), { id, end });
    });
    return this.#nodes;
  }

  #instance(at: Path, end: number): void {
    this.#entries(end, (kind, id, inner) => {
      if (kind !== Entry.resource && kind !== Entry.multipleResource)
        throw this.#error("an Object Instance holds Resources alone");
      this.#resource(kind, child(at, this.#same(id, this.#resourceId)), inner);
    });
  }

  #resource(kind: number, at: Path, end: number): void {
    if (kind === Entry.resource) {
      // A single value cannot be the Resource Instance that was asked for.
      if (this.#resourceInstanceId !== undefined) throw this.#error("a Resource where its Instance belongs");
      this.#value(at, end);
    } else this.#entries(end, (inner, id, innerEnd) => this.#resourceInstance(inner, at, { id, end: innerEnd }));
  }

  #resourceInstance(kind: number, at: Path, { id, end }: { readonly id: number; readonly end: number }): void {
    if (kind !== Entry.resourceInstance) throw this.#error("a Resource holds Resource Instances alone");
    this.#value(child(at, this.#same(id, this.#resourceInstanceId)), end);
  }

  #value(at: Path, end: number): void {
    const { type } = modelAt(at, this.#model);
    const value = this.#read(type, end - this.#at);
    if (value === undefined || !fits(value, type)) throw refused(at, `${type} as TLV`);
    this.#at = end;
    this.#nodes.push({ path: at, type, value });
  }

  /** Reads one entry after another up to `end`, none of which may reach beyond it. */
  #entries(end: number, read: (kind: number, id: number, end: number) => void): void {
    while (this.#at < end) {
      const type = this.#unsigned(1, end);
      const id = this.#unsigned(type & 0x20 ? 2 : 1, end);
      const lengthBytes = (type >> 3) & 0b11;
      const length = lengthBytes === 0 ? type & 0b111 : this.#unsigned(lengthBytes, end);
      if (length > end - this.#at) throw this.#error(`${length} bytes announced, ${end - this.#at} left`);
      read(type >> 6, id, this.#at + length);
    }
  }

  #unsigned(count: number, end: number): number {
    if (count > end - this.#at) throw this.#error("cut off");
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 256 + this.#bytes[this.#at++]!;
    return value;
  }

  /** An identifier that may still be chosen, or is the one already known. */
  #same(id: number, known: number | undefined): number {
    if (id === 0xffff) throw this.#error("identifier 65535 is reserved"); // §7.2.1
    if (known !== undefined && id !== known) throw this.#error(`identifier ${id} where ${known} was asked for`);
    return id;
  }

  /** The forms of Appendix C; undefined if a value of `type` cannot be `length` bytes long. */
  #read(type: ResourceType, length: number): ResourceValue | undefined {
    const at = this.#at;
    switch (type) {
      case "string":
      case "corelnk":
        return readUtf8(this.#bytes, at, at + length);
      case "opaque":
        return copyOf(this.#bytes.subarray(at, at + length));
      case "integer":
      case "time":
        return this.#readInteger(length);
      case "unsigned":
        return length === 8 ? wholeNumber(this.#view.getBigUint64(at)) : this.#readUnsigned(length);
      case "float":
        return length === 4 ? this.#view.getFloat32(at) : length === 8 ? this.#view.getFloat64(at) : undefined;
      case "boolean":
        return length === 1 && this.#bytes[at]! <= 1 ? this.#bytes[at] === 1 : undefined;
      case "objlnk":
        return length === 4 ? { object: this.#view.getUint16(at), instance: this.#view.getUint16(at + 2) } : undefined;
    }
  }

  #readInteger(length: number): number | bigint | undefined {
    if (length === 1) return this.#view.getInt8(this.#at);
    if (length === 2) return this.#view.getInt16(this.#at);
    if (length === 4) return this.#view.getInt32(this.#at);
    return length === 8 ? wholeNumber(this.#view.getBigInt64(this.#at)) : undefined;
  }

  #readUnsigned(length: number): number | undefined {
    if (length === 1) return this.#view.getUint8(this.#at);
    if (length === 2) return this.#view.getUint16(this.#at);
    return length === 4 ? this.#view.getUint32(this.#at) : undefined;
  }

  #error(what: string): DecodeError {
    return new DecodeError(`TLV: ${what} at byte ${this.#at}`);
  }
}
