/** Opaque values are bytes of their own: the datagram they came in may be written over, or be a hundred times as large. */

import { describe, expect, it } from "vitest";
import { copyOf, toHex } from "../../src/base/bytes.ts";
import { codecOf, Format, type ModelOf } from "../../src/content/index.ts";
import type { ResourceModel } from "../../src/model/objects.ts";
import { path } from "../../src/model/path.ts";

const BASE = path(3303, 0, 7000);
const resource: ResourceModel = {
  id: 7000,
  name: "Blob",
  type: "opaque",
  operations: "RW",
  multiple: false,
  mandatory: false,
};
const model: ModelOf = () => resource;
const VALUE = Uint8Array.from({ length: 100 }, (_, i) => i);

/** As a socket hands it up: a Buffer, somewhere in a larger piece of memory. */
function received(payload: Uint8Array): Buffer {
  const slab = Buffer.alloc(payload.length + 2_000);
  slab.set(payload, 1_000);
  return slab.subarray(1_000, 1_000 + payload.length);
}

describe("an opaque value", () => {
  const formats = [Format.Opaque, Format.Cbor, Format.SenmlCbor, Format.SenmlJson, Format.Tlv];

  it.each(formats)("decoded from format %i is a copy, whatever kind of memory it came in", (format) => {
    const codec = codecOf(format)!;
    const payload = received(codec.encode([{ path: BASE, type: "opaque", value: VALUE }], BASE));
    const [node] = codec.decode(payload, BASE, model);
    payload.fill(0xee);
    const { value } = node!;
    if (!(value instanceof Uint8Array)) throw new Error("no bytes");
    expect(toHex(value)).toBe(toHex(VALUE));
  });

  it.each(formats)("encoded to format %i does not follow the value that changes afterwards", (format) => {
    const codec = codecOf(format)!;
    const value = received(VALUE);
    const payload = codec.encode([{ path: BASE, type: "opaque", value }], BASE);
    const before = toHex(payload);
    value.fill(0xee);
    expect(toHex(payload)).toBe(before);
  });

  it.each(formats)("of no bytes at all comes back from format %i", (format) => {
    const codec = codecOf(format)!;
    const empty = { path: BASE, type: "opaque", value: new Uint8Array(0) } as const;
    const [node] = codec.decode(received(codec.encode([empty], BASE)), BASE, model);
    expect(node!.value).toEqual(new Uint8Array(0));
  });
});

describe("a copy", () => {
  it("is one of Buffers too, whose slice is none", () => {
    const buffer = Buffer.from([1, 2, 3]);
    const copy = copyOf(buffer.subarray(1));
    buffer.fill(9);
    expect([...copy]).toEqual([2, 3]);
    expect(copy).not.toBeInstanceOf(Buffer);
    expect(copy.buffer.byteLength).toBe(2);
  });
});
