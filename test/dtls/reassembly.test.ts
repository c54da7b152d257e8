import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import {
  encodeFragment,
  type Fragment,
  MAX_AHEAD,
  MAX_MESSAGE,
  readFragments,
  Reassembly,
  wholeMessage,
} from "../../src/dtls/reassembly.ts";
import { mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const body = (length: number, start = 0) => Uint8Array.from({ length }, (_, i) => (start + i) & 0xff);
const part = (parts: Partial<Fragment> & { data: Uint8Array }): Fragment => ({
  type: 11,
  length: parts.data.length,
  sequence: 0,
  offset: 0,
  ...parts,
});
const piece = (whole: Uint8Array, offset: number, length: number, sequence = 0): Fragment =>
  part({ length: whole.length, sequence, offset, data: whole.subarray(offset, offset + length) });

describe("fragments on the wire", () => {
  it("stand behind type, length, sequence number, offset and length of their own (RFC 6347 §4.2.2)", () => {
    const hex = "0b 000005 0007 000001 000002 aabb";
    expect(readFragments(fromHex(hex))).toEqual([
      { type: 11, length: 5, sequence: 7, offset: 1, data: fromHex("aabb") },
    ]);
    expect(encodeFragment({ type: 11, sequence: 7, body: fromHex("99aabb9999") }, 1, 2)).toEqual(fromHex(hex));
  });

  it("may share a record", () => {
    const both = "0e 000000 0001 000000 000000 0b 000001 0002 000000 000001 ff";
    expect(readFragments(fromHex(both)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it.each([
    ["cut off in its header", "0b 000005 0007 000001 0000"],
    ["cut off in its body", "0b 000005 0007 000001 000002 aa"],
    ["beyond the end of its message", "0b 000002 0007 000001 000002 aabb"],
    ["empty though its message is not", "0b 000002 0007 000001 000000"],
    ["of a message that is too long", "0b 004001 0007 000000 000001 aa"],
  ])("%s: the record is malformed", (_, hex) => {
    expect(() => readFragments(fromHex(hex))).toThrow(DecodeError);
  });

  it("end in DecodeError, or in fragments within their messages, whatever comes", () => {
    const seeded = new SeededRandom(3);
    const good = fromHex("0b 000005 0007 000001 000002 aabb 0e 000000 0008 000000 000000");
    for (let i = 0; i < 20_000; i++) {
      try {
        for (const { offset, data, length } of readFragments(mutate(good, seeded)))
          expect(offset + data.length).toBeLessThanOrEqual(length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("putting messages together", () => {
  it("one that came whole is as it would be in the transcript", () => {
    const reassembly = new Reassembly();
    expect(reassembly.add(part({ data: body(3) }))).toBe("kept");
    const message = reassembly.take();
    expect(message).toMatchObject({ type: 11, sequence: 0, body: body(3) });
    expect(toHex(message!.raw)).toBe("0b0000030000000000000003000102");
    expect(reassembly.take()).toBeUndefined();
    expect(reassembly.expected).toBe(1);
  });

  it("an empty one is whole with its only fragment", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ type: 14, data: new Uint8Array(0) }));
    expect(reassembly.take()).toMatchObject({ type: 14, body: new Uint8Array(0) });
  });

  it("fragments come in any order, overlap, and come twice (RFC 6347 §4.2.3)", () => {
    const seeded = new SeededRandom(5);
    for (let round = 0; round < 200; round++) {
      const whole = seeded.bytes(1 + seeded.below(300));
      const reassembly = new Reassembly();
      let adds = 0;
      let message = reassembly.take();
      while (message === undefined && adds++ < 5_000) {
        const offset = seeded.below(whole.length);
        reassembly.add(piece(whole, offset, 1 + seeded.below(whole.length - offset)));
        message = reassembly.take();
      }
      expect(message?.body).toEqual(whole);
    }
  });

  it("the transcript does not see how it was cut (RFC 6347 §4.2.6)", () => {
    const whole = body(100);
    const reassembly = new Reassembly();
    for (const offset of [60, 0, 30]) reassembly.add(piece(whole, offset, offset === 60 ? 40 : 30));
    expect(reassembly.take()?.raw).toEqual(wholeMessage(11, 0, whole).raw);
  });

  it("messages are taken in order, whichever came first", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ sequence: 2, data: body(1) }));
    reassembly.add(part({ sequence: 1, data: body(2) }));
    expect(reassembly.take()).toBeUndefined();
    reassembly.add(part({ sequence: 0, data: body(3) }));
    expect([0, 1, 2].map(() => reassembly.take()?.sequence)).toEqual([0, 1, 2]);
  });

  it("one taken already is old", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ data: body(1) }));
    reassembly.take();
    expect(reassembly.add(part({ data: body(1) }))).toBe("old");
  });

  it("begins anew at a number, without what it had", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ sequence: 1, data: body(1) }));
    reassembly.restart(1);
    expect(reassembly.take()).toBeUndefined();
    expect(reassembly.add(part({ sequence: 0, data: body(1) }))).toBe("old");
  });
});

describe("bounds that hold before anybody has proved who he is", () => {
  it("ten messages ahead are kept, and no more", () => {
    const reassembly = new Reassembly();
    expect(reassembly.add(part({ sequence: MAX_AHEAD, data: body(1) }))).toBe("kept");
    expect(reassembly.add(part({ sequence: MAX_AHEAD + 1, data: body(1) }))).toBe("refused");
    expect(reassembly.add(part({ sequence: 0xffff, data: body(1) }))).toBe("refused");
  });

  it("a stranger who announces long messages ahead does not keep the next one out", () => {
    const reassembly = new Reassembly();
    const announce = (sequence: number) => part({ sequence, length: MAX_MESSAGE, data: body(1) });
    const placed = [4, 5, 6, 7, 8, 9, 3].map((sequence) => reassembly.add(announce(sequence)));
    // Four of them fill the room; what comes later finds none, and what comes sooner takes the place of the last.
    expect(placed).toEqual(["kept", "kept", "kept", "kept", "refused", "refused", "kept"]);
    expect(reassembly.add(part({ data: body(MAX_MESSAGE) }))).toBe("kept");
    expect(reassembly.take()?.body).toEqual(body(MAX_MESSAGE));
  });

  it("a forged fragment of another length or type does not block the message for ever", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ length: 50, data: body(1) }));
    reassembly.add(part({ type: 12, data: body(3) }));
    expect(reassembly.take()).toMatchObject({ type: 12, body: body(3) });
  });

  it("a byte that is there stays: what comes later cannot change it", () => {
    const reassembly = new Reassembly();
    reassembly.add(part({ length: 4, data: Uint8Array.of(1, 1) }));
    reassembly.add(part({ length: 4, data: Uint8Array.of(2, 2, 2, 2) }));
    expect(reassembly.take()?.body).toEqual(Uint8Array.of(1, 1, 2, 2));
  });

  it("room is given back as messages are taken", () => {
    const reassembly = new Reassembly();
    for (let sequence = 0; sequence < 20; sequence++) {
      expect(reassembly.add(part({ sequence, data: body(MAX_MESSAGE) }))).toBe("kept");
      expect(reassembly.take()?.sequence).toBe(sequence);
    }
  });
});
