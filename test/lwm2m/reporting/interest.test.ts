import { describe, expect, it } from "vitest";
import { tightest } from "../../../src/lwm2m/reporting/interest.ts";
import { path } from "../../../src/model/path.ts";
import { station } from "../../support/station.ts";
import { VALUE, watch, watchAll } from "./watching.ts";

const NEWEST = { lifetime: 86_400, version: "1.2" } as const;
const AT = path(3303, 0, 5700);

describe("interest in a path", () => {
  it("is none while nobody observes it", async () => {
    const here = await station({ account: NEWEST }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["epmax=10"] });
    expect(here.client.interest(AT)).toEqual({ observations: 0 });
  });

  it("is that of the observation, with what is attached and what it carries", async () => {
    const here = await station({ account: { ...NEWEST, defaultMaximumPeriod: 600 } }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["epmin=5", "epmax=60", "pmin=10"] });
    await watch(here);
    expect(here.client.interest(AT)).toEqual({ observations: 1, pmin: 10, pmax: 600, epmin: 5, epmax: 60 });
    await watch(here, VALUE, { query: ["epmax=20"] });
    expect(here.client.interest(AT)).toEqual({ observations: 2, pmax: 600, epmax: 20 });
  });

  it("is there where something above is observed, or something below", async () => {
    const here = await station({ account: NEWEST }).registered();
    await watch(here, "/3303/0");
    await watchAll(here, ["/3/0/9", "/3303"], ["epmax=30"]);
    expect(here.client.interest(AT)).toEqual({ observations: 2, epmax: 30 });
    expect(here.client.interest(path(3303))).toEqual({ observations: 2, epmax: 30 });
    expect(here.client.interest(path(3, 0))).toEqual({ observations: 1, epmax: 30 });
    expect(here.client.interest(path(3304))).toEqual({ observations: 0 });
  });

  it("is told when it comes, changes and goes", async () => {
    const here = await station({ account: NEWEST }).registered();
    const told: string[] = [];
    const stop = here.client.onInterest((at) => told.push(`${at} ${here.client.interest(at).observations}`));
    const { token } = await watch(here);
    await here.server.ask("PUT", { path: "/3303", query: ["epmax=10"] });
    await here.server.ask("GET", { path: VALUE, observe: 1, accept: 110, token });
    expect(told).toEqual([`${VALUE} 1`, `${VALUE} 1`, `${VALUE} 0`]);
    stop();
    await watch(here);
    expect(told).toHaveLength(3);
  });

  it("of several takes the tightest: what bounds from below only if all have it", () => {
    const a = { observations: 1, pmin: 10, pmax: 100, epmin: 5, epmax: 50 };
    const b = { observations: 2, pmin: 20, pmax: 60 };
    expect(tightest(a, b)).toEqual({ observations: 3, pmin: 10, pmax: 60, epmax: 50 });
    expect(tightest(a, { observations: 0 })).toBe(a);
    expect(tightest({ observations: 0 }, b)).toBe(b);
  });
});
