import { describe, expect, it } from "vitest";
import {
  decimalText,
  fits,
  inRange,
  isObjectLink,
  linkText,
  MAX_INTEGER,
  MAX_UNSIGNED,
  MIN_INTEGER,
  parseLink,
  parseWhole,
  type ResourceType,
  type ResourceValue,
  sameValue,
  wholeNumber,
} from "../../src/model/value.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const LINK = { object: 3, instance: 0 };
const BYTES = Uint8Array.of(1, 2);

/** One value of each kind that JavaScript has, and the types that it fits. */
const KINDS: readonly (readonly [ResourceValue, readonly ResourceType[]])[] = [
  ["22", ["string", "corelnk"]],
  ["", ["string", "corelnk"]],
  [22, ["integer", "unsigned", "float", "time"]],
  [0, ["integer", "unsigned", "float", "time"]],
  [-22, ["integer", "float", "time"]],
  [22.5, ["float"]],
  [1e300, ["float"]],
  [2 ** 53, ["float"]],
  [22n, ["integer", "unsigned", "time"]],
  [-22n, ["integer", "time"]],
  [MIN_INTEGER, ["integer", "time"]],
  [MIN_INTEGER - 1n, []],
  [MAX_INTEGER, ["integer", "unsigned", "time"]],
  [MAX_INTEGER + 1n, ["unsigned"]],
  [MAX_UNSIGNED, ["unsigned"]],
  [MAX_UNSIGNED + 1n, []],
  [NaN, []],
  [Infinity, []],
  [true, ["boolean"]],
  [BYTES, ["opaque"]],
  [LINK, ["objlnk"]],
  [{ object: 65_535, instance: 65_535 }, ["objlnk"]],
  [{ object: 65_536, instance: 0 }, []],
  [{ object: -1, instance: 0 }, []],
  [{ object: 0.5, instance: 0 }, []],
];

const ALL: readonly ResourceType[] = [
  ...(["string", "integer", "unsigned", "float", "boolean", "opaque", "time", "objlnk", "corelnk"] as const),
];

describe("a resource value", () => {
  it.each(KINDS)("%s fits %j", (value, types) => {
    expect(ALL.filter((type) => fits(value, type))).toEqual(ALL.filter((type) => types.includes(type)));
  });

  it("lies within bounds, both of which are allowed", () => {
    expect([-1, 0, 50, 100, 101].map((value) => inRange(value, [0, 100]))).toEqual([false, true, true, true, false]);
    expect(inRange(0.5, [0, 1])).toBe(true);
    expect(inRange(2n ** 63n, [0, 2 ** 63])).toBe(true);
    expect(inRange(2n ** 63n + 1n, [0, 2 ** 63])).toBe(false);
  });

  it("lies within any bounds if there are none", () => {
    expect(inRange(1e300, undefined)).toBe(true);
  });

  it("is measured in bytes if it is a string or opaque", () => {
    expect(inRange("four", [4, 4])).toBe(true);
    expect(inRange("für", [0, 3])).toBe(false);
    expect(inRange(BYTES, [0, 2])).toBe(true);
    expect(inRange(BYTES, [3, 9])).toBe(false);
  });

  it("has no size if it is a boolean or a link", () => {
    expect(inRange(true, [5, 6])).toBe(true);
    expect(inRange(LINK, [5, 6])).toBe(true);
  });

  it("is a number wherever that is exact, else a bigint", () => {
    expect(wholeNumber(5n)).toBe(5);
    expect(wholeNumber(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
    expect(wholeNumber(2n ** 53n)).toBe(2n ** 53n);
    expect(wholeNumber(-(2n ** 53n))).toBe(-(2n ** 53n));
  });

  it("equals another of the same type and content", () => {
    expect(sameValue(1, 1)).toBe(true);
    expect(sameValue(1, 2)).toBe(false);
    expect(sameValue(1, true)).toBe(false);
    expect(sameValue("1", 1)).toBe(false);
    expect(sameValue(BYTES, Uint8Array.of(1, 2))).toBe(true);
    expect(sameValue(BYTES, Uint8Array.of(1, 3))).toBe(false);
    expect(sameValue(BYTES, Uint8Array.of(1))).toBe(false);
    expect(sameValue(LINK, { object: 3, instance: 0 })).toBe(true);
    expect(sameValue(LINK, { object: 3, instance: 1 })).toBe(false);
    expect(sameValue(LINK, BYTES)).toBe(false);
    expect(sameValue(BYTES, LINK)).toBe(false);
  });
});

describe("an Object Link", () => {
  it("is spelled with a colon", () => {
    expect(linkText(LINK)).toBe("3:0");
    expect(parseLink("3:0")).toEqual(LINK);
    expect(parseLink("65535:65535")).toEqual({ object: 65_535, instance: 65_535 });
  });

  it.each(["", "3", ":", "3:", ":0", "3:0:1", "-1:0", "3 :0", "65536:0", "3:65536", "3:a", "0x3:0", "123456:0"])(
    "is not %j",
    (text) => expect(parseLink(text)).toBeUndefined(),
  );

  it("is neither bytes nor a string", () => {
    expect(isObjectLink(LINK)).toBe(true);
    expect(isObjectLink(BYTES)).toBe(false);
    expect(isObjectLink("3:0")).toBe(false);
  });
});

describe("a whole number in text", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["22", 22],
    ["-22", -22],
    ["007", 7],
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9223372036854775808", MIN_INTEGER],
    ["18446744073709551615", MAX_UNSIGNED],
  ])("%s is read exactly", (text, value) => {
    expect(parseWhole(text)).toBe(value);
  });

  it.each(["", "-", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "1n", "one", "1".repeat(21)])("is not %j", (text) => {
    expect(parseWhole(text)).toBeUndefined();
  });
});

describe("a float in text", () => {
  it.each([
    [0, "0.0"],
    [22, "22.0"],
    [-22, "-22.0"],
    [22.5, "22.5"],
    [0.1, "0.1"],
    [1e-6, "0.000001"],
    [1e-7, "0.0000001"],
    [-1.25e-9, "-0.00000000125"],
    [1e20, "100000000000000000000.0"],
    [1e21, "1000000000000000000000.0"],
    [-1.2345e22, "-12345000000000000000000.0"],
    [1.7976931348623157e308, `17976931348623157${"0".repeat(292)}.0`],
  ])("%s is written with a point and without an exponent", (value, text) => {
    expect(decimalText(value)).toBe(text);
  });

  it("is the same float when it is read again, to the last bit", () => {
    const random = new SeededRandom(11);
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 20_000; i++) {
      view.setUint32(0, Math.floor(random.unit() * 2 ** 32));
      view.setUint32(4, Math.floor(random.unit() * 2 ** 32));
      const value = view.getFloat64(0);
      if (!Number.isFinite(value)) continue;
      const text = decimalText(value);
      expect(text).toMatch(/^-?\d+\.\d+$/);
      expect(Number(text)).toBe(value);
    }
  });
});
