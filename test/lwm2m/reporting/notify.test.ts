import { describe, expect, it } from "vitest";
import { codecOf, Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { models, type Station, type StationOptions, station } from "../../support/station.ts";

const VALUE = "/3303/0/5700";

/** A thermometer observed with attributes; `told` gives the seconds and values of notifications. */
async function observed(query: string, where = VALUE, options: StationOptions = {}) {
  const here = await station({ account: { lifetime: 86_400 }, ...options }).registered();
  if (query !== "") await here.server.ask("PUT", { path: where, query: query.split("&") });
  const token = here.server.send("GET", { path: where, observe: 0, accept: Format.SenmlJson });
  await here.clock.advance(0);
  const begin = here.clock.monotonic();
  let seen = 1;
  const log: string[] = [];
  return {
    ...here,
    token,
    /** Lets time pass to `second`, writing down what is told on the way, then measures `value`. */
    async at(second: number, value?: number): Promise<void> {
      while (here.clock.monotonic() < begin + second * 1_000) {
        await here.clock.advance(Math.min(100, begin + second * 1_000 - here.clock.monotonic()));
        note();
      }
      if (value !== undefined) here.set([3303, 0, 5700], value);
      note();
    },
    told: log,
  };
  function note() {
    const answers = here.server.answers(token);
    for (; seen < answers.length; seen++) {
      const nodes = codecOf(110)!.decode(answers[seen]!.payload, path(3303, 0), (at) => models.resource(at));
      const value = nodes.find((node) => node.path === VALUE)!.value;
      log.push(`${Math.round((here.clock.monotonic() - begin) / 1_000)}s ${Number(value)}`);
    }
  }
}

describe("pmin", () => {
  it("holds changes back and then tells the newest", async () => {
    const { at, told } = await observed("pmin=10");
    await at(2, 23);
    await at(5, 24);
    await at(12, 25);
    await at(25);
    expect(told).toEqual(["10s 24", "20s 25"]);
  });

  it("does not by itself cause a notification (E58)", async () => {
    const { at, told } = await observed("pmin=10");
    await at(100);
    expect(told).toEqual([]);
    await at(101, 23);
    expect(told).toEqual(["101s 23"]);
  });

  it("tells nothing if the value has come back to what was told before", async () => {
    const { at, told } = await observed("pmin=10");
    await at(2, 23);
    await at(5, 22);
    await at(50);
    expect(told).toEqual([]);
  });

  it("of the Instance is inherited by the Resource", async () => {
    const here = await observed("");
    await here.server.ask("PUT", { path: "/3303/0", query: ["pmin=20"] });
    await here.at(1, 23);
    await here.at(30);
    expect(here.told).toEqual(["20s 23"]);
  });

  it("of the Server Object holds where nothing else is said, and only there", async () => {
    const here = await observed("", VALUE, { account: { lifetime: 86_400, defaultMinimumPeriod: 10 } });
    await here.at(1, 23);
    await here.at(15);
    await here.server.ask("PUT", { path: VALUE, query: ["pmin=1"] });
    await here.at(16, 24);
    await here.at(18);
    expect(here.told).toEqual(["10s 23", "16s 24"]);
  });

  it("is heeded when the server changes its default while observing", async () => {
    const here = await observed("");
    await here.server.ask("PUT", { path: "/1/0/2", format: 0, payload: "30" });
    await here.at(1, 23);
    await here.at(40);
    expect(here.told).toEqual(["30s 23"]);
  });
});

describe("pmax", () => {
  it("tells the value again and again", async () => {
    const { at, told } = await observed("pmax=10");
    await at(35);
    expect(told).toEqual(["10s 22", "20s 22", "30s 22"]);
  });

  it("counts from the last notification", async () => {
    const { at, told } = await observed("pmax=10");
    await at(7, 23);
    await at(20);
    expect(told).toEqual(["7s 23", "17s 23"]);
  });

  it("repeats an old measurement with its own time, never as a new one", async () => {
    const here = await observed("pmax=30");
    const measured = here.clock.now().ms;
    here.set([3303, 0, 5700], 25);
    await here.at(65);
    const times = here.server.answers(here.token).map(({ payload }) => {
      const [node] = codecOf(110)!.decode(payload, path(3303, 0, 5700), (at) => models.resource(at));
      return node!.time;
    });
    expect(times).toEqual([undefined, undefined, measured / 1_000, measured / 1_000]);
  });

  it("repeats the newer measurement of the same value with the newer time", async () => {
    const here = await observed("pmax=30");
    await here.at(20, 22);
    const measured = here.clock.now().ms;
    await here.at(31);
    const last = here.server.answers(here.token).at(-1)!;
    const [node] = codecOf(110)!.decode(last.payload, path(3303, 0, 5700), (at) => models.resource(at));
    expect(node).toMatchObject({ value: 22, time: measured / 1_000 });
  });

  it("below pmin, or zero, is ignored (E57)", async () => {
    for (const query of ["pmin=20&pmax=5", "pmax=0"]) {
      const { at, told } = await observed(query);
      await at(60);
      expect(told).toEqual([]);
    }
  });

  it("works together with pmin", async () => {
    const { at, told } = await observed("pmin=5&pmax=20");
    await at(1, 23);
    await at(24.5);
    await at(26, 24);
    await at(31);
    expect(told).toEqual(["5s 23", "25s 23", "30s 24"]);
  });

  it("taken away takes its timer away", async () => {
    const here = await observed("pmax=10");
    await here.server.ask("PUT", { path: VALUE, query: ["pmax"] });
    await here.at(60);
    expect(here.told).toEqual([]);
  });

  it("made shorter while observing comes sooner", async () => {
    const here = await observed("pmax=1000");
    await here.server.ask("PUT", { path: VALUE, query: ["pmax=5"] });
    await here.at(6);
    expect(here.told).toEqual(["5s 22"]);
  });
});

describe("thresholds and steps", () => {
  it("gt tells both edges, with the answer to Observe as reference (E58)", async () => {
    const { at, told } = await observed("gt=25");
    for (const [second, value] of [24, 26, 27, 25, 26, 20].entries()) await at(second + 1, value);
    expect(told).toEqual(["2s 26", "4s 25", "5s 26", "6s 20"]);
  });

  it("lt tells both edges", async () => {
    const { at, told } = await observed("lt=5");
    for (const [second, value] of [4, 3, 5, 6].entries()) await at(second + 1, value);
    expect(told).toEqual(["1s 4", "3s 5"]);
  });

  it("st counts from what was last sent (E58)", async () => {
    const { at, told } = await observed("st=2");
    for (const [second, value] of [23, 23.9, 24, 25.9, 22].entries()) await at(second + 1, value);
    expect(told).toEqual(["3s 24", "5s 22"]);
  });

  it("hold together with pmin: what no longer holds at its end is not told", async () => {
    const { at, told } = await observed("gt=25&pmin=10");
    await at(1, 26);
    await at(2, 24);
    await at(30);
    expect(told).toEqual([]);
    await at(31, 27);
    expect(told).toEqual(["31s 27"]);
  });

  it("do not hold back the repetition of pmax, which is the new reference", async () => {
    const { at, told } = await observed("st=5&pmax=10");
    await at(5, 25);
    await at(12, 29);
    await at(15, 30.5);
    expect(told).toEqual(["10s 25", "15s 30.5"]);
  });

  it("of a Resource do not filter what is told of its Instance", async () => {
    const here = await observed("", "/3303/0");
    await here.server.ask("PUT", { path: VALUE, query: ["gt=100"] });
    await here.at(1, 23);
    expect(here.told).toEqual(["1s 23"]);
  });
});

describe("many observations", () => {
  it("each go by their own attributes", async () => {
    const here: Station = await station({ account: { lifetime: 86_400 } }).registered();
    await here.server.ask("PUT", { path: VALUE, query: ["st=10"] });
    const single = here.server.send("GET", { path: VALUE, observe: 0 });
    const whole = here.server.send("GET", { path: "/3303/0", observe: 0 });
    for (const value of [25, 28, 33]) here.set([3303, 0, 5700], value);
    expect(here.server.answers(single)).toHaveLength(2);
    expect(here.server.answers(whole)).toHaveLength(4);
  });

  it("leave no timer behind when they end", async () => {
    const here = await observed("pmin=10&pmax=20");
    await here.at(1, 23);
    await here.server.ask("GET", { path: VALUE, observe: 1, accept: 110, token: here.token });
    const before = here.server.responses.length;
    await here.at(300);
    expect(here.server.responses).toHaveLength(before);
  });
});
