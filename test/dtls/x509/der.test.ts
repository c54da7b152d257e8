/** DER has one encoding for each value: all others are refused. */

import { describe, expect, test } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import {
  DerReader,
  type Element,
  instant,
  namedBits,
  objectIdentifier,
  only,
  smallNumber,
  Tag,
  truth,
  wholeBytes,
} from "../../../src/dtls/x509/der.ts";
import { bits, der, integer, octets, oid, sequence, text, time } from "../../support/der.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const first = (bytes: Uint8Array): Element => new DerReader(bytes).next();
const hex = (digits: string): Element => first(fromHex(digits));

describe("an element", () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535])("of %i bytes is read as it was written", (length) => {
    const content = new Uint8Array(length).fill(7);
    const element = first(octets(content));
    expect(element.tag).toBe(Tag.OctetString);
    expect(element.content).toEqual(content);
    expect(element.whole).toEqual(octets(content));
  });

  test("is a view, not a copy", () => {
    const bytes = octets(Uint8Array.of(1, 2));
    expect(first(bytes).content.buffer).toBe(bytes.buffer);
  });

  test.each([
    ["nothing", ""],
    ["a tag alone", "04"],
    ["a length beyond the end", "040401"],
    ["a length whose bytes are missing", "0482"],
    ["the indefinite form", "0480010000"],
    ["a length of one byte in two", "04810101"],
    ["a length with a leading zero", `048200ff${"00".repeat(255)}`],
    ["a length of four bytes", "048400000001ff"],
    ["a length reserved for ever", "04ff01"],
    ["a tag of several bytes", "1f8101"],
  ])("is refused: %s", (_, digits) => {
    expect(() => hex(digits)).toThrow(DecodeError);
  });

  test("of another tag is not taken, and an optional one is left where it is", () => {
    const reader = new DerReader(sequence(integer(1)));
    expect(reader.optional(Tag.Integer)).toBeUndefined();
    expect(() => reader.take(Tag.Set, "set")).toThrow("DER: no set at byte 0");
    expect(new DerReader(reader.take(Tag.Sequence, "sequence").content).tag).toBe(Tag.Integer);
    expect(reader.done).toBe(true);
    expect(reader.tag).toBeUndefined();
  });

  test("must be all there is where only one is wanted", () => {
    const two = Uint8Array.from([...integer(1), ...integer(2)]);
    expect(() => only(two, Tag.Integer, "number")).toThrow("DER: more than a number at byte 3");
  });
});

describe("an object identifier", () => {
  test.each(["2.5.29.17", "1.2.840.10045.4.3.2", "1.3.6.1.5.5.7.3.1", "0.0", "1.39", "2.999.3", "2.5.4.3"])(
    "is read as %s",
    (dotted) => {
      const [root = 0, second = 0, ...rest] = dotted.split(".").map(Number);
      const bytes = root === 2 && second > 39 ? fromHex("0603883703") : oid([root, second, ...rest].join("."));
      expect(objectIdentifier(first(bytes))).toBe(dotted);
    },
  );

  test("with an arc too long for a number is told by its bytes, so that no two are the same", () => {
    const [one, two] = ["0602", "0601"].map((end) => fromHex(`060b69${"ff".repeat(8)}${end.slice(2)}01`.slice(0, 26)));
    expect(objectIdentifier(first(one!))).toBe(`hex:${Buffer.from(one!.subarray(2)).toString("hex")}`);
    expect(objectIdentifier(first(one!))).not.toBe(objectIdentifier(first(two!)));
  });

  test.each([
    ["is empty", "0600"],
    ["does not end", "06022a86"],
    ["begins an arc with zero", "06032a8001"],
  ])("is refused if it %s", (_, digits) => {
    expect(() => objectIdentifier(hex(digits))).toThrow(DecodeError);
  });
});

describe("a number", () => {
  test.each([0, 1, 127, 128, 255, 256, 65_536, 2 ** 31 - 1])("%i is read as it was written", (value) => {
    expect(smallNumber(first(integer(value)))).toBe(value);
  });

  test.each([
    ["empty", "0200"],
    ["below zero", "0201ff"],
    ["with a zero too many", "02020001"],
    ["of five bytes", "02050100000000"],
    ["at 2^31", "020500" + "80000000"],
  ])("is refused if it is %s", (_, digits) => {
    expect(() => smallNumber(hex(digits))).toThrow(DecodeError);
  });
});

describe("a truth value and bits", () => {
  test("are read as DER has them", () => {
    expect([truth(hex("010100")), truth(hex("0101ff"))]).toEqual([false, true]);
    expect(namedBits(first(bits(Uint8Array.of(0x80), 7)))).toBe(0x8000);
    expect(namedBits(first(bits(Uint8Array.of(0x06), 1)))).toBe(0x0600);
    expect(namedBits(first(bits(Uint8Array.of(0, 0x80), 7)))).toBe(0x0080);
    expect(namedBits(first(bits(new Uint8Array())))).toBe(0);
    expect(wholeBytes(first(bits(Uint8Array.of(1, 2))))).toEqual(Uint8Array.of(1, 2));
  });

  test.each([
    ["1 for true", () => truth(hex("010101"))],
    ["two bytes for true", () => truth(hex("0102ffff"))],
    ["bits without their count", () => namedBits(hex("0300"))],
    ["eight unused bits", () => namedBits(hex("03020800"))],
    ["unused bits of nothing", () => namedBits(hex("030101"))],
    ["an unused bit that is set", () => namedBits(hex("03020181"))],
    ["a key that ends within a byte", () => wholeBytes(hex("030204f0"))],
  ])("are refused: %s", (_, read) => {
    expect(read).toThrow(DecodeError);
  });
});

describe("a time", () => {
  test.each([
    "1970-01-01T00:00:00.000Z",
    "2049-12-31T23:59:59.000Z",
    "2050-01-01T00:00:00.000Z",
    "2400-02-29T12:00:00.000Z",
  ])("%s is read as it was written", (stamp) => {
    expect(new Date(instant(first(time(Date.parse(stamp))))).toISOString()).toBe(stamp);
  });

  test("of two digits lies between 1950 and 2049", () => {
    const yearOf = (digits: string): number => new Date(instant(first(text(digits, Tag.UtcTime)))).getUTCFullYear();
    expect([
      yearOf("500101000000Z"),
      yearOf("991231235959Z"),
      yearOf("000101000000Z"),
      yearOf("491231235959Z"),
    ]).toEqual([1950, 1999, 2000, 2049]);
  });

  test("that never comes is no time at all", () => {
    expect(instant(first(text("99991231235959Z", Tag.GeneralizedTime)))).toBe(Infinity);
  });

  test.each([
    ["without seconds", "2601010000Z", Tag.UtcTime],
    ["without a zone", "260101000000", Tag.UtcTime],
    ["in another zone", "260101000000+0100", Tag.UtcTime],
    ["with a fraction", "20260101000000.5Z", Tag.GeneralizedTime],
    ["on 31 February", "260231000000Z", Tag.UtcTime],
    ["at 25 o'clock", "260101250000Z", Tag.UtcTime],
    ["in month 13", "261301000000Z", Tag.UtcTime],
    ["of two digits under the other tag", "260101000000Z", Tag.GeneralizedTime],
    ["of four digits under the other tag", "20260101000000Z", Tag.UtcTime],
    ["as a text", "260101000000Z", 0x0c],
    ["of nothing", "", Tag.UtcTime],
  ])("is refused: %s", (_, digits, tag) => {
    expect(() => instant(first(text(digits, tag)))).toThrow(DecodeError);
  });
});

test("random bytes end in a DecodeError or in elements that cover them", () => {
  const random = new SeededRandom(8);
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(random.below(30));
    const reader = new DerReader(bytes);
    let covered = 0;
    try {
      while (!reader.done) covered += reader.next().whole.length;
      expect(covered).toBe(bytes.length);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
});

test("an element may hold elements as deep as anybody likes: nothing is read before it is asked for", () => {
  let nested = integer(1);
  for (let depth = 0; depth < 5_000; depth++) nested = depth < 4_000 ? sequence(nested) : nested;
  expect(() => der(0x30, nested)).not.toThrow();
  expect(first(nested).tag).toBe(Tag.Sequence);
});
