/** Teleinfo frames: published ones are read as published, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { parseTeleinfo } from "../../../src/library/framing/teleinfo.ts";
import { goldenTexts, latin1, survives } from "./telegrams.ts";

const sumOf = (text: string) => String.fromCharCode((latin1(text).reduce((sum, byte) => sum + byte, 0) & 0x3f) + 0x20);
const historic = (group: string) => `\n${group} ${sumOf(group)}\r`;
const standard = (group: string) => `\n${group}\t${sumOf(`${group}\t`)}\r`;
const read = (...groups: readonly string[]) =>
  Object.fromEntries(
    [...parseTeleinfo(latin1(`\x02${groups.join("")}\x03`))].map(([name, { value }]) => [name, value]),
  );

describe.each(["teleinfo.historic", "teleinfo.standard"])("published frames of %s", (id) => {
  const frames = goldenTexts(id);

  it("are read", () => {
    expect(frames.length).toBeGreaterThan(2);
    for (const bytes of frames) expect(parseTeleinfo(bytes).size).toBeGreaterThan(1);
  });

  it("are refused wherever they are cut and with any bit changed", () => {
    const [first = new Uint8Array()] = frames;
    // The sum has six bits: what it cannot see is bit 6 of a letter, which makes it a small one, or none.
    for (let length = 0; length < first.length; length++)
      expect(() => parseTeleinfo(first.subarray(0, length)), `cut at ${length}`).toThrow(DecodeError);
    let unseen = 0;
    for (let bit = 0; bit < first.length * 8; bit++) {
      const broken = Uint8Array.from(first);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      try {
        parseTeleinfo(broken);
        expect(bit & 7, `bit ${bit}`).toBe(6);
        unseen += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
    expect(unseen).toBeLessThan(first.length / 2);
  });
});

describe("a group", () => {
  it("of the historic way has spaces, of the standard one tabulators", () => {
    expect(read(historic("PAPP 01890"), historic("PTEC HP.."))).toEqual({ PAPP: "01890", PTEC: "HP.." });
    expect(read(standard("EAST\t000000042"), standard("LTARF\t    HP  BLEU    "))).toEqual({
      EAST: "000000042",
      LTARF: "HP  BLEU",
    });
  });

  it("may have a space as its checksum", () => {
    // 32 of the 64 sums are letters that look like something else.
    for (let i = 0; i < 64; i++) {
      const value = `${"A".repeat(3)}${String.fromCharCode(0x21 + i)}`;
      expect(read(historic(`NGTF ${value}`))).toEqual({ NGTF: value });
      expect(read(standard(`NGTF\t${value}`))).toEqual({ NGTF: value });
    }
  });

  it.each([
    ["E180716063417", "2018-07-16T04:34:17Z"],
    ["H230115120000", "2023-01-15T11:00:00Z"],
    ["h230115120000", null],
    [" 230115120000", null],
    ["E181316063417", null],
    ["E180732063417", null],
    ["E180716243417", null],
  ])("may say when: %s is %s", (time, utc) => {
    expect(read(standard(`SMAXSN\t${time}\t00021`))).toEqual({ SMAXSN: "00021", "SMAXSN/time": utc });
  });

  it("may say a time and nothing else", () => {
    expect(read(standard("DATE\tE180716103423\t"))).toEqual({ DATE: null, "DATE/time": "2018-07-16T08:34:23Z" });
  });

  it("with a space in its data keeps it", () => {
    expect(read(historic("MSG1 A B"))).toEqual({ MSG1: "A B" });
  });

  it.each([
    ["a checksum of another", "\nPAPP 01890 4\r"],
    ["no checksum", "\nPAPP 01890\r"],
    ["the sum of the other way", `\nEAST\t000000042\t${sumOf("EAST\t000000042")}\r`],
    ["a label in small letters", historic("papp 01890")],
    ["nothing in it", "\n\r"],
  ])("with %s is refused, and all others with it", (_name, group) => {
    expect(() => read(historic("IINST 008"), group)).toThrow(DecodeError);
  });
});

describe("a frame", () => {
  it.each(["", "\x02\x03", "\x02\nPAPP 01890 3\r", "\nPAPP 01890 3\r\x03", "\x02\nPAPP 01890 3\x03"])(
    "that is none is refused: %j",
    (text) => {
      expect(() => parseTeleinfo(latin1(text))).toThrow(DecodeError);
    },
  );

  it("of no meaning ends in DecodeError only", () => {
    survives(parseTeleinfo, latin1("\x02\nADSC\t"));
    survives(parseTeleinfo, latin1("\x02\nADCO 0"));
  });
});
