import { describe, expect, it } from "vitest";
import { glob } from "../../src/base/glob.ts";

describe("a pattern", () => {
  it.each([
    ["ruuvi.*", "ruuvi.tag.df5", true],
    ["ruuvi.*", "truuvi.tag", false],
    ["*", "", true],
    ["*.df5", "ruuvi.tag.df5", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*a", "a", false],
    ["ruuvi.tag.df5", "ruuvi.tag.df5", true],
    ["ruuvi.tag.df5", "ruuvi.tag.df55", false],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (pattern, text, fits) => {
    expect(glob(pattern)(text)).toBe(fits);
  });

  it("of a thousand stars is no work", () => {
    expect(glob("*a".repeat(1_000))("a".repeat(999))).toBe(false);
  });
});
