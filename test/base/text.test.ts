import { describe, expect, it } from "vitest";
import { parseDuration } from "../../src/base/duration.ts";
import { LineSplitter } from "../../src/base/lines.ts";
import { nearest } from "../../src/base/nearest.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the line splitter", () => {
  it("yields the same lines however the bytes arrive", () => {
    const random = new SeededRandom(7);
    const text =
      Array.from({ length: 200 }, (_, i) => `line ${i}`.padEnd(random.below(60) + 8, ".")).join("\r\n") + "\r\n";
    const whole = new LineSplitter("\n", 100).push(bytes(text));
    expect(whole).toHaveLength(200);
    const splitter = new LineSplitter("\n", 100);
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const length = 1 + random.below(9);
      pieces.push(...splitter.push(bytes(text.slice(at, at + length))));
      at += length;
    }
    expect(pieces).toEqual(whole);
  });

  it("drops an endless line whole, counts it once, and keeps no more than a line in memory", () => {
    const splitter = new LineSplitter("\n", 20);
    for (let i = 0; i < 1_000; i++) expect(splitter.push(bytes("x".repeat(50)))).toEqual([]);
    expect(splitter.push(bytes("tail\nnext\n"))).toEqual(["next"]);
    expect(splitter.overlong).toBe(1);
  });

  it("finds an end that arrives in two halves", () => {
    const splitter = new LineSplitter("\r\n", 20);
    expect(splitter.push(bytes("one\r"))).toEqual([]);
    expect(splitter.push(bytes("\ntwo\r\n"))).toEqual(["one", "two"]);
  });
});

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "10", "s", "-1s", "1 week", "1e3s"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("the nearest word", () => {
  it("finds a slip of the finger", () => {
    expect(nearest("bauds", ["path", "baud", "type"])).toBe("baud");
    expect(nearest("tempreature", ["humidity", "temperature"])).toBe("temperature");
  });

  it("does not guess wildly", () => {
    expect(nearest("colour", ["path", "baud", "type"])).toBeUndefined();
  });
});
