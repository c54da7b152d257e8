/** A sensor falls silent and comes back, as its server sees it: quality, error code, and the age of every value. */

import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { Rig } from "../gateway/rig.ts";
import { json, observe, observeAll, readSenml, readText, readTlv, tag } from "../support/journey.ts";
import { senmlJson } from "../support/payloads.ts";

const TAG = "radio/CB:B8:33:4C:88:4F";
const NAME = "ruuvi-cbb8334c884f";
/** Of ruuvi.tag.df5. */
const STALE_MS = 90_000;
const GONE_MS = 900_000;

describe("a tag that falls silent", () => {
  let rig: Rig;
  let heardAt: number;

  beforeEach(async () => {
    rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    heardAt = rig.clock.now().ms / 1_000;
    await rig.heard(TAG, tag(21.5, 1));
  });
  const server = () => rig.server(NAME);

  it("is doubted after its patience, then gone, and the observers hear of each", async () => {
    const quality = observe(server(), "/3303/0/6042");
    const error = observe(server(), "/3/0/11/0");
    await rig.clock.advance(STALE_MS - 1_000);
    expect(quality.texts()).toEqual(["4"]);
    await rig.clock.advance(3_000);
    expect(quality.texts()).toEqual(["4", "3"]);
    expect(error.texts()).toEqual(["0"]);
    await rig.clock.advance(GONE_MS - STALE_MS);
    // Each is the last before a silence, and confirmed: told twice.
    expect(quality.texts()).toEqual(["4", "3", "3", "1"]);
    expect(error.texts()).toEqual(["0", "8"]);
    await rig.heard(TAG, tag(22, 2));
    expect(quality.texts()).toEqual(["4", "3", "3", "1", "4"]);
    expect(error.texts()).toEqual(["0", "8", "0"]);
  });

  it("is doubted in every Object that it measures", async () => {
    await rig.clock.advance(STALE_MS + 3_000);
    for (const instance of ["/3303/0", "/3304/0", "/3315/0", "/3313/0"])
      expect(await readTlv(server(), instance)).toMatchObject({ [`${instance}/6042`]: 3 });
  });

  it("keeps its last values, and 5518 says how old they are", async () => {
    await rig.clock.advance(GONE_MS + 3_000);
    expect(await readTlv(server(), "/3303/0")).toMatchObject({
      "/3303/0/5700": 21.5,
      "/3303/0/5518": Math.floor(heardAt),
      "/3303/0/6042": 1,
    });
  });

  it.each([110, 112] as const)("shows the time of measurement with a single value in format %i", async (format) => {
    await rig.clock.advance(STALE_MS + 3_000);
    const [value] = (await readSenml(server(), "/3303/0/5700", format)).values();
    expect(value?.time).toBeCloseTo(heardAt, 3);
  });

  it.each([110, 112] as const)("does not pass old values for new ones in an Instance in format %i", async (format) => {
    await rig.clock.advance(STALE_MS + 500);
    await rig.clock.advance(1_000);
    const read = await readSenml(server(), "/3303/0", format);
    expect(read.get("/3303/0/6042")?.value).toBe(3);
    expect(read.get("/3303/0/5700")?.time).toBeCloseTo(heardAt, 3);
  });

  it("tells an observer of the Instance of its silence, but not as if it had just measured", async () => {
    const instance = observe(server(), "/3303/0", Format.SenmlJson);
    await rig.clock.advance(STALE_MS + 3_000);
    const told = senmlJson(instance.newest()?.text ?? "");
    expect(instance.all()).toHaveLength(2);
    expect(told.get("/3303/0/6042")?.value).toBe(3);
    expect(told.get("/3303/0/5700")?.time).toBeCloseTo(heardAt, 3);
  });

  it("stays registered, and updates in time, for a day", async () => {
    await rig.clock.advance(86_400_000);
    expect(rig.gateway.sensor(NAME)).toMatchObject({ liveness: "gone", registration: { state: "registered" } });
    expect(rig.told(NAME).filter((each) => each === "POST /rd")).toHaveLength(1);
    expect(rig.told(NAME).filter((each) => each === "POST /rd/r1").length).toBeGreaterThan(86_400 / 300);
  });

  it("tells its value again after pmax with the time it was measured", async () => {
    await server().ask("PUT", { path: "/3303/0/5700", query: ["pmax=60"] });
    const value = observe(server(), "/3303/0/5700", Format.SenmlJson);
    await rig.clock.advance(61_000);
    expect(value.all()).toHaveLength(2);
    const [told] = senmlJson(value.newest()?.text ?? "").values();
    expect(told?.value).toBe(21.5);
    expect(told?.time).toBeCloseTo(heardAt, 3);
  });

  it("that only says that it has no value is alive, and its value rejected", async () => {
    const value = await observeAll(server(), "/3303/0/5700");
    const quality = observe(server(), "/3303/0/6042");
    await rig.clock.advance(5_000);
    await rig.heard(TAG, tag(undefined, 2));
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("live");
    expect(value.texts()).toEqual(["21.5"]);
    expect(quality.texts()).toEqual(["4", "1"]);
    expect(await readTlv(server(), "/3303/0")).toMatchObject({
      ...{ "/3303/0/5700": 21.5, "/3303/0/5601": 21.5, "/3303/0/5602": 21.5, "/3303/0/5518": Math.floor(heardAt) },
    });
    expect(await readText(server(), "/3304/0/6042")).toBe("4");
  });

  it("and a jump of the wall clock do not add up: only its own silence counts", async () => {
    await rig.clock.advance(60_000);
    rig.clock.jump(GONE_MS);
    await rig.clock.advance(20_000);
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("live");
    rig.clock.jump(-10 * GONE_MS);
    await rig.clock.advance(12_000);
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("stale");
  });
});

describe("extremes", () => {
  it("are kept, and begin anew with the last value when a server resets them", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    let sequence = 0;
    const say = async (temperature: number) => {
      await rig.clock.advance(3_000);
      await rig.heard(TAG, tag(temperature, ++sequence));
    };
    for (const temperature of [20, 25, 15, 18]) await say(temperature);
    const server = rig.server(NAME);
    const extremes = async () => {
      const values = await readTlv(server, "/3303/0");
      return [values["/3303/0/5601"], values["/3303/0/5602"]];
    };
    expect(await extremes()).toEqual([15, 25]);
    const minimum = await observeAll(server, "/3303/0/5601");
    expect((await server.ask("POST", { path: "/3303/0/5605" })).code).toBe("2.04");
    expect(await extremes()).toEqual([18, 18]);
    expect(minimum.texts()).toEqual(["15.0", "18.0"]);
    await say(19);
    expect(await extremes()).toEqual([18, 19]);
    // Humidity was not reset, and never moved.
    expect(await readTlv(server, "/3304/0")).toMatchObject({ "/3304/0/5601": 53.49, "/3304/0/5602": 53.49 });
  });
});

describe("what a broker has kept from before", () => {
  it("is shown, but as suspicious, until the sensor speaks itself", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    const source = "radio/zigbee2mqtt/cellar";
    const old = { ...json("zigbee2mqtt/cellar", { temperature: 12.5, humidity: 70 }), retained: true };
    await rig.heard(source, old);
    await rig.clock.advance(1_000);
    expect(await readTlv(rig.server("zb-cellar"), "/3303/0")).toMatchObject({
      ...{ "/3303/0/5700": 12.5, "/3303/0/6042": 3 },
    });
    expect(rig.gateway.sensor("zb-cellar")?.liveness).toBe("waiting");
    await rig.heard(source, json("zigbee2mqtt/cellar", { temperature: 13 }));
    expect(await readTlv(rig.server("zb-cellar"), "/3303/0")).toMatchObject({
      ...{ "/3303/0/5700": 13, "/3303/0/6042": 4 },
    });
    await rig.heard(source, old);
    expect(await readText(rig.server("zb-cellar"), "/3303/0/5700")).toBe("13.0");
  });
});
