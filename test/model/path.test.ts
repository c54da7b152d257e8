import { describe, expect, it } from "vitest";
import {
  child,
  contains,
  cut,
  depth,
  definedBy,
  idAt,
  ids,
  MAX_ID,
  parent,
  parsePath,
  parts,
  path,
  ROOT,
} from "../../src/model/path.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const NOT_PATHS = [
  "",
  "3",
  "3/0",
  "//",
  "/3/",
  "//3",
  "/3//0",
  "/03",
  "/3/00",
  "/-1",
  "/+1",
  "/ 1",
  "/1 ",
  "/1.0",
  "/1e3",
  "/0x1",
  "/a",
  "/3/0/a",
  "/65535",
  "/3/65535",
  "/99999",
  "/999999999999999999999",
  "/1/2/3/4/5",
  "/1/2/3/4/",
  "/٣",
  "/3\n",
  "/3\u0000",
  "coap://host/3",
];

describe("a path", () => {
  it("is spelled as in LwM2M, from the root to a Resource Instance", () => {
    expect(path()).toBe("/");
    expect(path(3303)).toBe("/3303");
    expect(path(3303, 0)).toBe("/3303/0");
    expect(path(3303, 0, 5700)).toBe("/3303/0/5700");
    expect(path(3, 0, 11, 65_534)).toBe("/3/0/11/65534");
  });

  it("is not built from what is no identifier", () => {
    for (const id of [-1, 0.5, NaN, Infinity, MAX_ID + 1]) expect(() => path(3, id)).toThrow(RangeError);
    expect(() => path(1, 2, 3, 4, 5)).toThrow(RangeError);
  });

  it("reads back whatever was built", () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 5_000; i++) {
      const numbers = Array.from({ length: random.below(5) }, () =>
        random.below(random.pick([2, 10, 100, MAX_ID + 1])),
      );
      const built = path(...numbers);
      expect(parsePath(built)).toBe(built);
      expect(ids(built)).toEqual(numbers);
      expect(depth(built)).toBe(numbers.length);
      for (let level = 0; level < 5; level++) expect(idAt(built, level)).toBe(numbers[level]);
    }
  });

  it.each(NOT_PATHS)("is not %j", (text) => {
    expect(parsePath(text)).toBeUndefined();
  });

  it("is parsed as a pattern would, on random text", () => {
    const pattern = /^(?:\/|(?:\/(?:0|[1-9]\d{0,4})){1,4})$/;
    const random = new SeededRandom(8);
    const pieces = ["/", "0", "1", "5", "65534", "65535", "9", "-", " ", "3303", "a"];
    for (let i = 0; i < 50_000; i++) {
      const text = Array.from({ length: random.below(10) }, () => random.pick(pieces)).join("");
      const expected = pattern.test(text) && text.split("/").every((id) => Number(id) <= MAX_ID);
      expect(parsePath(text) !== undefined, text).toBe(expected);
    }
  });

  it("says what each of its numbers stands for", () => {
    expect(parts(ROOT)).toEqual({});
    expect(parts(path(3303, 1))).toEqual({ object: 3303, instance: 1 });
    expect(parts(path(3, 0, 7, 2))).toEqual({ object: 3, instance: 0, resource: 7, resourceInstance: 2 });
  });

  it("knows its number at each level without an array", () => {
    expect([0, 1, 2, 3].map((level) => idAt(path(3303, 0, 5700), level))).toEqual([3303, 0, 5700, undefined]);
    expect(idAt(ROOT, 0)).toBeUndefined();
  });

  it("says by one number which Resource of which Object it speaks of", () => {
    for (const [object, resource] of [
      [0, 0],
      [3, 9],
      [3303, 5700],
      [65_534, 65_534],
    ] as const)
      for (const text of [`/${object}/7/${resource}`, `/${object}/65534/${resource}/12`])
        expect(definedBy(parsePath(text)!), text).toBe(object * 65_536 + resource);
    for (const text of ["/", "/3", "/3/0"]) expect(definedBy(parsePath(text)!), text).toBeUndefined();
  });

  it("is cut to its first numbers, and stays whole where it has no more", () => {
    const where = path(3, 0, 7, 11);
    expect([0, 1, 2, 3, 4].map((levels) => cut(where, levels))).toEqual(["/", "/3", "/3/0", "/3/0/7", "/3/0/7/11"]);
    expect(cut(path(3303, 0), 3)).toBe("/3303/0");
    expect(cut(ROOT, 2)).toBe(ROOT);
  });

  it("has children down to four levels", () => {
    expect(child(ROOT, 3)).toBe("/3");
    expect(child(path(3, 0), 9)).toBe("/3/0/9");
    expect(() => child(path(3, 0, 11, 0), 1)).toThrow(RangeError);
    expect(() => child(ROOT, 65_535)).toThrow(RangeError);
  });

  it("has parents up to the root, which is its own", () => {
    expect(parent(path(3, 0, 11, 0))).toBe("/3/0/11");
    expect(parent(path(3))).toBe(ROOT);
    expect(parent(ROOT)).toBe(ROOT);
  });

  it("contains itself and what lies below it, but no neighbour that begins alike", () => {
    expect(contains(ROOT, path(3, 0, 9))).toBe(true);
    expect(contains(path(3, 0), path(3, 0))).toBe(true);
    expect(contains(path(3, 0), path(3, 0, 9))).toBe(true);
    expect(contains(path(3, 0, 1), path(3, 0, 11))).toBe(false);
    expect(contains(path(3), path(33, 0))).toBe(false);
    expect(contains(path(3, 0), path(4, 0, 9))).toBe(false);
    expect(contains(path(3, 0, 9), path(3, 0))).toBe(false);
    expect(contains(path(3), ROOT)).toBe(false);
  });
});
