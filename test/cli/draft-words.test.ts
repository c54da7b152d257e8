/** The pieces of a draft from registers: how a block is cut, and where a value that was read off the device may stand. */

import { describe, expect, it } from "vitest";
import { registerFits } from "../../src/cli/device/draft/register-fits.ts";
import { notesOf, remarkOf } from "../../src/cli/device/draft/register-words.ts";
import { type Block, blocksOf, said } from "../../src/cli/device/draft/registers.ts";
import { orderOf, piecesOf } from "../../src/cli/device/draft/words.ts";
import type { Frame } from "../../src/library/index.ts";

const poll = (values: Readonly<Record<string, string>>): Frame => ({
  source: "1",
  at: { ms: 0, trusted: false },
  payload: {
    kind: "registers",
    values: new Map(
      Object.entries(values).map(([key, hex]) => [key, new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"))]),
    ),
  },
});
const blockOf = (...polls: readonly string[]): Block => {
  const [block] = blocksOf(polls.map((hex) => poll({ "4:0x0000": hex })));
  if (!block) throw new Error("no block");
  return block;
};
const cut = (block: Block, order: "abcd" | "cdab" = "abcd") =>
  piecesOf(block, order).map(({ at, type }) => `${at} ${type}`);

describe("blocks", () => {
  it("come in the order of their addresses, each of the length that most polls have", () => {
    const blocks = blocksOf([
      poll({ "4:0x0010": "0001", "3:0x0000": "0001 0002" }),
      poll({ "4:0x0010": "0001 0002" }),
      poll({ "4:0x0010": "0001 0003", "4:0x0050+4": "", oops: "00" }),
    ]);
    expect(blocks.map(({ key, count, samples }) => [key, count, samples.length])).toEqual([
      ["3:0x0000", 2, 1],
      ["4:0x0010", 2, 2],
    ]);
  });

  it("of very many polls are thinned, and keep the last", () => {
    const block = blockOf(...Array.from({ length: 1_001 }, (_, i) => i.toString(16).padStart(4, "0")));
    expect(block.samples.length).toBeLessThanOrEqual(200);
    expect(block.samples.at(-1)).toEqual(Uint8Array.of(0x03, 0xe8));
  });

  it("of other frames are none", () => {
    expect(blocksOf([{ ...poll({}), payload: { kind: "text", text: "3:0x0000" } }])).toEqual([]);
  });
});

describe("a block", () => {
  it("is cut where values begin, also if that is at an odd register", () => {
    expect(cut(blockOf("0007 4366 19A0 0003", "0009 4366 B333 0003", "0002 4365 CCCD 0003"))).toEqual([
      "0 u16",
      "1 f32",
      "3 u16",
    ]);
  });

  it("of a counter whose high register carries is one number, in either order", () => {
    expect(cut(blockOf("0000 FFFA", "0000 FFFF", "0001 0004", "0001 0009"))).toEqual(["0 u32"]);
    expect(cut(blockOf("FFFA 0000", "FFFF 0000", "0004 0001", "0009 0001"), "cdab")).toEqual(["0 u32"]);
  });

  it("whose high register leaps is two numbers", () => {
    expect(cut(blockOf("0100 0007", "0200 0009", "0300 0002", "0400 0005"))).toEqual(["0 u16", "1 u16"]);
  });

  it("of numbers around zero has signs, over one register or two", () => {
    expect(cut(blockOf("0003", "FFFD"))).toEqual(["0 i16"]);
    expect(cut(blockOf("0000 0005", "FFFF FFFB"))).toEqual(["0 i32"]);
    expect(cut(blockOf("FFFF FFF0", "FFFF FFFB"))).toEqual(["0 i32"]);
    expect(cut(blockOf("9000", "9001"))).toEqual(["0 u16"]);
  });

  it("of letters that stand still is a text; of numbers that look like letters it is not", () => {
    expect(cut(blockOf("4143 4D45 3100 0001", "4143 4D45 3100 0002"))).toEqual(["0 ascii", "3 u16"]);
    expect(cut(blockOf("4143 4D45", "4143 4D45"))).not.toContain("0 ascii");
    expect(cut(blockOf("2020 2020 2020", "2020 2020 2020"))).not.toContain("0 ascii");
    expect(cut(blockOf("4143 4D45 3141", "4143 4D45 3142"))).not.toContain("0 ascii");
  });

  it("of floats that were not there for a while is of floats all the same", () => {
    expect(cut(blockOf("4366 19A0", "7FC0 0000", "4365 CCCD"))).toEqual(["0 f32"]);
  });

  it("of nothing is no pieces", () => {
    expect(piecesOf({ key: "4:0x0000", fc: 4, address: 0, count: 0, samples: [] }, "abcd")).toEqual([]);
  });
});

describe("a value that was read off the device", () => {
  const fits = (block: Block, value: number, taken: readonly string[] = []) => {
    const order = orderOf([block], ["abcd", "cdab"]);
    const pieces = new Map([[block, piecesOf(block, order)]]);
    return registerFits([block], { value, taken: new Set(taken), order, pieces }).map(
      ({ at, type, scale }) => `${at} ${type} x ${scale}`,
    );
  };

  it("stands where the newest poll has it, moving registers before those that stand still", () => {
    const block = blockOf("00D7 00D5", "00D5 00D5");
    expect(fits(block, 21.3)[0]).toBe("0 i16 x 0.1");
    expect(fits(block, 21.3)).toContain("1 i16 x 0.1");
    expect(fits(block, 21.3, ["4:0x0000 0"])[0]).toBe("1 i16 x 0.1");
  });

  it("is found as a float, as far as its digits go, and not beyond them", () => {
    const block = blockOf("4366 19A0", "4365 CCCD");
    expect(fits(block, 229.8)[0]).toBe("0 f32 x 1");
    expect(fits(block, 229.9)).toEqual([]);
  });

  it("is not looked for in coils", () => {
    const [coils] = blocksOf([poll({ "1:0x0000": "15" })]);
    expect(
      registerFits(coils ? [coils] : [], { value: 21, taken: new Set(), order: "abcd", pieces: new Map() }),
    ).toEqual([]);
  });
});

describe("the words of a draft", () => {
  const words = (type: "u16" | "u32" | "f32", ...polls: readonly string[]) =>
    remarkOf(type, said(blockOf(...polls).samples, { at: 0, type, order: "abcd" }));

  it("say between what a value lies, and what of the mains that may be", () => {
    expect(words("u16", "0005", "0009")).toBe("5 to 9; what is it?");
    expect(words("u16", "1387", "1389")).toBe("4999 to 5001: frequency x 0.01?");
    expect(words("f32", "42F00000", "42F10000")).toBe("120 to 120.5: voltage?");
    expect(words("u32", "00000001", "00000002", "00000003", "00000004")).toContain("only rises: a counter of what?");
  });

  it("are no more than can be read", () => {
    const many = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? "0001" : "0005")).join("");
    const block = blockOf(many, many.replaceAll("0005", "0007"));
    const lines = notesOf([], new Map([[block, piecesOf(block, "abcd")]]), "abcd");
    expect(lines.length).toBeLessThan(85);
    expect(lines.at(-1)).toMatch(/^and \d+ more such lines$/);
  });
});
