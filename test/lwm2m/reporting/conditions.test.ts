import { describe, expect, it } from "vitest";
import {
  type Attributes,
  contradiction,
  heeded,
  isWorthTelling,
  maximumPeriod,
  minimumPeriod,
  misplaced,
} from "../../../src/lwm2m/reporting/conditions.ts";

/** The values of a series that are told, the first being the answer to Observe. */
function told(attributes: Attributes, series: readonly number[]): number[] {
  let sent = series[0]!;
  const said: number[] = [];
  for (const value of series.slice(1)) {
    if (!isWorthTelling(value, sent, attributes)) continue;
    said.push(value);
    sent = value;
  }
  return said;
}

describe("conditions of notification", () => {
  it("tell every change where nothing is attached", () => {
    expect(told({}, [20, 20, 21, 21, 20])).toEqual([21, 20]);
    expect(isWorthTelling("open", "closed", {})).toBe(true);
    expect(isWorthTelling("open", "open", {})).toBe(false);
  });

  it("tell each crossing of gt, upwards and downwards, and nothing beside it (E58)", () => {
    expect(told({ gt: 25 }, [20, 24, 25, 26, 30, 25, 24, 26])).toEqual([26, 25, 26]);
  });

  it("tell each crossing of lt in both directions (E58)", () => {
    expect(told({ lt: 5 }, [20, 5, 4, 1, 5, 6, 3])).toEqual([4, 5, 3]);
  });

  it("tell a step from the value last sent, not from the one last seen (E58)", () => {
    expect(told({ st: 1 }, [20, 20.4, 20.8, 21, 21.9, 20])).toEqual([21, 20]);
  });

  it("tell when any one of several conditions is met", () => {
    expect(told({ gt: 30, lt: 10, st: 15 }, [20, 31, 29, 9, 11, 27])).toEqual([31, 29, 9, 11, 27]);
  });

  it("tell every difference for a step of zero, and never the same value again", () => {
    expect(told({ st: 0 }, [1, 1, 1.5, 1.5])).toEqual([1.5]);
  });

  it("hold for integers beyond 2^53 too", () => {
    expect(isWorthTelling(2n ** 60n, 0n, { gt: 1_000 })).toBe(true);
  });

  it("fall back to any change where a value is no number", () => {
    expect(isWorthTelling("b", "a", { gt: 5 })).toBe(true);
    expect(isWorthTelling("a", "a", { gt: 5 })).toBe(false);
  });

  it("start with the answer to Observe as reference: above gt already is no crossing", () => {
    expect(told({ gt: 25 }, [30, 31, 29])).toEqual([]);
  });
});

describe("the edge of a boolean (LwM2M Core 1.2 §5.1.2)", () => {
  it.each([
    [0, true, false, true],
    [0, false, true, false],
    [0, true, true, false],
    [1, false, true, true],
    [1, true, false, false],
    [1, true, true, false],
  ])("edge=%i: from %s to %s is told: %s", (edge, before, now, worth) => {
    expect(isWorthTelling(now, before, { edge })).toBe(worth);
  });

  it("means nothing for what is no boolean", () => {
    expect(isWorthTelling(2, 1, { edge: 1 })).toBe(true);
    expect(isWorthTelling("b", "a", { edge: 0 })).toBe(true);
  });
});

describe("what may be attached where", () => {
  it.each([
    ["float", ["gt", "lt", "st", "pmin"], undefined],
    ["integer", ["gt"], undefined],
    ["time", ["st"], undefined],
    ["string", ["gt"], /gt is for numbers/],
    ["boolean", ["st"], /st is for numbers/],
    ["boolean", ["edge", "con", "hqmax"], undefined],
    ["integer", ["edge"], /edge is for booleans/],
    [undefined, ["gt", "edge"], undefined],
  ] as const)("to %s: %j is %s", (type, names, wrong) => {
    if (wrong === undefined) expect(misplaced(type, names)).toBeUndefined();
    else expect(misplaced(type, names)).toMatch(wrong);
  });

  it("leaves thresholds out that contradict each other from two levels, and only those (E57)", () => {
    expect(heeded({ gt: 10, lt: 20, pmin: 5 })).toEqual({ pmin: 5 });
    expect(heeded({ gt: 20, lt: 10, st: 5, pmax: 9 })).toEqual({ pmax: 9 });
    const valid = { gt: 20, lt: 10, st: 4 };
    expect(heeded(valid)).toBe(valid);
    expect(heeded({ gt: 20 })).toEqual({ gt: 20 });
  });
});

describe("periods", () => {
  it("are in seconds, and none by default", () => {
    expect(minimumPeriod({})).toBe(0);
    expect(maximumPeriod({})).toBeUndefined();
    expect(minimumPeriod({ pmin: 10 })).toBe(10_000);
    expect(maximumPeriod({ pmin: 10, pmax: 10 })).toBe(10_000);
  });

  it("ignore pmax=0 and a pmax below pmin (E57)", () => {
    expect(maximumPeriod({ pmax: 0 })).toBeUndefined();
    expect(maximumPeriod({ pmin: 60, pmax: 30 })).toBeUndefined();
  });
});

describe("contradictions (E57)", () => {
  it("are seen where lt + 2 st reaches gt", () => {
    expect(contradiction({ lt: 10, gt: 20, st: 4.9 })).toBeUndefined();
    expect(contradiction({ lt: 10, gt: 20, st: 5 })).toMatch(/below gt/);
    expect(contradiction({ lt: 20, gt: 20 })).toMatch(/below gt/);
    expect(contradiction({ lt: 20, st: 50 })).toBeUndefined();
  });

  it("are seen where epmin reaches epmax", () => {
    expect(contradiction({ epmin: 5, epmax: 6 })).toBeUndefined();
    expect(contradiction({ epmin: 6, epmax: 6 })).toMatch(/below epmax/);
  });

  it("are none where pmax is below pmin", () => {
    expect(contradiction({ pmin: 10, pmax: 5 })).toBeUndefined();
  });
});
