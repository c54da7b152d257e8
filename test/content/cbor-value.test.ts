import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { cborValue } from "../../src/content/cbor-value.ts";
import type { Node } from "../../src/content/node.ts";
import { codecContract } from "../contract/codec.ts";
import { node, zooPath } from "../support/codec-models.ts";

codecContract("CBOR", {
  codec: cborValue,
  vectors: [
    { name: "a whole float as a half", base: "/3303/0/5700", hex: "f9 4d80", nodes: [node("/3303/0/5700", 22)] },
    {
      name: "a float as a double",
      base: "/3303/0/5700",
      hex: "fb 3ff199999999999a",
      nodes: [node("/3303/0/5700", 1.1)],
    },
    { name: "a float as a single", base: "/3303/0/5700", hex: "fa 47c35000", nodes: [node("/3303/0/5700", 100_000)] },
    { name: "an integer", base: "/3/0/9", hex: "18 64", nodes: [node("/3/0/9", 100)] },
    { name: "a negative integer", base: "/4000/0/1", hex: "39 03e7", nodes: [node("/4000/0/1", -1000)] },
    {
      name: "the least integer",
      base: "/4000/0/1",
      hex: "3b 7fffffffffffffff",
      nodes: [node("/4000/0/1", -(2n ** 63n))],
    },
    { name: "a string", base: "/3/0/0", hex: "64 49455446", nodes: [node("/3/0/0", "IETF")] },
    { name: "a boolean", base: "/3306/0/5850", hex: "f5", nodes: [node("/3306/0/5850", true)] },
    { name: "octets", base: "/4000/0/5", hex: "44 01020304", nodes: [node("/4000/0/5", Uint8Array.of(1, 2, 3, 4))] },
    { name: "a time with tag 1", base: "/3/0/13", hex: "c1 1a 514b67b0", nodes: [node("/3/0/13", 1_363_896_240)] },
    {
      name: "an Object Link as text",
      base: "/4000/0/7",
      hex: "63 333a30",
      nodes: [node("/4000/0/7", { object: 3, instance: 0 })],
    },
    {
      name: "a float longer than needed",
      base: "/3303/0/5700",
      hex: "fb 4036000000000000",
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
    {
      name: "an integer longer than needed",
      base: "/3/0/9",
      hex: "1b 0000000000000064",
      nodes: [node("/3/0/9", 100)],
      readOnly: true,
    },
    {
      name: "a string in pieces",
      base: "/3/0/0",
      hex: "7f 65 7374726561 64 6d696e67 ff",
      nodes: [node("/3/0/0", "streaming")],
      readOnly: true,
    },
  ],
  refusals: [
    { name: "a float written as an integer", base: "/3303/0/5700", hex: "16" },
    { name: "an integer written as a float", base: "/3/0/9", hex: "f9 5640" },
    { name: "a float that is not a number", base: "/3303/0/5700", hex: "f9 7e00" },
    { name: "an infinite float", base: "/3303/0/5700", hex: "f9 7c00" },
    { name: "an integer beyond 63 bits", base: "/4000/0/1", hex: "1b 8000000000000000" },
    { name: "a negative unsigned integer", base: "/4000/0/2", hex: "20" },
    { name: "a time without its tag", base: "/3/0/13", hex: "1a 514b67b0" },
    { name: "a time with a tag of its own", base: "/3/0/13", hex: "c2 1a 514b67b0" },
    { name: "a time with a fraction", base: "/3/0/13", hex: "c1 fb 41d452d9ec200000" },
    { name: "a boolean written as a number", base: "/3306/0/5850", hex: "01" },
    { name: "null", base: "/3/0/0", hex: "f6" },
    { name: "a string written as octets", base: "/3/0/0", hex: "44 49455446" },
    { name: "octets written as text", base: "/4000/0/5", hex: "64 49455446" },
    { name: "a tagged string", base: "/3/0/0", hex: "c0 64 49455446" },
    { name: "an array", base: "/3/0/9", hex: "81 01" },
    { name: "two items", base: "/3/0/9", hex: "01 02" },
    { name: "no item", base: "/3/0/9", hex: "" },
    { name: "an Object Link that is none", base: "/4000/0/7", hex: "61 33" },
  ],
});

describe("CBOR", () => {
  it("never writes a float as an integer, nor an integer as a float", () => {
    for (const value of [0, 1, 22, -22, 255, 65_504, 1_000_000, 2 ** 40]) {
      const major = (type: Node["type"]): number =>
        cborValue.encode([{ path: zooPath(type), type, value }], zooPath(type))[0]! >> 5;
      expect(major("float"), `float ${value}`).toBe(7);
      expect(major("integer"), `integer ${value}`).toBeLessThan(2);
      expect(toHex(cborValue.encode([{ path: zooPath("time"), type: "time", value }], zooPath("time")))).toMatch(/^c1/);
    }
  });
});
