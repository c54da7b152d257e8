import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import type { Node } from "../../src/content/node.ts";
import { tlv } from "../../src/content/tlv.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node, zooPath } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";

/** LwM2M Core 1.1 §7.4.3, example of a single Object Instance request. */
const DEVICE = `
  C80014 4F70656E204D6F62696C6520416C6C69616E6365
  C80116 4C69676874776569676874204D324D20436C69656E74
  C80209 333435303030313233
  C303 312E30
  8606 410001 410105
  880708 42000ED8 42011388
  8708 41007D 42010384
  C109 64
  C10A 0F
  830B 410000
  C40D 5182428F
  C60E 2B30323A3030
  C110 55`;

/** The same document's multiple Object Instances of Access Control. */
const ACCESS_CONTROL = `
  08000E C10001 C10100 8302417F07 C1037F
  080212 C10003 C10100 8702 41 7F 07 61 0136 01 C1037F`;

codecContract("TLV", {
  codec: tlv,
  vectors: [
    { name: "the Device example of the specification", base: "/3/0", hex: DEVICE, nodes: deviceExample },
    { name: "the same with its Object Instance", base: "/3", hex: `080079 ${DEVICE}`, nodes: deviceExample },
    {
      name: "the same with the Instance that was named already",
      base: "/3/0",
      hex: `080079 ${DEVICE}`,
      nodes: deviceExample,
      readOnly: true,
    },
    {
      name: "the Access Control example, with a 16-bit identifier",
      base: "/2",
      hex: ACCESS_CONTROL,
      nodes: [
        ...[node("/2/0/0", 1), node("/2/0/1", 0), node("/2/0/2/127", 7), node("/2/0/3", 127)],
        ...[node("/2/2/0", 3), node("/2/2/1", 0), node("/2/2/2/127", 7), node("/2/2/2/310", 1), node("/2/2/3", 127)],
      ],
    },
    {
      name: "the manufacturer alone",
      base: "/3/0/0",
      hex: "C80014 4F70656E204D6F62696C6520416C6C69616E6365",
      nodes: [node("/3/0/0", "Open Mobile Alliance")],
    },
    {
      name: "a whole float in four bytes",
      base: "/3303/0/5700",
      hex: "E41644 41B00000",
      nodes: [node("/3303/0/5700", 22)],
    },
    {
      name: "a float that needs eight",
      base: "/3303/0/5700",
      hex: "E8164408 40365EB851EB851F",
      nodes: [node("/3303/0/5700", 22.37)],
    },
    { name: "a boolean", base: "/3306/0/5850", hex: "E116DA 01", nodes: [node("/3306/0/5850", true)] },
    {
      name: "an Object Link",
      base: "/4000/0/7",
      hex: "C407 00430002",
      nodes: [node("/4000/0/7", { object: 67, instance: 2 })],
    },
    {
      name: "a multiple Resource",
      base: "/3/0/6",
      hex: "8606 410001 410105",
      nodes: [node("/3/0/6/0", 1), node("/3/0/6/1", 5)],
    },
    { name: "a Resource Instance", base: "/3/0/6/1", hex: "410105", nodes: [node("/3/0/6/1", 5)] },
    {
      name: "an integer of 64 bits",
      base: "/4000/0/1",
      hex: "C80108 8000000000000000",
      nodes: [node("/4000/0/1", -(2n ** 63n))],
    },
    {
      name: "an unsigned integer whose top bit would look like a sign",
      base: "/4000/0/2",
      hex: "C202 00C8",
      nodes: [node("/4000/0/2", 200)],
    },
    { name: "nothing", base: "/3/0", hex: "", nodes: [] },
    // Without the outer header, or with more of it than the path asked for.
    {
      name: "Resource Instances without their Resource",
      base: "/3/0/6",
      hex: "410001 410105",
      nodes: [node("/3/0/6/0", 1), node("/3/0/6/1", 5)],
      readOnly: true,
    },
    {
      name: "a Resource inside its Object Instance",
      base: "/3/0/9",
      hex: "0300 C10964",
      nodes: [node("/3/0/9", 100)],
      readOnly: true,
    },
    {
      name: "a Resource Instance inside its Resource",
      base: "/3/0/6/1",
      hex: "8306 410105",
      nodes: [node("/3/0/6/1", 5)],
      readOnly: true,
    },
    {
      name: "an unsigned integer with its top bit set",
      base: "/4000/0/2",
      hex: "C102 C8",
      nodes: [node("/4000/0/2", 200)],
      readOnly: true,
    },
    {
      name: "an identifier of 16 bits that needs 8",
      base: "/3/0/9",
      hex: "E10009 64",
      nodes: [node("/3/0/9", 100)],
      readOnly: true,
    },
    {
      name: "a length of 24 bits that needs 3",
      base: "/3/0/9",
      hex: "D809 000001 64",
      nodes: [node("/3/0/9", 100)],
      readOnly: true,
    },
    {
      name: "an integer in more bytes than it needs",
      base: "/3/0/9",
      hex: "C409 00000064",
      nodes: [node("/3/0/9", 100)],
      readOnly: true,
    },
    { name: "an empty Object Instance", base: "/3", hex: "0000", nodes: [], readOnly: true },
  ],
  refusals: [
    { name: "a type byte alone", base: "/3/0", hex: "C1" },
    { name: "half an identifier", base: "/3/0", hex: "E116" },
    { name: "half a length", base: "/3/0", hex: "D00900" },
    { name: "a value cut off", base: "/3/0", hex: "C40D 518242" },
    { name: "a length that is not there", base: "/3/0", hex: "D809 FFFFFF 64" },
    { name: "an inner entry that reaches beyond the outer one", base: "/3", hex: "0300 C20964 0A 0301 C10A0F" },
    { name: "a Resource where an Object Instance belongs", base: "/3", hex: "C10964" },
    { name: "Objects, which have no entry", base: "/", hex: "0300 C10964" },
    { name: "another Object Instance than was asked for", base: "/3/0", hex: "0301 C10964" },
    { name: "another Resource than was asked for", base: "/3/0/9", hex: "C10A0F" },
    { name: "another Resource inside the right Instance", base: "/3/0/9", hex: "0300 C10A0F" },
    { name: "another Resource Instance than was asked for", base: "/3/0/6/1", hex: "410001" },
    { name: "a Resource where its Instance was asked for", base: "/3/0/6/1", hex: "C10605" },
    { name: "an Object Instance inside another", base: "/3", hex: "0500 0300C10964" },
    { name: "a Resource Instance without a Resource", base: "/3/0", hex: "410001" },
    { name: "a Resource inside a multiple Resource", base: "/3/0", hex: "8306 C10001" },
    { name: "a single value for a multiple Resource", base: "/3/0", hex: "C10601" },
    { name: "several values for a single Resource", base: "/3/0", hex: "8309 410064" },
    { name: "the reserved identifier", base: "/3", hex: "23FFFF C10964" },
    { name: "a float of one byte", base: "/3303/0/5700", hex: "E1164416" },
    { name: "a float that is not a number", base: "/3303/0/5700", hex: "E41644 7FC00000" },
    { name: "an integer of three bytes", base: "/3/0/9", hex: "C309 000064" },
    { name: "an integer of no bytes", base: "/3/0/9", hex: "C009" },
    { name: "an unsigned integer of five bytes", base: "/4000/0/2", hex: "C502 0000000001" },
    { name: "a boolean of 2", base: "/3306/0/5850", hex: "E116DA02" },
    { name: "a boolean of two bytes", base: "/3306/0/5850", hex: "E216DA0001" },
    { name: "an Object Link of two bytes", base: "/4000/0/7", hex: "C2070043" },
    { name: "a string that is not UTF-8", base: "/3/0/0", hex: "C200FFFE" },
    { name: "an unknown Resource", base: "/3/0", hex: "E1270F00" },
  ],
});

describe("TLV", () => {
  it("writes nodes in ascending order, however they come", () => {
    const shuffled = [...deviceExample].reverse();
    expect(toHex(tlv.encode(shuffled, at("/3/0")))).toBe(toHex(tlv.encode(deviceExample, at("/3/0"))));
    const two = [node("/3303/1/5700", 2), node("/3303/0/5700", 1), node("/3303/1/5601", 0)];
    expect(tlv.decode(tlv.encode(two, at("/3303")), at("/3303"), modelOf)).toEqual([two[1], two[2], two[0]]);
  });

  it("refuses the same path twice, because it has no times to tell them apart", () => {
    const twice = [node("/3303/0/5700", 1, 1_700_000_000), node("/3303/0/5700", 2, 1_700_000_010)];
    expect(() => tlv.encode(twice, at("/3303/0/5700"))).toThrow(RangeError);
  });

  it("refuses several Objects in one payload", () => {
    expect(() => tlv.encode([node("/3/0/9", 1), node("/3303/0/5700", 1)], at("/"))).toThrow(RangeError);
  });

  it("refuses a path that is no Resource", () => {
    const odd: Node = { path: at("/3/0"), type: "integer", value: 1 };
    expect(() => tlv.encode([odd], at("/3/0"))).toThrow(RangeError);
  });

  it("uses each form of length where it begins", () => {
    for (const [length, header] of [
      [7, "c7 00"],
      [8, "c8 00 08"],
      [255, "c8 00 ff"],
      [256, "d0 00 0100"],
      [65_535, "d0 00 ffff"],
      [65_536, "d8 00 010000"],
    ] as const) {
      const value = "x".repeat(length);
      const bytes = tlv.encode([{ path: zooPath("string"), type: "string", value }], zooPath("string"));
      expect(toHex(bytes.subarray(0, bytes.length - length))).toBe(toHex(fromHex(header)));
    }
  });

  it("puts long headers before nested content of every length", () => {
    for (const count of [1, 2, 3, 50, 300, 20_000]) {
      const nodes = Array.from({ length: count }, (_, i): Node => node(`/4000/0/103/${i}`, i + 0.1));
      for (const base of ["/4000", "/4000/0", "/4000/0/103"]) {
        const bytes = tlv.encode(nodes, at(base));
        expect(tlv.decode(bytes, at(base), modelOf)).toEqual(nodes);
      }
    }
  });

  it("refuses what 24 bits of length cannot say", () => {
    const value = new Uint8Array(2 ** 24);
    expect(() => tlv.encode([{ path: zooPath("opaque"), type: "opaque", value }], zooPath("opaque"))).toThrow(
      RangeError,
    );
  });

  it("keeps each integer as short as its sign allows", () => {
    const length = (value: number): number => tlv.encode([node("/4000/0/1", value)], at("/4000/0/1")).length - 2;
    expect([127, -128, 128, -129, 32_767, 32_768, 2 ** 31 - 1].map(length)).toEqual([1, 1, 2, 2, 2, 4, 4]);
    // Eight bytes have a length byte of their own.
    expect([2 ** 31, -(2 ** 31) - 1].map(length)).toEqual([9, 9]);
  });

  it("says where it stopped and why", () => {
    expect(() => tlv.decode(fromHex("C10964 C40D 5182"), at("/3/0"), modelOf)).toThrow(
      new DecodeError("TLV: 4 bytes announced, 2 left at byte 5"),
    );
  });
});
