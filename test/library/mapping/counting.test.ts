/** What happens at one sensor is counted, for so many things and no more. */

import { describe, expect, it } from "vitest";
import { parseExpression } from "../../../src/library/language/expression.ts";
import { Counting } from "../../../src/library/mapping/counting.ts";
import type { CountPlan } from "../../../src/library/mapping/plan.ts";
import { path } from "../../../src/model/path.ts";

const plan = (instance: number, event = false): CountPlan => ({
  ...{ kind: "count", path: path(3302, instance, 5501), expression: parseExpression("on"), event },
});
const said = (on: boolean | number | undefined) => ({
  at: { ms: 0, trusted: true },
  fields: new Map([["on", on === undefined ? undefined : { value: on }]]),
});

describe("a count", () => {
  it("of a state goes up when it has become true, and not by what was true when it was first heard", () => {
    const counting = new Counting();
    const counts = [true, false, true, true, undefined, true, false, 1].map((on) => counting.count(plan(0), said(on)));
    expect(counts).toEqual([undefined, undefined, 1, undefined, undefined, undefined, undefined, 2]);
  });

  it("of something that happens goes up each time", () => {
    const counting = new Counting(new Map([[plan(0).path, 7]]));
    expect([true, true, false, true].map((on) => counting.count(plan(0, true), said(on)))).toEqual([
      8,
      9,
      undefined,
      10,
    ]);
  });

  it("is kept of 64 things at most, and these go on", () => {
    const counting = new Counting();
    for (let n = 0; n < 100; n++) expect(counting.count(plan(n, true), said(true))).toBe(n < 64 ? 1 : undefined);
    expect(counting.counts.size).toBe(64);
    expect(counting.count(plan(63, true), said(true))).toBe(2);
    expect(counting.count(plan(64, true), said(true))).toBeUndefined();
  });
});
