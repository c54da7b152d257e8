/** Which rules fit what. */

import { describe, expect, it } from "vitest";
import { type AdoptRule, compileRules } from "../../src/gateway/rules.ts";

const TAG = { adapter: "radio", address: "CB:B8:33:4C:88:4F", definition: "ruuvi.tag.df5", rssi: -70 };
const fits = (rule: AdoptRule, candidate = TAG) => compileRules([rule])(candidate);

describe("an adoption rule", () => {
  it.each([
    ["ruuvi.tag.df5", true],
    ["ruuvi.*", true],
    ["*", true],
    ["*.df5", true],
    ["ruuvi.*.df5", true],
    ["r*v*.d*5", true],
    ["ruuvi.tag.df5*", true],
    ["ruuvi.tag", false],
    ["*.df", false],
    ["ruuvi.*.*.df5", false],
    ["", false],
    ["ruuvi.tag.df5df5", false],
    ["*df5*df5", false],
  ])("with definition %s fits a RuuviTag: %s", (definition, expected) => {
    expect(fits({ definition })).toBe(expected);
  });

  it("looks at the address without the adapter, and at the adapter's name whole", () => {
    expect(fits({ source: "CB:B8:*" })).toBe(true);
    expect(fits({ source: "radio/*" })).toBe(false);
    expect(fits({ adapter: "radio" })).toBe(true);
    expect(fits({ adapter: "rad" })).toBe(false);
  });

  it("wants the signal at least as strong as it says", () => {
    expect(fits({ rssi: -70 })).toBe(true);
    expect(fits({ rssi: -69 })).toBe(false);
    const wired = { adapter: "gnss", address: "a", definition: "nmea.gnss" };
    expect(compileRules([{ rssi: -90 }])(wired)).toBe(false);
  });

  it("must fit in all that it says; one of several rules is enough", () => {
    expect(fits({ definition: "ruuvi.*", adapter: "other" })).toBe(false);
    expect(compileRules([{ definition: "atc.*" }, { definition: "ruuvi.*" }])(TAG)).toBe(true);
    expect(compileRules([])(TAG)).toBe(false);
  });

  it("is quick whatever the pattern", () => {
    const pattern = "*a".repeat(200);
    expect(fits({ definition: pattern }, { ...TAG, definition: `${"a".repeat(5_000)}b` })).toBe(false);
  });
});
