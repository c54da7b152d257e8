/** A field as the value of a Resource: what each type of Resource takes. */

import { describe, expect, it } from "vitest";
import { canFeed, toResource } from "../../../src/library/mapping/target.ts";

describe("a field that feeds a Resource", () => {
  it.each([
    ["float", 21.5, 21.5],
    ["float", "21.5", undefined],
    ["float", Number.POSITIVE_INFINITY, undefined],
    ["integer", 2.5, 3],
    ["integer", -2.6, -3],
    ["integer", true, 1],
    ["integer", "2", undefined],
    ["integer", 2 ** 53, undefined],
    ["unsigned", 0, 0],
    ["unsigned", 7.4, 7],
    ["unsigned", -1, undefined],
    ["unsigned", false, 0],
    ["boolean", true, true],
    ["boolean", 0, false],
    ["boolean", 0.1, true],
    ["boolean", "true", undefined],
    ["string", 1.5, "1.5"],
    ["string", false, "false"],
    ["time", 1_767_225_600.9, 1_767_225_600],
    ["time", "2026-01-01T00:00:00Z", 1_767_225_600],
    ["time", "2026-01-01T00:00:00", undefined],
    ["time", "5", undefined],
    ["time", "soon", undefined],
    ["time", true, undefined],
  ] as const)("of type %s gives for %j: %j", (type, value, expected) => {
    expect(toResource(type, undefined, undefined)(value)).toBe(expected);
  });

  it("is converted into the unit of the Resource, without binary dust, and is nothing where that cannot be", () => {
    expect(toResource("float", "hPa", "Pa")(1013.25)).toBe(101_325);
    expect(toResource("float", "mV", "V")(2_997)).toBe(2.997);
    expect(toResource("integer", "V", "mV")(2.9974)).toBe(2_997);
    expect(toResource("float", "Cel", "V")(1)).toBeUndefined();
    expect(toResource("string", "mV", "V")("low")).toBe("low");
  });

  it("cannot be bytes or a link", () => {
    expect(canFeed("opaque")).toBe(false);
    expect(canFeed("objlnk")).toBe(false);
    expect(canFeed("float")).toBe(true);
  });
});
