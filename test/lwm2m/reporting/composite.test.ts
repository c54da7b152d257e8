import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { type Station, station, thermometer } from "../../support/station.ts";
import { nodesOf, VALUE, watch, watchAll } from "./watching.ts";

const NEWEST = { lifetime: 86_400, version: "1.2" } as const;
const BATTERY = "/3/0/9";

const newest = (): Promise<Station> => station({ account: NEWEST }).registered();
const shown = (heard: { payload: Uint8Array; format: number | undefined }) =>
  Object.fromEntries(nodesOf(heard).map(({ path: at, value }) => [at, value]));

describe("Observe-Composite (LwM2M Core 1.2 §6.4.4)", () => {
  it("answers with all paths, and tells all of them when one changes", async () => {
    const here = await newest();
    const { first, told } = await watchAll(here, [VALUE, BATTERY]);
    expect(first).toMatchObject({ code: "2.05", type: "ACK", format: Format.SenmlJson });
    expect(first.observe).toBeTypeOf("number");
    expect(shown(first)).toEqual({ [VALUE]: 22, [BATTERY]: 87 });
    here.set([3303, 0, 5700], 23);
    here.set([3, 0, 9], 86);
    here.set([3303, 0, 5701], "K");
    expect(told().map(shown)).toEqual([
      { [VALUE]: 23, [BATTERY]: 87 },
      { [VALUE]: 23, [BATTERY]: 86 },
    ]);
    expect(here.client.registration.observations).toBe(1);
  });

  it("tells one reading that changes several paths once", async () => {
    const here = await newest();
    const { told } = await watchAll(here, [VALUE, BATTERY]);
    const at = here.clock.now();
    here.tree.setAll([
      { path: path(3303, 0, 5700), value: 1, at },
      { path: path(3, 0, 9), value: 2, at },
    ]);
    expect(told().map(shown)).toEqual([{ [VALUE]: 1, [BATTERY]: 2 }]);
  });

  it("leaves out what is not there, and shows it when it comes (E61)", async () => {
    const here = await newest();
    const { first, told } = await watchAll(here, [VALUE, "/3304/0/5700", "/3304"]);
    expect(shown(first)).toEqual({ [VALUE]: 22 });
    here.tree.addInstance(path(3304, 0));
    here.set([3304, 0, 5700], 50);
    expect(shown(told().at(-1)!)).toEqual({ [VALUE]: 22, "/3304/0/5700": 50 });
    here.tree.removeInstance(path(3304, 0));
    expect(told().at(-1)!).toMatchObject({ code: "2.05" });
    expect(shown(told().at(-1)!)).toEqual({ [VALUE]: 22 });
  });

  it("may observe what is not there at all", async () => {
    const here = await newest();
    const { first, told } = await watchAll(here, ["/3304/0/5700"]);
    expect(first).toMatchObject({ code: "2.05", text: "[]" });
    here.tree.addInstance(path(3304, 0));
    here.set([3304, 0, 5700], 50);
    expect(shown(told().at(-1)!)).toEqual({ "/3304/0/5700": 50 });
  });

  it("shows each value once, however many of the paths it lies below, and no keys", async () => {
    const here = await newest();
    const { first } = await watchAll(here, ["/3303/0", VALUE, "/3303"]);
    expect(nodesOf(first).map(({ path: at }) => at)).toEqual(["/3303/0/5700", "/3303/0/5701"]);
  });

  it("goes by the conditions of each path: one that is met is enough", async () => {
    const here = await newest();
    await here.server.ask("PUT", { path: VALUE, query: ["st=5"] });
    await here.server.ask("PUT", { path: BATTERY, query: ["lt=20"] });
    const { told } = await watchAll(here, [VALUE, BATTERY]);
    here.set([3303, 0, 5700], 24);
    here.set([3, 0, 9], 50);
    expect(told()).toEqual([]);
    here.set([3, 0, 9], 19);
    expect(told().map(shown)).toEqual([{ [VALUE]: 24, [BATTERY]: 19 }]);
    // All of it was told: the step counts from there.
    here.set([3303, 0, 5700], 28);
    expect(told()).toHaveLength(1);
    here.set([3303, 0, 5700], 29);
    expect(told()).toHaveLength(2);
  });

  it("waits for the minimum period of what has changed, and repeats after the shortest maximum", async () => {
    const here = await newest();
    await here.server.ask("PUT", { path: VALUE, query: ["pmin=60"] });
    await here.server.ask("PUT", { path: BATTERY, query: ["pmin=10", "pmax=100"] });
    const { told, at } = await watchAll(here, [VALUE, BATTERY]);
    await at(1, 23);
    await at(11);
    expect(told()).toEqual([]);
    here.set([3, 0, 9], 80);
    await at(12);
    expect(told().map(shown)).toEqual([{ [VALUE]: 23, [BATTERY]: 80 }]);
    await at(13, 24);
    await at(70);
    expect(told()).toHaveLength(1);
    await at(72);
    expect(told()).toHaveLength(2);
    await at(170);
    expect(told()).toHaveLength(2);
    await at(173);
    expect(told()).toHaveLength(3);
  });

  it("carries periods of its own, which go before those attached; conditions of the values stay", async () => {
    const here = await newest();
    await here.server.ask("PUT", { path: "/3303", query: ["pmin=600"] });
    await here.server.ask("PUT", { path: VALUE, query: ["st=5"] });
    const { told, at } = await watchAll(here, [VALUE, BATTERY], ["pmin=10", "con=1"]);
    await at(11, 24);
    expect(told()).toEqual([]);
    await at(12, 30);
    expect(told().map(({ type }) => type)).toEqual(["CON"]);
  });

  it.each(["gt=1", "st=1", "edge=1", "nonsense=1"])("refuses %s, which is about one value", async (query) => {
    const here = await newest();
    expect((await watchAll(here, [VALUE], [query])).first.code).toBe("4.00");
    expect(here.client.registration.observations).toBe(0);
  });

  it("is refused where there are too many paths", async () => {
    const here = await newest();
    const paths = (count: number) => Array.from({ length: count }, (_, i) => `/3303/${i}/5700`);
    expect((await watchAll(here, paths(64))).first.code).toBe("2.05");
    expect(here.client.registration.observations).toBe(1);
    expect((await watchAll(here, paths(65))).first.code).toBe("4.00");
    expect(here.client.registration.observations).toBe(1);
  });

  it("ends by FETCH with Observe=1, which is answered like a Read", async () => {
    const here = await newest();
    const { token, told } = await watchAll(here, [VALUE]);
    const payload = JSON.stringify([{ n: VALUE }]);
    const question = { path: "/", observe: 1, format: 110, accept: 110, payload, token } as const;
    expect(await here.server.ask("FETCH", question)).toMatchObject({ code: "2.05", observe: undefined });
    here.set([3303, 0, 5700], 30);
    expect(told()).toHaveLength(1);
    expect(here.client.registration.observations).toBe(0);
  });

  it("stands beside observations of the same paths", async () => {
    const here = await newest();
    const all = await watchAll(here, [VALUE, BATTERY]);
    const one = await watch(here);
    here.set([3303, 0, 5700], 30);
    here.set([3, 0, 9], 30);
    expect([all.told().length, one.told().length]).toEqual([2, 1]);
  });

  it("compares each Instance of a multiple Resource with what was told of it", async () => {
    const here = await station({
      account: NEWEST,
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.set(path(3, 0, 7, 1), 5_000, clock.now());
      },
    }).registered();
    await here.server.ask("PUT", { path: "/3/0/7", query: ["st=100"] });
    const { told } = await watch(here, "/3/0/7");
    here.set([3, 0, 7, 0], 3_000);
    here.set([3, 0, 7, 1], 5_050);
    expect(told()).toEqual([]);
    here.set([3, 0, 7, 1], 5_100);
    expect(told().map(shown)).toEqual([{ "/3/0/7/0": 3_000, "/3/0/7/1": 5_100 }]);
    here.set([3, 0, 7, 2], 1);
    expect(told()).toHaveLength(2);
  });
});
