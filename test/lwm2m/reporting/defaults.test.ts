/** What is usual at a path holds until the server says something of the kind, on whatever level. */

import { describe, expect, it } from "vitest";
import { completed } from "../../../src/lwm2m/reporting/attributes.ts";
import type { Attributes } from "../../../src/lwm2m/index.ts";
import { station } from "../../support/station.ts";

const VALUE = "/3303/0/5700";
const TEXT = 0;

/** A thermometer that is usually told at these times, and what its server is told of it: second and value. */
async function thermometer(usual: Attributes, { account = {}, where = VALUE } = {}) {
  const here = await station({
    account: { lifetime: 86_400, ...account },
    defaults: (path) => (path === VALUE ? usual : undefined),
  }).registered();
  let begin = here.clock.monotonic();
  const told: string[] = [];
  let token: Uint8Array | undefined;
  let seen = 1;
  const look = () => {
    const answers = token ? here.server.answers(token) : [];
    for (; seen < answers.length; seen++)
      told.push(`${Math.round((here.clock.monotonic() - begin) / 1_000)}s ${Number(answers[seen]!.text)}`);
  };
  const until = async (second: number) => {
    while (here.clock.monotonic() < begin + second * 1_000) {
      await here.clock.advance(Math.min(100, begin + second * 1_000 - here.clock.monotonic()));
      look();
    }
  };
  return {
    ...here,
    told,
    until,
    write: (path: string, ...query: string[]) => here.server.ask("PUT", { path, query }),
    async observe() {
      token = here.server.send("GET", { path: where, observe: 0, ...(where === VALUE && { accept: TEXT }) });
      await here.clock.advance(0);
      begin = here.clock.monotonic();
    },
    async at(second: number, value: number) {
      await until(second);
      here.set([3303, 0, 5700], value);
      look();
    },
  };
}

describe("where the server has said nothing", () => {
  it("a usual minimum holds changes back", async () => {
    const here = await thermometer({ pmin: 10 });
    await here.observe();
    await here.at(1, 23);
    await here.at(2, 24);
    await here.until(30);
    expect(here.told).toEqual(["10s 24"]);
  });

  it("a usual maximum tells the value again", async () => {
    const here = await thermometer({ pmax: 10 });
    await here.observe();
    await here.until(25);
    expect(here.told).toEqual(["10s 22", "20s 22"]);
  });

  it("a usual step makes small changes not count", async () => {
    const here = await thermometer({ st: 0.5 });
    await here.observe();
    await here.at(1, 22.25);
    await here.at(2, 22.5);
    await here.at(3, 22.75);
    expect(here.told).toEqual(["2s 22.5"]);
  });

  it("nothing usual means every change, at once", async () => {
    const here = await thermometer({});
    await here.observe();
    for (let second = 1; second <= 5; second++) await here.at(second, 22 + second / 100);
    expect(here.told).toEqual(["1s 22.01", "2s 22.02", "3s 22.03", "4s 22.04", "5s 22.05"]);
  });

  it("other paths, and the Instance as a whole, go their own ways", async () => {
    const here = await thermometer({ pmin: 100 }, { where: "/3303/0" });
    await here.observe();
    await here.at(1, 23);
    await here.at(2, 24);
    expect(here.told).toHaveLength(2);
  });

  it("nothing of it is seen in Discover", async () => {
    const here = await thermometer({ pmin: 10, pmax: 100, st: 1 });
    const answer = await here.server.ask("GET", { path: VALUE, accept: 40 });
    expect(answer.text).toBe("</3303/0/5700>");
  });
});

describe("a word of the server", () => {
  it.each(["/3303", "/3303/0", VALUE])("written at %s wins", async (where) => {
    const here = await thermometer({ pmin: 60 });
    await here.write(where, "pmin=5");
    await here.observe();
    await here.at(1, 23);
    await here.until(20);
    expect(here.told).toEqual(["5s 23"]);
  });

  it("wins while the value is observed already, and no longer than it stands", async () => {
    const here = await thermometer({ pmin: 20 });
    await here.observe();
    await here.write(VALUE, "pmin=0");
    await here.at(1, 23);
    await here.at(2, 24);
    await here.write(VALUE, "pmin");
    await here.at(3, 25);
    await here.until(40);
    expect(here.told).toEqual(["1s 23", "2s 24", "22s 25"]);
  });

  it("about one attribute leaves the others as usual", async () => {
    const here = await thermometer({ pmin: 5, pmax: 20 });
    await here.write("/3303", "pmax=30");
    await here.observe();
    await here.at(1, 23);
    await here.until(40);
    expect(here.told).toEqual(["5s 23", "35s 23"]);
  });

  it("in its own Object wins, be it configured or written", async () => {
    const configured = await thermometer({ pmin: 60, pmax: 600 }, { account: { defaultMinimumPeriod: 5 } });
    await configured.observe();
    await configured.at(1, 23);
    await configured.until(20);
    expect(configured.told).toEqual(["5s 23"]);
    const written = await thermometer({ pmin: 1, pmax: 10 });
    await written.observe();
    await written.server.ask("PUT", { path: "/1/0/3", format: TEXT, payload: "25" });
    await written.until(30);
    expect(written.told).toEqual(["25s 22"]);
  });

  it("that zero shall pass between notifications is a word as well", async () => {
    const here = await thermometer({ pmin: 60 }, { account: { defaultMinimumPeriod: 0 } });
    await here.observe();
    await here.at(1, 23);
    expect(here.told).toEqual(["1s 23"]);
  });

  it("for a shorter maximum takes the usual minimum away: it would make the maximum void", async () => {
    const here = await thermometer({ pmin: 60 });
    await here.write(VALUE, "pmax=10");
    await here.observe();
    await here.until(25);
    expect(here.told).toEqual(["10s 22", "20s 22"]);
  });

  it("about thresholds takes the usual step away: it asked for crossings alone", async () => {
    const here = await thermometer({ st: 1 });
    await here.write(VALUE, "gt=30");
    await here.observe();
    await here.at(1, 25);
    await here.at(2, 31);
    expect(here.told).toEqual(["2s 31"]);
  });
});

describe("the attributes that apply", () => {
  it.each<[string, Attributes, Attributes, Attributes]>([
    ["nothing and nothing", {}, {}, {}],
    ["the usual alone", {}, { pmin: 1, pmax: 2, st: 3 }, { pmin: 1, pmax: 2, st: 3 }],
    ["what was said alone", { pmin: 4, gt: 1 }, {}, { pmin: 4, gt: 1 }],
    ["each for itself", { pmin: 4 }, { pmin: 1, pmax: 9 }, { pmin: 4, pmax: 9 }],
    ["a maximum of zero, which is none", { pmax: 0 }, { pmin: 5 }, { pmin: 5, pmax: 0 }],
    ["a maximum as long as the usual minimum", { pmax: 5 }, { pmin: 5 }, { pmin: 5, pmax: 5 }],
    ["a maximum shorter than the usual minimum", { pmax: 4 }, { pmin: 5 }, { pmax: 4 }],
    ["a step", { st: 2 }, { st: 1 }, { st: 2 }],
    ["a threshold below", { lt: 2 }, { st: 1, pmin: 3 }, { lt: 2, pmin: 3 }],
  ])("of %s", (_what, said, usual, expected) => {
    expect(completed(said, usual)).toEqual(expected);
  });
});
