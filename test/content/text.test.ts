import { describe, expect, it } from "vitest";
import { text } from "../../src/content/text.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node, zooPath } from "../support/codec-models.ts";

codecContract("plain text", {
  codec: text,
  vectors: [
    { name: "a string", base: "/3/0/0", text: "Open Mobile Alliance", nodes: [node("/3/0/0", "Open Mobile Alliance")] },
    { name: "an empty string", base: "/3/0/15", text: "", nodes: [node("/3/0/15", "")] },
    { name: "a whole float with its point", base: "/3303/0/5700", text: "22.0", nodes: [node("/3303/0/5700", 22)] },
    { name: "a float", base: "/3303/0/5700", text: "-0.5", nodes: [node("/3303/0/5700", -0.5)] },
    {
      name: "a small float without exponent",
      base: "/3303/0/5700",
      text: "0.00000012",
      nodes: [node("/3303/0/5700", 1.2e-7)],
    },
    {
      name: "a large float without exponent",
      base: "/3303/0/5700",
      text: "1500000000000000000000.0",
      nodes: [node("/3303/0/5700", 1.5e21)],
    },
    { name: "an integer", base: "/3/0/9", text: "100", nodes: [node("/3/0/9", 100)] },
    {
      name: "an integer that no double holds",
      base: "/4000/0/1",
      text: "-9223372036854775808",
      nodes: [node("/4000/0/1", -(2n ** 63n))],
    },
    {
      name: "an unsigned integer of 64 bits",
      base: "/4000/0/2",
      text: "18446744073709551615",
      nodes: [node("/4000/0/2", 2n ** 64n - 1n)],
    },
    { name: "true as 1", base: "/3306/0/5850", text: "1", nodes: [node("/3306/0/5850", true)] },
    { name: "false as 0", base: "/3306/0/5850", text: "0", nodes: [node("/3306/0/5850", false)] },
    { name: "a time as seconds", base: "/3/0/13", text: "1367491215", nodes: [node("/3/0/13", 1_367_491_215)] },
    {
      name: "octets as base64",
      base: "/4000/0/5",
      text: "+/8AAQ==",
      nodes: [node("/4000/0/5", Uint8Array.of(0xfb, 0xff, 0, 1))],
    },
    { name: "an Object Link", base: "/4000/0/7", text: "3:0", nodes: [node("/4000/0/7", { object: 3, instance: 0 })] },
    { name: "a Resource Instance", base: "/3/0/11/0", text: "8", nodes: [node("/3/0/11/0", 8)] },
    {
      name: "a float without a point",
      base: "/3303/0/5700",
      text: "22",
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
    {
      name: "a float with an exponent",
      base: "/3303/0/5700",
      text: "1.5E-3",
      nodes: [node("/3303/0/5700", 0.0015)],
      readOnly: true,
    },
    { name: "an integer with leading zeros", base: "/3/0/9", text: "007", nodes: [node("/3/0/9", 7)], readOnly: true },
  ],
  refusals: [
    { name: "an integer with a fraction", base: "/3/0/9", text: "22.0" },
    { name: "an integer with an exponent", base: "/3/0/9", text: "1e2" },
    { name: "an integer with a plus sign", base: "/3/0/9", text: "+7" },
    { name: "an integer with blanks", base: "/3/0/9", text: " 7" },
    { name: "an integer in hex", base: "/3/0/9", text: "0x10" },
    { name: "an integer beyond 64 bits", base: "/3/0/9", text: "9223372036854775808" },
    { name: "an integer of a thousand digits", base: "/3/0/9", text: "9".repeat(1_000) },
    { name: "nothing as an integer", base: "/3/0/9", text: "" },
    { name: "a negative unsigned integer", base: "/4000/0/2", text: "-1" },
    { name: "a decimal comma", base: "/3303/0/5700", text: "22,5" },
    { name: "a float that is not finite", base: "/3303/0/5700", text: "NaN" },
    { name: "infinity by name", base: "/3303/0/5700", text: "Infinity" },
    { name: "infinity by size", base: "/3303/0/5700", text: "1e999" },
    { name: "a lone point", base: "/3303/0/5700", text: "." },
    { name: "nothing as a float", base: "/3303/0/5700", text: "" },
    { name: "a boolean spelled out", base: "/3306/0/5850", text: "true" },
    { name: "a boolean of 2", base: "/3306/0/5850", text: "2" },
    { name: "an ISO date as a time", base: "/3/0/13", text: "2013-05-02T10:40:15Z" },
    { name: "octets that are not base64", base: "/4000/0/5", text: "not base64!" },
    { name: "base64 cut short", base: "/4000/0/5", text: "AAEC=" },
    { name: "an Object Link without a colon", base: "/4000/0/7", text: "30" },
    { name: "an Object Link out of bounds", base: "/4000/0/7", text: "65536:0" },
    { name: "a string that is not UTF-8", base: "/3/0/0", hex: "ff fe" },
    { name: "half a character", base: "/3/0/0", hex: "41 c3" },
    { name: "a Resource of several Instances as one", base: "/3/0/11", text: "0" },
    { name: "an Instance of a Resource that has none", base: "/3/0/9/0", text: "0" },
  ],
});

describe("plain text", () => {
  it("keeps a byte order mark, which is part of the string", () => {
    expect(text.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), at("/3/0/0"), modelOf)).toEqual([
      node("/3/0/0", "\ufeffA"),
    ]);
  });

  it("writes no exponent and no comma, whatever the float", () => {
    const path = zooPath("float");
    for (let exponent = -320; exponent <= 308; exponent += 4) {
      const value = 1.2345 * 10 ** exponent;
      const written = Buffer.from(text.encode([{ path, type: "float", value }], path)).toString();
      expect(written).toMatch(/^\d+\.\d+$/);
      expect(Number(written)).toBe(value);
    }
  });
});
