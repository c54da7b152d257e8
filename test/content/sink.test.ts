import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Sink, utf8Length } from "../../src/content/sink.ts";
import { readUtf8 } from "../../src/content/utf8.ts";

describe("the sink of the encoders", () => {
  it("writes in network order, negative numbers in two's complement", () => {
    const out = new Sink();
    out.u8(-1);
    out.u16(-2);
    out.u32(-3);
    out.u64(-4n);
    out.f32(22);
    out.f64(22);
    expect(toHex(out.take())).toBe("fffffefffffffdfffffffffffffffc41b000004036000000000000");
  });

  it("grows as far as it must, keeping what is there", () => {
    const out = new Sink();
    const expected: number[] = [];
    for (let i = 0; i < 3_000; i++) {
      out.u8(i);
      expected.push(i & 0xff);
    }
    out.bytes(new Uint8Array(200_000).fill(7));
    const written = out.take();
    expect([...written.subarray(0, 3_000)]).toEqual(expected);
    expect(written.length).toBe(203_000);
    expect(written.subarray(3_000).every((byte) => byte === 7)).toBe(true);
  });

  it("begins anew after a reset, also after one that gave memory back", () => {
    const out = new Sink();
    out.bytes(new Uint8Array(100_000));
    out.reset();
    out.ascii("new");
    expect(out.length).toBe(3);
    expect(Buffer.from(out.take()).toString()).toBe("new");
  });

  it("hands out copies, small and large", () => {
    for (const length of [1, 64, 65, 5_000]) {
      const out = new Sink();
      out.bytes(new Uint8Array(length).fill(1));
      const taken = out.take();
      out.reset();
      out.bytes(new Uint8Array(length).fill(2));
      expect(taken).toEqual(new Uint8Array(length).fill(1));
    }
  });

  it("turns neighbours round", () => {
    const out = new Sink();
    out.ascii("<content>header");
    out.rotate(1, 9);
    expect(Buffer.from(out.take()).toString()).toBe("<headercontent>");
  });

  it("writes part of a string, and text of any alphabet", () => {
    const out = new Sink();
    out.ascii("/3303/0/5700", 8);
    out.ascii("/3303/0/5700", 0, 5);
    out.utf8("Grüße 水", utf8Length("Grüße 水"));
    expect(readUtf8(out.take())).toBe("5700/3303Grüße 水");
  });
});

describe("strict UTF-8", () => {
  it("reads short and long text of every alphabet", () => {
    for (const text of ["", "a", "Grüße", "\ud800\udd51", "\u0000", "x".repeat(24), "x".repeat(25), "ü".repeat(500)])
      expect(readUtf8(new TextEncoder().encode(text))).toBe(text);
  });

  it("reads part of the bytes", () => {
    expect(readUtf8(new TextEncoder().encode("one two three"), 4, 7)).toBe("two");
  });

  it.each([
    ["a lone continuation", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond the last character", [0xf4, 0x90, 0x80, 0x80]],
    ["a character cut off", [0x41, 0xe6, 0xb0]],
  ])("refuses %s", (_, bytes) => {
    expect(() => readUtf8(Uint8Array.from(bytes))).toThrow("text is not UTF-8");
    const long = Uint8Array.from([...Array<number>(40).fill(0x41), ...bytes]);
    expect(() => readUtf8(long)).toThrow("text is not UTF-8");
  });
});
