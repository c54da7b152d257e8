/** The gateway stops and starts again on what it has kept: nobody upstream is told of a new device. */

import { describe, expect, it } from "vitest";
import { fields, MemoryStore, Rig, type RigOptions } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { json, line, readText, readTlv, serviceHex, tag } from "../support/journey.ts";

const TAG = "radio/CB:B8:33:4C:88:4F";
const NAME = "ruuvi-cbb8334c884f";
const RULES = [{ adapter: "radio" }, { adapter: "sim" }];

async function run(store: MemoryStore, options: RigOptions = {}) {
  const clock = options.clock ?? new FakeClock();
  const fleet = new Fleet(clock);
  const rig = await Rig.start({ rules: RULES, clock, store, connect: fleet.connect, ...options });
  await clock.advance(2_000);
  return { rig, clock, fleet, hear: (source: string, frame: Parameters<Rig["heard"]>[1]) => rig.heard(source, frame) };
}

async function stop({ rig, clock }: { rig: Rig; clock: FakeClock }): Promise<void> {
  const stopping = rig.gateway.stop();
  await clock.advance(5_000);
  await stopping;
}

/** Sensors of every kind of address: a radio's, a line's with channels, a topic. */
const ALL = [
  [TAG, tag(20, 1), NAME],
  ["radio/A4:C1:38:CF:01:56", serviceHex("181a", "5601CF38C1A4 4008 BD13 470C 64 CC 0F"), "atc-a4c138cf0156"],
  ["radio/ttyUSB0", line("T1,21.5,40.1,3021"), "csv-ttyusb0-t1"],
  ["radio/ttyUSB0", line("T2,22.5,41.1,3021"), "csv-ttyusb0-t2"],
  ["radio/zigbee2mqtt/desk", json("zigbee2mqtt/desk", { state: "ON", power: 3 }), "zb-desk"],
  ["radio/tele/shed/SENSOR", json("tele/shed/SENSOR", { DS18B20: { Temperature: 9 } }), "tasmota-shed"],
  ["sim/sim-1", fields({ model: "climate", temperature: 20, humidity: 40 }), "sim-1"],
] as const;
const NAMES = ALL.map(([, , name]) => name);

describe("a gateway that is started again", () => {
  it("brings the same endpoints from the same ports, before any of them was heard", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    for (const [source, frame] of ALL) await first.hear(source, frame);
    await first.clock.advance(2_000);
    expect(first.fleet.registered).toEqual(["gw", ...NAMES].sort());
    await stop(first);
    expect(first.fleet.registered).toEqual([]);

    const second = await run(store);
    expect(second.fleet.registered).toEqual(["gw", ...NAMES].sort());
    const given = ["gw", ...NAMES].map((endpoint, i) => [endpoint, 50_000 + i]);
    const asked = second.fleet.ports.map(({ endpoint, asked }) => [endpoint, asked]);
    expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(given));
  });

  it("knows each of them when it speaks, and takes nobody in a second time", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    for (const [source, frame] of ALL) await first.hear(source, frame);
    await stop(first);
    const second = await run(store);
    for (const [source, frame] of ALL) await second.hear(source, frame);
    await second.clock.advance(5_000);
    expect(second.rig.gateway.status()).toMatchObject({ inbox: 0, sensors: { total: ALL.length, live: ALL.length } });
    expect(second.fleet.count("register")).toBe(ALL.length + 1);
    expect(await readText(second.fleet.server("csv-ttyusb0-t2"), "/3303/0/5700")).toBe("22.5");
    expect(await readText(second.fleet.server("csv-ttyusb0-t1"), "/3303/0/5700")).toBe("21.5");
    expect(await readText(second.fleet.server("tasmota-shed"), "/3303/0/5700")).toBe("9.0");
  });

  it("has no values before they are heard: nothing old is shown as new", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    await first.hear(TAG, tag(20, 1));
    await stop(first);
    const second = await run(store);
    const server = second.fleet.server(NAME);
    expect((await server.ask("GET", { path: "/3303/0/5700" })).code).toBe("4.04");
    expect(await readTlv(server, "/3303/0")).toEqual({
      ...{ "/3303/0/5603": -40, "/3303/0/5604": 85, "/3303/0/5701": "Cel" },
    });
    // What is not there yet can be observed all the same, once it is.
    await second.hear(TAG, tag(21, 1));
    expect(await readText(server, "/3303/0/5700")).toBe("21.0");
  });

  it("keeps labels, and what servers have stored with its sensors", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    await first.hear(TAG, tag(20, 1));
    first.rig.gateway.rename(NAME, "Freezer 2");
    const server = first.fleet.server(NAME);
    const answer = await server.ask("PUT", { path: "/3303/0/5750", format: 0, payload: "freezer" });
    expect(answer.code).toBe("2.04");
    await stop(first);
    const second = await run(store);
    expect(second.rig.gateway.sensor(NAME)?.label).toBe("Freezer 2");
    expect(await readText(second.fleet.server(NAME), "/3303/0/5750")).toBe("freezer");
    await second.hear(TAG, tag(20, 2));
    expect(await readText(second.fleet.server(NAME), "/3303/0/5750")).toBe("freezer");
  });

  it("keeps what was stored even if it is killed, two seconds later", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    await first.hear(TAG, tag(20, 1));
    await first.fleet.server(NAME).ask("PUT", { path: "/3303/0/5750", format: 0, payload: "freezer" });
    first.rig.gateway.rename(NAME, "Freezer 2");
    await first.clock.advance(2_100);
    const second = await run(new MemoryStore(store.text));
    expect(second.rig.gateway.sensor(NAME)?.label).toBe("Freezer 2");
    expect(await readText(second.fleet.server(NAME), "/3303/0/5750")).toBe("freezer");
  });

  it("does not bring back what was removed, though its rule is still there", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    await first.hear(TAG, tag(20, 1));
    const removing = first.rig.gateway.remove(NAME);
    await first.clock.advance(1_000);
    expect(await removing).toBe(true);
    await first.hear(TAG, tag(20, 2));
    await stop(first);
    const second = await run(store);
    await second.hear(TAG, tag(20, 3));
    await second.clock.advance(10_000);
    expect(second.fleet.registered).toEqual(["gw"]);
    expect(second.rig.gateway.inbox().map(({ source }) => source)).toEqual([TAG]);
  });

  it("lets a sensor of its config go when a person removes it, until the config is read again", async () => {
    const store = new MemoryStore();
    const options = { rules: [], sensors: [{ source: TAG, label: "Freezer 2" }] };
    const first = await run(store, options);
    await first.hear(TAG, tag(20, 1));
    const removing = first.rig.gateway.remove(NAME);
    await first.clock.advance(1_000);
    expect(await removing).toBe(true);
    await first.hear(TAG, tag(20, 2));
    expect(first.rig.gateway.status()).toMatchObject({ inbox: 1, sensors: { total: 0 } });
    await stop(first);
    const second = await run(store, options);
    await second.hear(TAG, tag(20, 3));
    expect(second.rig.gateway.sensor(NAME)).toMatchObject({ label: "Freezer 2" });
  });

  it("does not know a name that was never written, as when the disk is full, and says so", async () => {
    const store = new MemoryStore();
    store.fails = true;
    const first = await run(store);
    await first.hear(TAG, tag(20, 1));
    await first.clock.advance(10_000);
    expect(first.fleet.registered).toEqual(["gw", NAME]);
    expect(first.rig.log.events("error")).toContain("roster-not-written");
    store.fails = false;
    await first.clock.advance(10_000);
    expect(store.text).toContain(NAME);
  });

  it("is not held up by a server that is away", async () => {
    const store = new MemoryStore();
    const first = await run(store);
    for (const [source, frame] of ALL) await first.hear(source, frame);
    await stop(first);
    const clock = new FakeClock();
    const fleet = new Fleet(clock);
    fleet.up = false;
    const rig = await Rig.start({ rules: RULES, clock, store, connect: fleet.connect });
    await rig.heard(TAG, tag(20, 1));
    expect(rig.gateway.status().sensors).toMatchObject({ total: ALL.length, live: 1 });
  });
});

describe("an endpoint name", () => {
  it("is not changed by a new label, nor is any server told", async () => {
    const here = await run(new MemoryStore());
    await here.hear(TAG, tag(20, 1));
    // The gateway's own endpoint tells of the new sensor by Object 25.
    await here.clock.advance(5_000);
    const before = here.fleet.happened.length;
    expect(here.rig.gateway.rename(NAME, "Freezer 2")).toBe(true);
    await here.clock.advance(60_000);
    expect(here.fleet.happened.length).toBe(before);
    expect(here.rig.gateway.sensor(NAME)).toMatchObject({ endpoint: NAME, label: "Freezer 2" });
  });

  it("belongs to one sensor: the second that asks for it is refused, now and after a restart", async () => {
    const store = new MemoryStore();
    const first = await run(store, { rules: [{ adapter: "sim" }] });
    await first.hear("sim/sim-1", fields({ model: "climate", temperature: 20 }));
    await first.hear(TAG, tag(20, 1));
    for (const endpoint of ["sim-1", "gw"]) {
      const result = await first.rig.gateway.adopt(TAG, { endpoint });
      expect(result).toMatchObject({ ok: false, why: "conflict" });
    }
    await first.hear("radio/sim-1", fields({ model: "climate", temperature: 5 }));
    expect(await first.rig.gateway.adopt("radio/sim-1")).toMatchObject({ ok: false, why: "conflict" });
    expect(await readText(first.fleet.server("sim-1"), "/3303/0/5700")).toBe("20.0");
    await stop(first);
    const second = await run(store, { rules: [{}] });
    await second.hear("radio/sim-1", fields({ model: "climate", temperature: 5 }));
    expect(second.fleet.registered).toEqual(["gw", "sim-1"]);
    expect(second.rig.gateway.inbox().map(({ source }) => source)).toEqual(["radio/sim-1"]);
  });

  it("given by a person outlives restarts, and frames that would mint another", async () => {
    const store = new MemoryStore();
    const first = await run(store, { rules: [] });
    await first.hear(TAG, tag(20, 1));
    expect(await first.rig.gateway.adopt(TAG, { endpoint: "freezer" })).toMatchObject({ ok: true });
    await stop(first);
    const second = await run(store);
    await second.hear(TAG, tag(21, 2));
    expect(second.fleet.registered).toEqual(["freezer", "gw"]);
    expect(await readText(second.fleet.server("freezer"), "/3303/0/5700")).toBe("21.0");
  });

  it("of a removed sensor is free for another", async () => {
    const here = await run(new MemoryStore(), { rules: [] });
    await here.hear(TAG, tag(20, 1));
    await here.rig.gateway.adopt(TAG, { endpoint: "freezer" });
    const removing = here.rig.gateway.remove("freezer");
    await here.clock.advance(500);
    await removing;
    const other = "radio/CB:B8:33:4C:88:50";
    await here.hear(other, tag(4, 1));
    expect(await here.rig.gateway.adopt(other, { endpoint: "freezer" })).toMatchObject({ ok: true });
    await here.clock.advance(500);
    expect(here.fleet.registered).toEqual(["freezer", "gw"]);
    expect(await readText(here.fleet.server("freezer"), "/3303/0/5700")).toBe("4.0");
  });
});
