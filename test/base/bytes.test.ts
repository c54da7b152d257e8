import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter, DecodeError, fromHex, sameBytes, toHex } from "../../src/base/bytes.ts";

describe("the byte reader", () => {
  it("reads numbers in network order, from the middle of a larger buffer too", () => {
    const all = fromHex("ffff 01 0203 04050607 08090a0b0c0d0e0f 3fc00000 4004000000000000 aabb");
    const reader = new ByteReader(all.subarray(2));
    expect(reader.u8()).toBe(1);
    expect(reader.u16()).toBe(0x0203);
    expect(reader.u32()).toBe(0x04050607);
    expect(reader.u64()).toBe(0x08090a0b0c0d0e0fn);
    expect(reader.f32()).toBe(1.5);
    expect(reader.f64()).toBe(2.5);
    expect(reader.remaining).toBe(2);
    expect(toHex(reader.rest())).toBe("aabb");
    expect(reader.done).toBe(true);
  });

  it("throws past the end instead of yielding less, and says where", () => {
    const reader = new ByteReader(fromHex("0102"));
    reader.u8();
    expect(() => reader.u16()).toThrow(DecodeError);
    expect(() => reader.bytes(2)).toThrow("2 bytes wanted, 1 left at byte 1");
    expect(() => reader.bytes(-1)).toThrow(DecodeError);
    expect(reader.u8()).toBe(2);
  });

  it("gives views, not copies", () => {
    const all = fromHex("010203");
    const view = new ByteReader(all).bytes(2);
    all[0] = 9;
    expect(view[0]).toBe(9);
  });
});

describe("the byte writer", () => {
  it("writes what the reader reads, growing past its capacity", () => {
    const bytes = new ByteWriter(2)
      .u8(1)
      .u16(0x0203)
      .u32(0x04050607)
      .u64(8n)
      .f32(1.5)
      .f64(2.5)
      .bytes(fromHex("ff"))
      .finish();
    expect(toHex(bytes)).toBe("010203040506070000000000000008" + "3fc00000" + "4004000000000000" + "ff");
  });
});

describe("hex", () => {
  it("reads digits in either case with blanks between", () => {
    expect([...fromHex("0A fF\n10")]).toEqual([10, 255, 16]);
  });

  it.each(["0", "0g", "é0"])("refuses %j", (text) => {
    expect(() => fromHex(text)).toThrow(DecodeError);
  });
});

it("compares bytes by content and length", () => {
  expect(sameBytes(fromHex("0102"), fromHex("0102"))).toBe(true);
  expect(sameBytes(fromHex("0102"), fromHex("0103"))).toBe(false);
  expect(sameBytes(fromHex("0102"), fromHex("01"))).toBe(false);
});
