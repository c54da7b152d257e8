import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { Node } from "../../src/content/node.ts";
import { senmlCbor } from "../../src/content/senml-cbor.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node, TYPES, zooPath } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";

const hexOf = (text: string): string => toHex(new TextEncoder().encode(text));
const T = 1_320_067_464;
const T_HEX = "1a4eaea188";

/** The Device example of LwM2M Core 1.1 §7.4.5, record by record. */
const DEVICE = `90
  a3 21 65 2f332f302f 00 61 30 03 74 ${hexOf("Open Mobile Alliance")}
  a2 00 61 31 03 76 ${hexOf("Lightweight M2M Client")}
  a2 00 61 32 03 69 ${hexOf("345000123")}
  a2 00 61 33 03 63 ${hexOf("1.0")}
  a2 00 63 362f30 02 01
  a2 00 63 362f31 02 05
  a2 00 63 372f30 02 19 0ed8
  a2 00 63 372f31 02 19 1388
  a2 00 63 382f30 02 18 7d
  a2 00 63 382f31 02 19 0384
  a2 00 61 39 02 18 64
  a2 00 62 3130 02 0f
  a2 00 64 31312f30 02 00
  a2 00 62 3133 02 1a 5182428f
  a2 00 62 3134 03 66 ${hexOf("+02:00")}
  a2 00 62 3136 03 61 55`;

const BN = `21 6c ${hexOf("/3303/0/5700")}`;
const N9 = `00 66 ${hexOf("/3/0/9")}`;

codecContract("SenML CBOR", {
  codec: senmlCbor,
  vectors: [
    { name: "the Device example of the specification", base: "/3/0", hex: DEVICE, nodes: deviceExample },
    {
      name: "one Resource, its whole value a float",
      base: "/3303/0/5700",
      hex: `81 a2 ${BN} 02 f94d80`,
      nodes: [node("/3303/0/5700", 22)],
    },
    { name: "an empty pack", base: "/3303/0", hex: "80", nodes: [] },
    { name: "values of the root", base: "/", hex: `81 a2 ${N9} 02 18 50`, nodes: [node("/3/0/9", 80)] },
    {
      name: "a boolean",
      base: "/3306/0/5850",
      hex: `81 a2 21 6c ${hexOf("/3306/0/5850")} 04 f5`,
      nodes: [node("/3306/0/5850", true)],
    },
    {
      name: "octets",
      base: "/4000/0/5",
      hex: `81 a2 21 69 ${hexOf("/4000/0/5")} 08 42 0001`,
      nodes: [node("/4000/0/5", Uint8Array.of(0, 1))],
    },
    {
      name: "an Object Link",
      base: "/4000/0/7",
      hex: `81 a2 21 69 ${hexOf("/4000/0/7")} 63 766c6f 64 36363a33`,
      nodes: [node("/4000/0/7", { object: 66, instance: 3 })],
    },
    {
      name: "one time for all",
      base: "/3303/0",
      hex: `82 a4 21 68 ${hexOf("/3303/0/")} 22 ${T_HEX} 00 64 ${hexOf("5700")} 02 f94d80 a2 00 64 ${hexOf("5601")} 02 f93e00`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5601", 1.5, T)],
    },
    {
      name: "a history",
      base: "/3303/0/5700",
      hex: `83 a3 ${BN} 22 ${T_HEX} 02 f94d80 a2 06 24 02 f94d60 a2 06 f93800 02 f94dd0`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5700", 21.5, T - 5), node("/3303/0/5700", 23.25, T + 0.5)],
    },
    {
      // The difference of the two doubles is 0.12400007247924805; the time says 124 ms.
      name: "a history in milliseconds, with no digits that they do not have",
      base: "/3303/0/5700",
      hex: `82 a4 ${BN} 22 ${T_HEX} 06 fb3fbfbe76c8b43958 02 f94d80 a2 06 fb3ff199999999999a 02 f94d60`,
      nodes: [node("/3303/0/5700", 22, T + 0.124), node("/3303/0/5700", 21.5, T + 1.1)],
    },
    {
      name: "times of some values only",
      base: "/3303/0",
      hex: `82 a4 21 68 ${hexOf("/3303/0/")} 00 64 ${hexOf("5700")} 06 ${T_HEX} 02 f94d80 a2 00 64 ${hexOf("5601")} 02 f93e00`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5601", 1.5)],
    },
    {
      name: "arrays and maps without lengths",
      base: "/3/0",
      hex: `9f bf ${N9} 02 05 ff ff`,
      nodes: [node("/3/0/9", 5)],
      readOnly: true,
    },
    {
      name: "a whole number as a float",
      base: "/3303/0/5700",
      hex: `81 a2 ${BN} 02 16`,
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
    {
      name: "the value before the name",
      base: "/3/0",
      hex: `81 a2 02 05 ${N9}`,
      nodes: [node("/3/0/9", 5)],
      readOnly: true,
    },
    {
      name: "a base value",
      base: "/3303/0/5700",
      hex: `82 a3 ${BN} 24 14 02 f94100 a1 02 f9be00`,
      nodes: [node("/3303/0/5700", 22.5), node("/3303/0/5700", 18.5)],
      readOnly: true,
    },
    {
      name: "a Time with its tag",
      base: "/3/0",
      hex: `81 a2 00 67 ${hexOf("/3/0/13")} 02 c1 ${T_HEX}`,
      nodes: [node("/3/0/13", T)],
      readOnly: true,
    },
    {
      name: "units and labels it need not know",
      base: "/3/0",
      hex: `81 a6 20 0a 01 63 ${hexOf("Cel")} ${N9} 02 05 1863 82 01 02 61 78 f6`,
      nodes: [node("/3/0/9", 5)],
      readOnly: true,
    },
    {
      name: "an integer of 64 bits",
      base: "/4000/0/1",
      hex: `81 a2 00 69 ${hexOf("/4000/0/1")} 02 1b 0020000000000001`,
      nodes: [node("/4000/0/1", 9_007_199_254_740_993n)],
      readOnly: true,
    },
  ],
  refusals: [
    { name: "nothing", base: "/3/0", hex: "" },
    { name: "one map instead of a pack", base: "/3/0", hex: `a2 ${N9} 02 05` },
    { name: "two packs", base: "/3/0", hex: `81 a2 ${N9} 02 05 80` },
    { name: "a pack cut off", base: "/3/0", hex: `82 a2 ${N9} 02 05` },
    { name: "labels spelled out", base: "/3/0", hex: `81 a2 61 6e 66 ${hexOf("/3/0/9")} 61 76 05` },
    { name: "a name without a leading slash", base: "/3/0", hex: `81 a2 00 65 ${hexOf("3/0/9")} 02 05` },
    { name: "a name outside of the base", base: "/3303/0", hex: `81 a2 ${N9} 02 05` },
    { name: "an integer written as a float", base: "/3/0", hex: `81 a2 ${N9} 02 f95640` },
    { name: "a float that is not a number", base: "/3303/0", hex: `81 a2 ${BN} 02 f97e00` },
    { name: "an integer too large to be an exact float", base: "/3303/0", hex: `81 a2 ${BN} 02 1b 0020000000000001` },
    { name: "a string for a number", base: "/3/0", hex: `81 a2 ${N9} 03 61 35` },
    { name: "a number as text", base: "/3/0", hex: `81 a2 ${N9} 02 61 35` },
    { name: "a number for a boolean", base: "/3306/0", hex: `81 a2 00 6c ${hexOf("/3306/0/5850")} 02 01` },
    { name: "octets as text", base: "/4000/0", hex: `81 a2 00 69 ${hexOf("/4000/0/5")} 08 62 4145` },
    { name: "two values", base: "/3/0", hex: `81 a3 ${N9} 02 05 02 06` },
    { name: "no value", base: "/3/0", hex: `81 a1 ${N9}` },
    { name: "null", base: "/3/0", hex: `81 a2 ${N9} 02 f6` },
    { name: "a Time with another tag", base: "/3/0", hex: `81 a2 00 67 ${hexOf("/3/0/13")} 02 c2 ${T_HEX}` },
    { name: "a later version", base: "/3/0", hex: `81 a3 20 0b ${N9} 02 05` },
    { name: "a label that must be understood", base: "/3/0", hex: `81 a3 ${N9} 02 05 62 785f 01` },
    { name: "a label that is an array", base: "/3/0", hex: `81 a3 ${N9} 02 05 80 01` },
    { name: "a time that is infinite", base: "/3/0", hex: `81 a3 ${N9} 02 05 06 f97c00` },
  ],
});

describe("SenML CBOR", () => {
  it("never writes a float as an integer", () => {
    for (const value of [0, 1, 22, -22, 100, 65_504, 2 ** 40]) {
      const bytes = senmlCbor.encode([{ path: zooPath("float"), type: "float", value }], zooPath("float"));
      // Behind the array, the map, the base name of nine characters and the label.
      expect(bytes[14]! >> 5, `float ${value}`).toBe(7);
    }
  });

  it("carries every type in one pack, under the label of its type", () => {
    const values = ["a", 1, 2, 22, true, Uint8Array.of(1), T, { object: 3, instance: 0 }, "</3>"];
    const nodes = TYPES.map((type, i): Node => ({ path: zooPath(type), type, value: values[i]! }));
    const bytes = senmlCbor.encode(nodes, at("/4000/0"));
    expect(senmlCbor.decode(bytes, at("/4000/0"), modelOf)).toEqual(nodes);
    expect(senmlCbor.decode(bytes, at("/"), modelOf)).toEqual(nodes);
  });

  it("keeps times exact to the last bit, whatever lies between them", () => {
    const times = [1_700_000_000.123, 1_700_000_000.124, 1_699_999_990.001, 1_800_000_000.999, 1_700_000_000];
    const nodes = times.map((time, i) => node("/3303/0/5700", i + 0.5, time));
    const read = senmlCbor.decode(senmlCbor.encode(nodes, at("/3303/0/5700")), at("/3303/0/5700"), modelOf);
    expect(read.map(({ time }) => time)).toEqual(times);
  });

  it("refuses a base name that is only the beginning of a number", () => {
    expect(() => senmlCbor.encode([node("/3303/0/5700", 1)], at("/330"))).toThrow(RangeError);
  });
});
