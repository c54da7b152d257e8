import { describe, expect, it } from "vitest";
import { type StationOptions, station, thermometer } from "../../support/station.ts";
import type { SavedAttributes } from "../../../src/lwm2m/reporting/attributes.ts";
import type { AttributeKeeper } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { VALUE, watch } from "./watching.ts";

const LONG = { lifetime: 86_400 };
const NEWEST = { ...LONG, version: "1.2" } as const;

async function observed(options: StationOptions = {}, where = VALUE, query: readonly string[] = []) {
  const here = await station({ account: NEWEST, ...options }).registered();
  return { here, ...(await watch(here, where, query.length > 0 ? { query } : {})) };
}

describe("confirmable notifications", () => {
  it.each([
    ["by default, not", {}, undefined, "NON"],
    ["/1/x/26 says so", { confirmNotifications: true }, undefined, "CON"],
    ["con=1 says so", {}, "con=1", "CON"],
    ["con=0 says otherwise than /1/x/26", { confirmNotifications: true }, "con=0", "NON"],
  ] as const)("%s: %j %s is %s", async (_, account, attribute, type) => {
    const here = await station({ account: { ...NEWEST, ...account } }).registered();
    if (attribute !== undefined) await here.server.ask("PUT", { path: VALUE, query: [attribute] });
    const { lines, at } = await watch(here);
    await at(1, 23);
    expect(lines()).toEqual([`${type} 23`]);
  });

  it("are those of an Instance where one of its Resources has con=1 (LwM2M Core 1.2 §5.1.2)", async () => {
    const { here, told, at } = await observed({}, "/3303/0");
    await here.server.ask("PUT", { path: "/3303/0/5701", query: ["con=1"] });
    await at(1, 23);
    expect(told().map(({ type }) => type)).toEqual(["CON"]);
  });

  it("take no more than one message under way: what is newest when it is acknowledged follows (E68)", async () => {
    const { here, lines, at } = await observed({ account: { ...NEWEST, confirmNotifications: true } });
    here.server.receipt = undefined;
    await at(1, 23);
    for (const value of [24, 25, 26]) here.set([3303, 0, 5700], value);
    expect(lines()).toEqual(["CON 23"]);
    here.server.receipt = "ACK";
    await at(8);
    expect(lines()).toEqual(["CON 23", "CON 26"]);
  });
});

describe("the last value before a silence", () => {
  it("is told once more and confirmed, so that its loss is repaired", async () => {
    const { lines, at } = await observed();
    await at(1, 23);
    await at(30);
    expect(lines()).toEqual(["NON 23"]);
    await at(200);
    expect(lines()).toEqual(["NON 23", "CON 23"]);
  });

  it("comes again with the time at which it was measured", async () => {
    const { here, told, at } = await observed();
    await at(1, 23);
    const measured = here.clock.now().ms / 1_000;
    await at(40);
    expect(JSON.parse(told()[1]!.text)).toEqual([{ bn: VALUE, bt: measured, v: 23 }]);
  });

  it("is the last one only: a series is not doubled, whatever its distance", async () => {
    for (const distance of [1, 25, 60, 600]) {
      const { lines, at } = await observed();
      for (let i = 1; i <= 5; i++) await at(i * distance, i);
      expect(lines().filter((line) => line.startsWith("CON"))).toEqual([]);
      await at(5 * distance + Math.max(30, 2 * distance) + 1);
      expect(lines().filter((line) => line.startsWith("CON"))).toEqual(["CON 5"]);
    }
  });

  it("is confirmed soon where it stands alone after a long time", async () => {
    const { lines, at } = await observed();
    await at(10 * 3_600, 23);
    await at(10 * 3_600 + 31);
    expect(lines()).toEqual(["NON 23", "CON 23"]);
  });

  it("is not repeated where pmax does that anyway", async () => {
    const { lines, at } = await observed({}, VALUE, ["pmax=100"]);
    await at(1, 23);
    await at(250);
    expect(lines()).toEqual(["NON 23", "NON 23", "NON 23"]);
  });

  it("is left alone where the server has said con=0, and where we have been told not to", async () => {
    for (const { here, lines, at } of [
      await observed({}, VALUE, ["con=0"]),
      await observed({ client: { quietMs: 0 } }),
    ]) {
      await at(1, 23);
      await at(3_600);
      expect(lines()).toEqual(["NON 23"]);
      expect(here.client.registration.observations).toBe(1);
    }
  });

  it("heeds the minimum period", async () => {
    const { lines, at } = await observed({}, VALUE, ["pmin=100"]);
    await at(101, 23);
    await at(150);
    expect(lines()).toEqual(["NON 23"]);
    await at(320);
    expect(lines()).toEqual(["NON 23", "CON 23"]);
  });

  it("waits as long as it is told to", async () => {
    const { lines, at } = await observed({ client: { quietMs: 5_000 } });
    await at(1, 23);
    await at(7);
    expect(lines()).toEqual(["NON 23", "CON 23"]);
  });

  it("makes no timer for each notification", async () => {
    const { here } = await observed();
    let timers = 0;
    const { after } = here.clock;
    here.clock.after = (ms, run) => {
      timers += 1;
      return after.call(here.clock, ms, run);
    };
    for (let i = 0; i < 1_000; i++) {
      here.set([3303, 0, 5700], i);
      here.clock.tick(10);
    }
    expect(timers).toBeLessThanOrEqual(2);
  });
});

describe("edge", () => {
  const button = (query: string) =>
    observed(
      {
        fill: (tree, clock) => {
          thermometer(tree, clock);
          tree.addInstance(path(3342, 0));
          tree.set(path(3342, 0, 5500), false, clock.now());
        },
      },
      "/3342/0/5500",
      [query],
    );

  it.each([
    ["edge=1", [true, false, true, false], ["NON true", "NON true"]],
    ["edge=0", [true, false, true, false], ["NON false", "NON false"]],
  ] as const)(
    "%s tells each one of its kind, also of values between that were not told",
    async (query, states, told) => {
      const { here, lines } = await button(query);
      for (const state of states) here.set([3342, 0, 5500], state);
      expect(lines()).toEqual(told);
    },
  );

  it("is refused on a number, and above a Resource", async () => {
    const here = await station({ account: NEWEST }).registered();
    for (const [where, code] of [
      [VALUE, "4.00"],
      ["/3303/0", "4.00"],
      ["/3303", "4.00"],
    ] as const) {
      expect((await here.server.ask("PUT", { path: where, query: ["edge=1"] })).code).toBe(code);
      expect((await here.server.ask("GET", { path: where, query: ["edge=1"], observe: 0 })).code).toBe(code);
    }
  });
});

describe("attributes carried in Observe (LwM2M Core 1.2 §6.4.1)", () => {
  it("hold for that observation alone, in place of all that is attached", async () => {
    const here = await station({ account: NEWEST }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["st=10", "pmin=1"] });
    const own = await watch(here, VALUE, { query: ["pmin=5"] });
    const other = await watch(here);
    await own.at(10, 22.5);
    await own.at(11, 40);
    await own.at(20);
    expect(own.lines()).toEqual(["NON 22.5", "NON 40"]);
    expect(other.lines()).toEqual(["NON 40"]);
  });

  it("leave the default periods of the server where they say nothing", async () => {
    const { lines, at } = await observed({ account: { ...NEWEST, defaultMinimumPeriod: 20 } }, VALUE, ["st=1"]);
    await at(1, 30);
    await at(21);
    expect(lines()).toEqual(["NON 30"]);
  });

  it("are not shown by Discover", async () => {
    const { here } = await observed({}, VALUE, ["pmin=5"]);
    const answer = await here.server.ask("GET", { path: VALUE, accept: 40 });
    expect(answer.text).not.toContain("pmin");
  });

  it("are refused by what does not know them, and where they make no sense", async () => {
    const old = await station({ account: { ...LONG, version: "1.1" } }).registered();
    expect((await old.server.ask("GET", { path: VALUE, query: ["pmin=5"], observe: 0 })).code).toBe("4.00");
    const here = await station({ account: NEWEST }).registered();
    for (const query of ["foo=1", "pmin=x", "edge=1"])
      expect((await here.server.ask("GET", { path: VALUE, query: [query], observe: 0 })).code).toBe("4.00");
    expect(here.client.registration.observations).toBe(0);
  });
});

describe("attributes that are attached", () => {
  it("are permanent where somebody keeps them", async () => {
    const kept = new Map<number, SavedAttributes>();
    const attributes: AttributeKeeper = { load: (id) => kept.get(id), save: (id, saved) => void kept.set(id, saved) };
    const here = await station({ account: LONG, client: { attributes } }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["pmin=10"] });
    const later = await station({ account: LONG, client: { attributes } }).registered();
    const { lines, at } = await watch(later);
    await at(1, 30);
    expect(lines()).toEqual([]);
    await at(11);
    expect(lines()).toEqual(["NON 30"]);
  });
});

describe("evaluation periods", () => {
  it("epmin puts off looking: what is there when it has gone by counts", async () => {
    const { lines, at } = await observed({}, VALUE, ["epmin=10", "gt=25"]);
    await at(2, 30);
    await at(5, 20);
    await at(12);
    expect(lines()).toEqual([]);
    await at(13, 30);
    await at(30);
    expect(lines()).toEqual(["NON 30"]);
  });
});
