/** Points in time as devices write them. */

import { describe, expect, it } from "vitest";
import { parseInstant } from "../../src/base/instant.ts";

const NOON = Date.UTC(2026, 2, 1, 12);

describe("a point in time", () => {
  it.each([
    ["2026-03-01T12:00:00Z", NOON],
    ["2026-03-01T12:00Z", NOON],
    ["2026-03-01 12:00:00Z", NOON],
    ["2026-03-01T13:00:00+01:00", NOON],
    ["2026-03-01T13:00:00+0100", NOON],
    ["2026-03-01T06:30:00-05:30", NOON],
    ["2026-03-01T12:00:00.250Z", NOON + 250],
    ["2026-03-01T12:00:00,250Z", NOON + 250],
    ["2026-03-01T12:00:00.123456789Z", NOON + 123],
    ["2026-03-01", Date.UTC(2026, 2, 1)],
  ])("%s is the same everywhere", (text, ms) => {
    expect(parseInstant(text)).toBe(ms);
  });

  it.each([
    ["a time without its zone", "2026-03-01T12:00:00"],
    ["a number", "5"],
    ["a year", "2026"],
    ["a month that there is not", "2026-13-01T12:00:00Z"],
    ["an hour that there is not", "2026-03-01T25:00:00Z"],
    ["words", "March 1, 2026"],
    ["nothing", ""],
    ["a zone without a time", "2026-03-01Z"],
    ["something behind it", "2026-03-01T12:00:00Z."],
  ])("%s is none", (_what, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
