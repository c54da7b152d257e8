import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/base/random.ts";
import type { Account } from "../../../src/lwm2m/index.ts";
import { afterFailure, refreshMs, spokenLifetime } from "../../../src/lwm2m/servers/schedule.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT } from "../../support/station.ts";

const DAY = 86_400_000;

/** The waits after so many failures in a row, as the table would ask for them. */
function waits(account: Partial<Account>, count: number): string[] {
  const random: Random = { bytes: (length) => new Uint8Array(length), unit: () => 0 };
  let failures = 0;
  return Array.from({ length: count }, () => {
    const { ms, givenUp } = afterFailure({ ...ACCOUNT, ...account }, failures, random);
    failures = givenUp ? 0 : failures + 1;
    return `${ms / 1_000}${givenUp ? "!" : ""}`;
  });
}

describe("the time of an Update", () => {
  it("E50: leaves MAX_TRANSMIT_WAIT before the lifetime ends", () => {
    expect(refreshMs(300, 93_000, 0)).toBe(207_000);
    expect(refreshMs(86_400, 93_000, 0)).toBe(86_307_000);
  });

  it("E50: is half the lifetime where that is too short", () => {
    expect(refreshMs(60, 93_000, 0)).toBe(30_000);
    expect(refreshMs(186, 93_000, 0)).toBe(93_000);
    expect(refreshMs(2, 93_000, 0)).toBe(1_000);
  });

  it("is spread over a tenth, always earlier", () => {
    expect(refreshMs(300, 93_000, 0.5)).toBe(207_000 * 0.95);
    expect(refreshMs(300, 93_000, 1)).toBeGreaterThanOrEqual(207_000 * 0.9 - 1);
  });

  it("comes once a day where the lifetime has no end", () => {
    expect(refreshMs(0, 93_000, 0)).toBe(DAY - 93_000);
  });
});

describe("the lifetime that is announced", () => {
  it("E6: is 0 for ever to those who know what that means only, and a long one to others", () => {
    expect(spokenLifetime(0, "1.2")).toBe(0);
    expect(spokenLifetime(0, "1.1")).toBe(2_592_000);
    expect(spokenLifetime(0, "1.0")).toBe(2_592_000);
    for (const version of ["1.0", "1.1", "1.2"] as const) expect(spokenLifetime(300, version)).toBe(300);
  });
});

describe("the waits after failures", () => {
  it("grow up to five minutes, for ever, where the account says nothing", () => {
    expect(waits({}, 10)).toEqual(["1", "2", "4", "8", "16", "32", "64", "128", "150", "150"]);
  });

  it("double within a sequence, and the sequence delay stands between two (LwM2M Core 1.2 §6.2.1.2)", () => {
    const account = { retryCount: 3, retryTimer: 10, sequenceDelay: 600, sequenceCount: 2 };
    expect(waits(account, 8)).toEqual(["10", "20", "600", "10", "20", "600!", "10", "20"]);
  });

  it("are those of the table where only some are given", () => {
    expect(waits({ retryTimer: 60 }, 6)).toEqual(["60", "120", "240", "480", "86400!", "60"]);
    expect(waits({ retryCount: 1 }, 2)).toEqual(["86400!", "86400!"]);
    expect(waits({ sequenceCount: 2 }, 10).filter((wait) => wait.startsWith("86400"))).toEqual(["86400", "86400!"]);
  });

  it("take MAX_VALUE for the end of it, and come back after a day nevertheless", () => {
    const account = { retryCount: 2, retryTimer: 5, sequenceDelay: 0xffff_ffff, sequenceCount: 9 };
    expect(waits(account, 3)).toEqual(["5", "86400!", "5"]);
  });

  it("are bounded, whatever was written", () => {
    const account = { retryCount: 0xffff_ffff, retryTimer: 0xffff_ffff };
    for (const wait of waits(account, 100)) expect(Number(wait)).toBe(2_592_000);
    expect(waits({ retryCount: 0, sequenceCount: 0 }, 1)).toEqual(["86400!"]);
  });

  it("are no storm where all of them are to be 0", () => {
    const account = { retryCount: 2, retryTimer: 0, sequenceDelay: 0, sequenceCount: 2 };
    expect(waits(account, 5)).toEqual(["1", "1", "1", "60!", "1"]);
  });

  it("are spread by a tenth, never shorter", () => {
    const random = new SeededRandom(5);
    const found = Array.from({ length: 200 }, () => afterFailure({ ...ACCOUNT, retryTimer: 10 }, 0, random).ms);
    expect(Math.min(...found)).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...found)).toBeLessThanOrEqual(11_000);
    expect(new Set(found).size).toBeGreaterThan(100);
  });
});
