/** Devices that turn out to have more than they first said: their servers are told, once, and nothing else changes. */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { Rig, type RigOptions } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { announced, json, links, observe, observeAll, readSenml, readText, readTlv } from "../support/journey.ts";

const NODE = "radio/tele/shed/SENSOR";
const NAME = "tasmota-shed";
const says = (values: object) => json("tele/shed/SENSOR", { Time: "2026-01-02T03:04:05", ...values, TempUnit: "C" });
const probe = (temperature: number) => ({ DS18B20: { Temperature: temperature } });

async function gateway(options: RigOptions = {}) {
  const clock = new FakeClock();
  const fleet = new Fleet(clock);
  const rig = await Rig.start({ rules: [{ adapter: "radio" }], clock, connect: fleet.connect, ...options });
  return { rig, clock, fleet };
}

describe("a node that gets another sensor wired to it", () => {
  it("tells its server in one Update which Objects there are now", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says(probe(9)));
    await clock.advance(2_000);
    expect(announced(fleet.server(NAME))).toEqual(["/1/0", "/3/0", "/3303/0"]);
    const before = fleet.count("update", NAME);
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5, Humidity: 71 } }));
    await clock.advance(2_000);
    expect(fleet.count("update", NAME) - before).toBe(1);
    expect(announced(fleet.server(NAME))).toEqual(["/1/0", "/3/0", "/3303/0", "/3303/1", "/3304/0"]);
    const told = fleet.server(NAME).requests.at(-1);
    expect(told?.format).toBe(Format.LinkFormat);
    expect(links(told?.text ?? "").get("/3304")).toBe("ver=1.1");
    expect(fleet.count("register", NAME)).toBe(1);
  });

  it("says no more of it afterwards", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says(probe(9)));
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5, Humidity: 71 } }));
    await clock.advance(2_000);
    const before = fleet.happened.length;
    for (let i = 0; i < 10; i++) {
      await rig.heard(NODE, says({ ...probe(10 + i), SHT3X: { Temperature: 9.5, Humidity: 71 + i } }));
      await clock.advance(5_000);
    }
    expect(fleet.happened.length).toBe(before);
  });

  it("keeps each sensor at the Instance where it was first shown", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says(probe(9)));
    await rig.heard(NODE, says({ SHT3X: { Temperature: 20 }, ...probe(9) }));
    await rig.heard(NODE, says({ SHT3X: { Temperature: 21 } }));
    await clock.advance(1_000);
    const server = fleet.server(NAME);
    expect([await readText(server, "/3303/0/5700"), await readText(server, "/3303/1/5700")]).toEqual(["9.0", "21.0"]);
  });

  it("tells who observes the Object of the new Instance, and who observes the old one of nothing", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says(probe(9)));
    await clock.advance(1_000);
    const whole = observe(fleet.server(NAME), "/3303", Format.SenmlJson);
    const old = await observeAll(fleet.server(NAME), "/3303/0/5700");
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5 } }));
    await clock.advance(1_000);
    expect(whole.newest()?.text).toContain("/3303/1/5700".slice("/3303/".length));
    expect(old.texts()).toEqual(["9.0"]);
  });

  it("while its server is away tells all of it when that is back", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says(probe(9)));
    await clock.advance(1_000);
    fleet.up = false;
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5, Humidity: 71 } }));
    await clock.advance(10 * 60_000);
    fleet.up = true;
    await clock.advance(7 * 60_000);
    expect(announced(fleet.server(NAME))).toEqual(["/1/0", "/3/0", "/3303/0", "/3303/1", "/3304/0"]);
    expect(fleet.registered).toContain(NAME);
  });

  it("doubts only what has fallen silent with the whole node", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5, Humidity: 71 } }));
    await clock.advance(12 * 60_000);
    for (const instance of ["/3303/0", "/3303/1", "/3304/0"])
      expect(await readTlv(fleet.server(NAME), instance)).toMatchObject({ [`${instance}/6042`]: 3 });
    await rig.heard(NODE, says({ ...probe(9), SHT3X: { Temperature: 9.5, Humidity: 71 } }));
    for (const instance of ["/3303/0", "/3303/1", "/3304/0"])
      expect(await readTlv(fleet.server(NAME), instance)).toMatchObject({ [`${instance}/6042`]: 4 });
  });

  it("resets the extremes of one Instance and leaves the other's", async () => {
    const { rig, clock, fleet } = await gateway();
    for (const temperature of [9, 12, 10])
      await rig.heard(NODE, says({ ...probe(temperature), SHT3X: { Temperature: temperature + 20 } }));
    await clock.advance(1_000);
    const server = fleet.server(NAME);
    expect((await server.ask("POST", { path: "/3303/1/5605" })).code).toBe("2.04");
    expect(await readTlv(server, "/3303/0")).toMatchObject({ "/3303/0/5601": 9, "/3303/0/5602": 12 });
    expect(await readTlv(server, "/3303/1")).toMatchObject({ "/3303/1/5601": 30, "/3303/1/5602": 30 });
  });

  it("that invents a new name in every message fills neither the tree nor the registration", async () => {
    const { rig, clock, fleet } = await gateway();
    for (let i = 0; i < 2_000; i++) rig.hear(NODE, says({ [`X${i}`]: { Temperature: i % 100, Humidity: 50 } }));
    await clock.advance(3_000);
    const instances = announced(fleet.server(NAME));
    expect(instances.length).toBeLessThanOrEqual(2 + 64);
    expect(fleet.registered).toContain(NAME);
    // What was there first is still served.
    const whole = await readSenml(fleet.server(NAME), "/3303/0", 110);
    expect(whole.get("/3303/0/5700")?.value).toBe(0);
    expect(rig.log.events("error")).toEqual([]);
  });
});

describe("lines of one serial port", () => {
  const PORT = "radio/ttyUSB0";
  const text = (line: string) => ({ kind: "text", text: line }) as const;

  it("belong to the sensors that they name, and what cannot be read to none", async () => {
    const { rig, clock, fleet } = await gateway();
    await rig.heard(PORT, text("T1,21.5,40.1,3021"));
    await rig.heard(PORT, text("T2,22.5,41.1,3021"));
    for (const line of ["T1,-,40,3000", "T3,1.2.3,4,5", "T1,21.5", "T1,,,", "garbage", "T9,-,,"])
      await rig.heard(PORT, text(line));
    await clock.advance(1_000);
    expect(fleet.registered).toEqual(["csv-ttyusb0-t1", "csv-ttyusb0-t2", "gw"]);
    expect(await readText(fleet.server("csv-ttyusb0-t1"), "/3303/0/5700")).toBe("21.5");
    expect(await readText(fleet.server("csv-ttyusb0-t2"), "/3303/0/5700")).toBe("22.5");
    expect(rig.log.events("error")).toEqual([]);
    // Three are lines of the logger that name no sensor; the others are of nobody known.
    expect(rig.gateway.status().counters).toMatchObject({ malformed: 3, updated: 3 });
    expect(rig.gateway.inbox().map(({ definition }) => definition)).toEqual([undefined]);
  });
});
