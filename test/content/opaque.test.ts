import { describe, expect, it } from "vitest";
import { opaque } from "../../src/content/opaque.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node } from "../support/codec-models.ts";

codecContract("opaque", {
  codec: opaque,
  types: ["opaque"],
  vectors: [
    {
      name: "octets",
      base: "/4000/0/5",
      hex: "00 ff 80 7f",
      nodes: [node("/4000/0/5", Uint8Array.of(0, 255, 128, 127))],
    },
    { name: "no octets at all", base: "/4000/0/5", hex: "", nodes: [node("/4000/0/5", new Uint8Array())] },
    {
      name: "one Instance of several",
      base: "/4000/0/105/3",
      hex: "01",
      nodes: [node("/4000/0/105/3", Uint8Array.of(1))],
    },
  ],
  refusals: [
    { name: "a string as octets", base: "/3/0/0", text: "Open Mobile Alliance" },
    { name: "a float as octets", base: "/3303/0/5700", hex: "41 b0 00 00" },
    { name: "several Instances at once", base: "/4000/0/105", hex: "01" },
  ],
});

describe("opaque", () => {
  it("does not write a string, which servers would refuse", () => {
    expect(() => opaque.encode([node("/3/0/0", "text")], at("/3/0/0"))).toThrow(RangeError);
  });

  it("hands out a copy, not the value in the tree", () => {
    const value = Uint8Array.of(1, 2, 3);
    opaque.encode([node("/4000/0/5", value)], at("/4000/0/5")).fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("names the Resource and its type when it refuses", () => {
    expect(() => opaque.decode(Uint8Array.of(1), at("/3/0/0"), modelOf)).toThrow(
      "/3/0/0: not a valid string as octets",
    );
  });
});
