/** How Packs are planned and Records resolved, whatever the bytes around them (RFC 8428 §4). */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { LABEL, PackReader, planPack } from "../../src/content/senml.ts";
import { at, modelOf, node, TYPES } from "../support/codec-models.ts";

const T = 1_320_067_464;

/** Reads one Record after another, each given as the fields that it sets. */
function read(base: string, ...records: readonly Partial<PackReader>[]): PackReader["nodes"] {
  const pack = new PackReader(at(base), modelOf);
  for (const record of records) {
    pack.begin();
    Object.assign(pack, record);
    pack.finish();
  }
  return pack.nodes;
}

describe("the plan of a pack", () => {
  it("names values below the base by what follows it and a slash", () => {
    const plan = planPack([node("/3303/0/5700", 1), node("/3303/0/5601", 2)], at("/3303/0"));
    expect(plan).toEqual({ prefix: "/3303/0/".length, baseTime: undefined });
  });

  it("gives a value at the base no name of its own", () => {
    expect(planPack([node("/3303/0/5700", 1)], at("/3303/0/5700")).prefix).toBe("/3303/0/5700".length);
  });

  it("has no base name at the root", () => {
    expect(planPack([node("/3303/0/5700", 1), node("/3/0/9", 2)], at("/")).prefix).toBe(0);
  });

  it("has a base time if every value has a time", () => {
    expect(planPack([node("/3/0/9", 1, T), node("/3/0/10", 2, T + 5)], at("/3/0")).baseTime).toBe(T);
    expect(planPack([node("/3/0/9", 1, T), node("/3/0/10", 2)], at("/3/0")).baseTime).toBeUndefined();
    expect(planPack([node("/3/0/9", 1), node("/3/0/10", 2, T)], at("/3/0")).baseTime).toBeUndefined();
    expect(planPack([], at("/3/0")).baseTime).toBeUndefined();
  });

  it("refuses values at the base beside values below it, and values elsewhere", () => {
    expect(() => planPack([node("/3/0/9", 1), node("/3303/0/5700", 1)], at("/3/0/9"))).toThrow(RangeError);
    expect(() => planPack([node("/3/0/9", 1), node("/4000/0/1", 1)], at("/3"))).toThrow(RangeError);
  });
});

describe("a record", () => {
  it("takes its name from the base name and its own", () => {
    expect(read("/3303", { baseName: "/3303/0/", name: "5700", label: "v", value: 22 })).toEqual([
      node("/3303/0/5700", 22),
    ]);
    expect(read("/3303", { baseName: "/3303/", name: "0/5700", label: "v", value: 22 })).toHaveLength(1);
    expect(read("/3303", { baseName: "/3303/0/57", name: "00", label: "v", value: 22 })).toHaveLength(1);
    expect(read("/3303", { name: "/3303/0/5700", label: "v", value: 22 })).toHaveLength(1);
    expect(read("/3303", { baseName: "/3303/0/5700", label: "v", value: 22 })).toHaveLength(1);
  });

  it("keeps base fields until they are set again, and its own fields for itself", () => {
    // The times of RFC 8428 §5.1.3, with names of LwM2M.
    const [first, ...rest] = [-5, -4, -3, -2, -1, 0];
    const nodes = read(
      "/3317/0",
      { baseName: "/3317/0/5700", baseTime: T, time: first, label: "v", value: 1.2 },
      ...rest.map((time) => ({ time, label: "v" as const, value: 1.3 })),
    );
    expect(nodes.map(({ time }) => time)).toEqual([T - 5, T - 4, T - 3, T - 2, T - 1, T]);
    expect(new Set(nodes.map(({ path }) => path))).toEqual(new Set(["/3317/0/5700"]));
  });

  it("has no time if all its times are nothing", () => {
    expect(read("/3", { name: "/3/0/9", label: "v", value: 1 })[0]).not.toHaveProperty("time");
    expect(read("/3", { name: "/3/0/9", baseTime: T, time: -T, label: "v", value: 1 })[0]).not.toHaveProperty("time");
  });

  it("adds the base value to a number, exactly", () => {
    const name = "/4000/0/1";
    const value = (baseValue: number | bigint, own: number | bigint): unknown =>
      read("/4000", { name, baseValue, label: "v", value: own })[0]?.value;
    expect(value(20, 2)).toBe(22);
    expect(value(2n ** 53n, 1)).toBe(9_007_199_254_740_993n);
    expect(value(2n ** 62n, 2n ** 62n - 1n)).toBe(2n ** 63n - 1n);
    expect(value(2n ** 53n, -(2n ** 53n))).toBe(0);
    expect(() => value(2n ** 62n, 2n ** 62n)).toThrow(DecodeError);
    expect(() => value(2n ** 53n, 0.5)).toThrow(DecodeError);
    expect(() => value(-(2n ** 63n), -(2n ** 63n))).toThrow(DecodeError);
  });

  it("takes the base value for its value if it has none of its own", () => {
    expect(read("/3", { name: "/3/0/9", baseValue: 80 })).toEqual([node("/3/0/9", 80)]);
    expect(() => read("/3", { name: "/3/0/0", baseValue: 80 })).toThrow(DecodeError);
    expect(() => read("/3", { name: "/3/0/9" })).toThrow(DecodeError);
  });

  it("has one value", () => {
    const pack = new PackReader(at("/3"), modelOf);
    pack.take("v", 1);
    expect(() => pack.take("vs", "1")).toThrow("both v and vs");
  });

  it("carries each type under one label, and under no other", () => {
    const samples = [
      ["v", 1],
      ["vs", "1"],
      ["vb", true],
      ["vd", Uint8Array.of(1)],
      ["vlo", "3:0"],
    ] as const;
    for (const [i, type] of TYPES.entries())
      for (const [label, value] of samples) {
        const attempt = (): unknown => read("/4000", { name: `/4000/0/${i}`, label: label, value });
        if (label === LABEL[type]) expect(attempt()).toHaveLength(1);
        else expect(attempt, `${type} under ${label}`).toThrow(DecodeError);
      }
  });

  it.each([
    "",
    "/",
    "3/0/9",
    "/3/0/",
    "/3/0/9/",
    "//3/0/9",
    "/3/0/09",
    "/3/0/9/0/0",
    "/3/0/65535",
    "/3/0/x",
    "/3/0/9 ",
  ])("has no name %j", (name) => expect(() => read("/", { name, label: "v", value: 1 })).toThrow(DecodeError));

  it("shows only the beginning of a name that is no path", () => {
    expect(() => read("/", { name: "x".repeat(10_000), label: "v", value: 1 })).toThrow(/name "x{40}" is no path/);
  });
});
