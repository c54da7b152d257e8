/** Beginnings that are cut in two, packets that hold nothing, and data that look like an end. */

import { describe, expect, it } from "vitest";
import { framesOf, framesSpec } from "../../../src/adapters/frames/frames.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";

/** What is cut from these pieces, as hex. */
function cut(spec: unknown, ...pieces: readonly string[]): string[] {
  const frames = framesOf(framesSpec.parse(spec));
  return pieces.flatMap((piece) => frames?.cutter.push(fromHex(piece)) ?? []).map((frame) => toHex(frame));
}

describe("a packet", () => {
  it("is found where its beginning comes in two pieces behind something else", () => {
    const spec = { start: "AAC0DD", length: 5 };
    expect(cut(spec, "00AA", "C0DD0102")).toEqual(["aac0dd0102"]);
    expect(cut(spec, "00AAC0", "DD0102")).toEqual(["aac0dd0102"]);
    expect(cut(spec, "AAAAC0", "DD0102")).toEqual(["aac0dd0102"]);
  });

  it("may be empty where it ends otherwise than it begins, and is none where it does not", () => {
    expect(cut({ start: "AA", end: "BB" }, "AABB AA01BB")).toEqual(["aabb", "aa01bb"]);
    expect(cut({ start: "7E", end: "7E" }, "7E017E 7E027E")).toEqual(["7e017e", "7e027e"]);
    expect(cut({ start: "7E", end: "7E" }, "017E 7E027E")).toEqual(["7e027e"]);
  });

  it("is none if it says to be shorter than its beginning or longer than any", () => {
    const spec = { start: "424D", length_at: 2, length_type: "u16be" };
    expect(cut(spec, "424D0002 424D000601FF")).toEqual(["424d000601ff"]);
    expect(cut(spec, "424D0401 424D000601FF")).toEqual(["424d000601ff"]);
  });
});

describe("an SML file", () => {
  it("does not end in its data: where these have an escape, it is doubled", () => {
    const data = "1B1B1B1B1B1B1B1B1A000000";
    const file = `1B1B1B1B01010101${data}1B1B1B1B1A00ABCD`;
    expect(cut("sml", file)).toEqual([file.toLowerCase()]);
    expect(cut("sml", ...(file.match(/../g) ?? []))).toEqual([file.toLowerCase()]);
  });
});
