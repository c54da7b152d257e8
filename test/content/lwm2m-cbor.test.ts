import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { lwm2mCbor } from "../../src/content/lwm2m-cbor.ts";
import type { Node } from "../../src/content/node.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node, TYPES, zooInstance, zooPath } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";

const hexOf = (text: string): string => Buffer.from(text).toString("hex");

/** The Device Object Instance as nested maps, Resources 6, 7, 8 and 11 with Instances (LwM2M Core 1.2 §7.4.7). */
const DEVICE_RESOURCES = [
  "ad",
  `00 74 ${hexOf("Open Mobile Alliance")} 01 76 ${hexOf("Lightweight M2M Client")} 02 69 ${hexOf("345000123")}`,
  `03 63 ${hexOf("1.0")} 06 a2 00 01 01 05 07 a2 00 190ed8 01 191388 08 a2 00 187d 01 190384`,
  `09 1864 0a 0f 0b a1 00 00 0d c1 1a5182428f 0e 66 ${hexOf("+02:00")} 10 61 55`,
].join(" ");

/** Bytes that public test suites of other clients pin down, with Object 4000 for their 13. */
const ZOO = "190fa0";

codecContract("LwM2M CBOR", {
  codec: lwm2mCbor,
  vectors: [
    {
      name: "the Device example of the specification",
      base: "/3/0",
      hex: `a1 82 03 00 ${DEVICE_RESOURCES}`,
      nodes: deviceExample,
    },
    {
      name: "one Resource",
      base: "/4000/26/1",
      hex: `a1 83 ${ZOO} 181a 01 182a`,
      nodes: [node("/4000/26/1", 42)],
    },
    {
      name: "one Resource of the root",
      base: "/",
      hex: "a1 83 190ce4 00 191644 f94d80",
      nodes: [node("/3300/0/5700", 22)],
    },
    {
      name: "two Resources of one Instance",
      base: "/4000/26",
      hex: `a1 82 ${ZOO} 181a a2 01 182a 02 15`,
      nodes: [node("/4000/26/1", 42), node("/4000/26/2", 21)],
    },
    {
      name: "Resource Instances beside a Resource",
      base: "/4000/26",
      hex: `a1 82 ${ZOO} 181a a2 01 182a 1867 a2 15 fb40516b851eb851ec 1825 f93c00`,
      nodes: [node("/4000/26/1", 42), node("/4000/26/103/21", 69.68), node("/4000/26/103/37", 1)],
    },
    {
      name: "one Instance of a Resource",
      base: "/3/0/7",
      hex: "a1 84 03 00 07 02 190ed8",
      nodes: [node("/3/0/7/2", 3800)],
    },
    {
      name: "several Instances of an Object",
      base: "/3303",
      hex: "a1 190ce7 a2 00 a1 191644 f93c00 01 a1 191644 f94000",
      nodes: [node("/3303/0/5700", 1), node("/3303/1/5700", 2)],
    },
    {
      name: "several Objects",
      base: "/",
      hex: "a2 03 a1 00 a1 09 1850 190ce7 a1 00 a1 191644 f94d80",
      nodes: [node("/3/0/9", 80), node("/3303/0/5700", 22)],
    },
    { name: "nothing", base: "/3303", hex: "a0", nodes: [] },
    {
      name: "a Time with its tag",
      base: "/3/0/13",
      hex: "a1 83 03 00 0d c1 1a5182428f",
      nodes: [node("/3/0/13", 1_367_491_215)],
    },
    {
      name: "an Object Link",
      base: "/4000/0/7",
      hex: `a1 83 ${ZOO} 00 07 65 ${hexOf("12:34")}`,
      nodes: [node("/4000/0/7", { object: 12, instance: 34 })],
    },
    {
      name: "the greatest numbers there are",
      base: "/4000/65534/107/65534",
      hex: `a1 84 ${ZOO} 19fffe 186b 19fffe 6b ${hexOf("65534:65534")}`,
      nodes: [node("/4000/65534/107/65534", { object: 65_534, instance: 65_534 })],
    },
    // What others write.
    ...[
      ["maps within maps", "/4000/26/1", `a1 ${ZOO} a1 181a a1 01 182a`],
      ["arrays of one number", "/4000/26/1", `a1 81 ${ZOO} a1 81 181a a1 81 01 182a`],
      ["a map and an array without lengths", "/4000/26/1", `bf 9f ${ZOO} 181a 01 ff 182a ff`],
      ["no length anywhere", "/4000", `bf 9f ${ZOO} ff bf 9f 181a ff bf 9f 01 ff 182a ff ff ff`],
      [
        "numbers in more bytes than they need",
        "/4000",
        `b90001 1a00000fa0 a1 9a00000002 19001a 1801 1b000000000000002a`,
      ],
    ].map(([name, base, hex]) => ({
      name: name!,
      base: base!,
      hex: hex!,
      nodes: [node("/4000/26/1", 42)],
      readOnly: true,
    })),
    ...[
      ["paths in full", `a2 83 ${ZOO} 181a 01 182a 83 ${ZOO} 181a 02 15`],
      ["a map beside a path", `a2 82 ${ZOO} 181a a1 01 182a 83 ${ZOO} 181a 02 15`],
      ["a path beside a map", `a2 83 ${ZOO} 181a 01 182a 82 ${ZOO} 181a a1 81 02 15`],
    ].map(([name, hex]) => ({
      name: name!,
      base: "/4000/26",
      hex: hex!,
      nodes: [node("/4000/26/1", 42), node("/4000/26/2", 21)],
      readOnly: true,
    })),
    {
      name: "octets in pieces",
      base: "/4000/26/5",
      hex: `a1 83 ${ZOO} 181a 05 5f 42 0011 42 2233 ff`,
      nodes: [node("/4000/26/5", Uint8Array.of(0, 0x11, 0x22, 0x33))],
      readOnly: true,
    },
    {
      name: "a decimal fraction",
      base: "/4000/26",
      hex: `a1 81 ${ZOO} a1 81 181a a1 81 1867 a1 81 02 c4 82 20 182d`,
      nodes: [node("/4000/26/103/2", 4.5)],
      readOnly: true,
    },
    {
      name: "a Time without its tag",
      base: "/3/0",
      hex: "a1 83 03 00 0d 1a5182428f",
      nodes: [node("/3/0/13", 1_367_491_215)],
      readOnly: true,
    },
    { name: "an Instance without Resources", base: "/", hex: "a1 82 03 00 a0", nodes: [], readOnly: true },
  ],
  refusals: [
    { name: "nothing at all", base: "/3/0", hex: "" },
    { name: "a number", base: "/3/0", hex: "00" },
    { name: "an array", base: "/3/0", hex: "84 01 02 03 04" },
    { name: "two maps", base: "/3/0", hex: "a0 a0" },
    { name: "a map cut off", base: "/3/0", hex: "a1 82 03 00 a1" },
    { name: "a map without its end", base: "/3/0", hex: "bf 83 03 00 09 05" },
    { name: "an array without its end", base: "/3/0", hex: "a1 9f 03 00 09" },
    { name: "an identifier of five digits too many", base: "/", hex: `a1 82 ${ZOO} 181a a1 1a00010000 05` },
    { name: "the same in an array", base: "/", hex: `a1 83 ${ZOO} 181a 1a00010000 05` },
    { name: "the reserved identifier", base: "/", hex: "a1 83 03 19ffff 09 05" },
    { name: "a negative identifier", base: "/", hex: "a1 83 03 20 09 05" },
    { name: "an identifier of 64 bits", base: "/", hex: "a1 83 03 1bffffffffffffffff 09 05" },
    { name: "an array of five numbers", base: "/", hex: `a1 85 ${ZOO} 181a 03 04 05 05` },
    { name: "a fifth level", base: "/", hex: `a1 ${ZOO} a1 181a a1 1865 a1 02 a1 03 04` },
    { name: "two numbers below a Resource", base: "/", hex: `a1 83 ${ZOO} 181a 1865 a1 82 02 03 05` },
    { name: "a key without numbers", base: "/", hex: "a1 80 a1 82 03 00 05" },
    { name: "a key without numbers and without length", base: "/", hex: "a1 9f ff 05" },
    { name: "a key that is text", base: "/", hex: `a1 03 a1 61 ${hexOf("0")} a1 09 05` },
    { name: "a key that is a path in text", base: "/", hex: `a1 66 ${hexOf("/3/0/9")} 05` },
    { name: "a key that is a float", base: "/", hex: "a1 83 03 f90000 09 05" },
    { name: "a prefix of a gateway", base: "/", hex: `a1 84 64 ${hexOf("dev1")} 03 00 09 05` },
    { name: "a path outside of the base", base: "/3/1", hex: "a1 83 03 00 09 05" },
    { name: "another Object than asked for", base: "/14", hex: "a1 83 03 00 09 05" },
    { name: "the value of an Object Instance", base: "/", hex: "a1 82 03 00 05" },
    { name: "the value of a multiple Resource", base: "/3/0", hex: "a1 83 03 00 06 05" },
    { name: "an Instance of a single Resource", base: "/3/0", hex: "a1 84 03 00 09 00 05" },
    { name: "an unknown Resource", base: "/3/0", hex: "a1 83 03 00 19270f 05" },
    { name: "an array for a value", base: "/3/0", hex: "a1 82 03 00 a1 06 82 01 05" },
    { name: "null for a value", base: "/3/0", hex: "a1 83 03 00 09 f6" },
    { name: "a path twice", base: "/3/0", hex: "a2 83 03 00 09 05 83 03 00 09 06" },
    { name: "a path twice in two forms", base: "/3/0", hex: "a2 83 03 00 09 05 82 03 00 a1 09 05" },
    { name: "a float written as an integer", base: "/3303", hex: "a1 83 190ce7 00 191644 16" },
    { name: "a float that is not a number", base: "/3303", hex: "a1 83 190ce7 00 191644 f97e00" },
    { name: "a decimal fraction of one", base: "/3303", hex: "a1 83 190ce7 00 191644 c4 81 01" },
    { name: "an endless decimal fraction", base: "/3303", hex: "a1 83 190ce7 00 191644 c4 82 1b7fffffffffffffff 01" },
    { name: "an integer written as a float", base: "/3/0", hex: "a1 83 03 00 09 f95640" },
    { name: "a negative unsigned integer", base: "/4000", hex: `a1 83 ${ZOO} 00 02 20` },
    { name: "a number for a boolean", base: "/4000", hex: `a1 83 ${ZOO} 00 04 01` },
    { name: "text for octets", base: "/4000", hex: `a1 83 ${ZOO} 00 05 61 41` },
    { name: "octets for text", base: "/4000", hex: `a1 83 ${ZOO} 00 00 41 41` },
    { name: "a Time with another tag", base: "/3/0", hex: "a1 83 03 00 0d c2 1a5182428f" },
    { name: "a Time as a float", base: "/3/0", hex: "a1 83 03 00 0d c1 f93c00" },
    { name: "an Object Link that is none", base: "/4000", hex: `a1 83 ${ZOO} 00 07 61 33` },
    { name: "text that is not UTF-8", base: "/3/0", hex: "a1 83 03 00 00 62 fffe" },
  ],
});

describe("LwM2M CBOR", () => {
  it("has no times, and says so", () => {
    const bytes = (): Uint8Array => lwm2mCbor.encode([node("/3303/0/5700", 1, 1_320_067_464)], at("/3303"));
    expect(bytes).toThrow(new RangeError("/3303/0/5700: LwM2M CBOR has no times"));
  });

  it("brings values into order, and refuses a path that comes twice or is two things", () => {
    const [a, b, c] = [node("/3303/1/5700", 1), node("/3303/0/5701", "Cel"), node("/3303/0/5700", 2)];
    expect(lwm2mCbor.encode([a, b, c], at("/3303"))).toEqual(lwm2mCbor.encode([c, b, a], at("/3303")));
    expect(() => lwm2mCbor.encode([a, c, a], at("/3303"))).toThrow(RangeError);
    const both: Node[] = [
      { path: at("/3/0/9"), type: "integer", value: 1 },
      { path: at("/3/0/9/0"), type: "integer", value: 1 },
    ];
    expect(() => lwm2mCbor.encode(both, at("/3/0"))).toThrow("/3/0/9: both a value and Instances");
  });

  it("carries every type, single and multiple, over several Instances of an Object", () => {
    const values = ["a", 1, 2, 22, true, Uint8Array.of(1), 1_367_491_215, { object: 3, instance: 0 }, "</3>"];
    const nodes = [0, 1, 300].flatMap((instance) => [
      ...TYPES.map((type, i): Node => ({ path: zooPath(type, instance), type, value: values[i]! })),
      ...TYPES.map((type, i): Node => ({ path: zooInstance(type, 9, instance), type, value: values[i]! })),
    ]);
    const bytes = lwm2mCbor.encode(nodes, at("/4000"));
    expect(lwm2mCbor.decode(bytes, at("/"), modelOf)).toEqual(nodes);
  });

  it("is the shorter of the structured formats for a sensor", () => {
    const nodes = [node("/3303/0/5700", 21.5), node("/3303/0/5701", "Cel")];
    expect(toHex(lwm2mCbor.encode(nodes, at("/3303/0")))).toBe("a182190ce700a2191644f94d601916456343656c");
  });

  it("says where it stopped", () => {
    const decode = (hex: string) => () => lwm2mCbor.decode(fromHex(hex), at("/"), modelOf);
    expect(decode("a1 83 03 00 09 63 66756c")).toThrow("/3/0/9: not a valid integer as LwM2M CBOR");
    expect(decode("a1 82 03 00 a1 63 61 62 63 05")).toThrow("a key below /3/0 that is no number at byte 5");
    expect(decode("a1 83 03 19ffff 09 05")).toThrow("65535 below /3 is no identifier at byte 6");
    expect(decode("a2 83 03 00 09 05 83 03 00 09 05")).toThrow("/3/0/9: more than once");
  });
});
