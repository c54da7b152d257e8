/** Starting, staying and leaving, with many sensors. */

import { describe, expect, it } from "vitest";
import { fields, MemoryStore, Rig, ruuvi, TAG } from "./rig.ts";

const RULES = [{ adapter: "sim" }];
const climate = fields({ model: "climate", temperature: 20, humidity: 40 });

function rosterOf(count: number): MemoryStore {
  const sensors = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      source: `sim/sim-${i}`,
      endpoint: `sim-${i}`,
      definition: "isthmus.sim.climate",
      label: `Sensor ${i}`,
      by: "rule",
      adoptedAt: "2026-06-01T12:00:00.000Z",
    }),
  );
  return new MemoryStore(`{"version":1,"self":{},"dismissed":[],"sensors":[${sensors.join(",")}]}`);
}

const registered = (rig: Rig) => rig.gateway.status().servers[0]?.registered ?? 0;

describe("a thousand sensors", () => {
  it("register within three seconds, and not all at once", async () => {
    const rig = await Rig.start({ store: rosterOf(1_000) });
    expect(registered(rig)).toBeLessThan(150);
    await rig.clock.advance(1_000);
    expect(registered(rig)).toBeGreaterThan(400);
    expect(registered(rig)).toBeLessThan(650);
    await rig.clock.advance(1_500);
    expect(registered(rig)).toBe(1_001);
  });

  it("are all de-registered within five seconds when the gateway stops", async () => {
    const rig = await Rig.start({ store: rosterOf(400), startsPerSecond: 100_000 });
    await rig.clock.advance(1_000);
    let stopped = false;
    const stopping = rig.gateway.stop().then(() => (stopped = true));
    await rig.clock.advance(5_000);
    expect(stopped).toBe(true);
    await stopping;
    const gone = [...rig.servers.values()].filter(({ log }) => log.at(-1)?.startsWith("DELETE /rd/") === true);
    expect(gone).toHaveLength(401);
  });

  it("hold up the stop no longer than five seconds when no server answers", async () => {
    const rig = await Rig.start({ store: rosterOf(400), startsPerSecond: 100_000 });
    await rig.clock.advance(1_000);
    for (const { near } of rig.wires) near.fate = () => "drop";
    let stopped = false;
    const stopping = rig.gateway.stop().then(() => (stopped = true));
    await rig.clock.advance(5_000);
    expect(stopped).toBe(true);
    await stopping;
  });
});

describe("a sensor", () => {
  it("removed while it waits for its turn never registers", async () => {
    const rig = await Rig.start({ store: rosterOf(500), startsPerSecond: 50 });
    expect(await rig.gateway.remove("sim-499")).toBe(true);
    await rig.clock.advance(15_000);
    expect(rig.servers.has("sim-499")).toBe(false);
    expect(rig.servers.has("sim-498")).toBe(true);
  });

  it("is removed within five seconds also if its server is silent", async () => {
    const rig = await Rig.start({ rules: RULES });
    await rig.heard("sim/sim-1", climate);
    for (const { near } of rig.wires) near.fate = () => "drop";
    let removed = false;
    const removing = rig.gateway.remove("sim-1").then((answer) => (removed = answer));
    await rig.clock.advance(5_100);
    expect(removed).toBe(true);
    await removing;
  });

  it("whose server refuses it says why, in words, and tries again", async () => {
    const rig = new Rig({ rules: RULES });
    rig.verdict = (request) => (request.path === "/rd" ? { code: 0x83 } : undefined);
    await rig.gateway.start();
    await rig.heard("sim/sim-1", climate);
    const { registration } = rig.gateway.sensor("sim-1") ?? {};
    expect(registration).toMatchObject({ state: "waiting", lastError: "4.03 Forbidden" });
    expect(registration?.nextAttemptAt).toBeDefined();
    const [problem] = rig.gateway.status().problems;
    expect(problem).toMatchObject({
      what: "No endpoint is registered at coap://server: 4.03 Forbidden.",
      next: "The server does not admit this endpoint name: enter it there first.",
    });
    await rig.clock.advance(20_000);
    expect(rig.told("sim-1").length).toBeGreaterThan(2);
  });

  it("stands at every server that is configured, from a port of its own", async () => {
    const accounts = ["coap://one", "coap://two"].map((uri, i) => ({ uri, lifetime: 300, shortServerId: i + 1 }));
    const rig = await Rig.start({ rules: RULES, accounts });
    await rig.heard("sim/sim-1", climate);
    expect(rig.wires.filter(({ endpoint }) => endpoint === "sim-1").map(({ uri }) => uri)).toEqual([
      "coap://one",
      "coap://two",
    ]);
    expect(rig.gateway.status().servers).toMatchObject([
      { uri: "coap://one", registered: 2, endpoints: 2 },
      { uri: "coap://two", registered: 2, endpoints: 2 },
    ]);
    await rig.gateway.stop();
    expect(rig.store.text).toContain('"ports":{"coap://one":40002,"coap://two":40003}');
  });
});

describe("bad input", () => {
  it("is counted, said once with its place, and does not touch the sensor", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi());
    const short = { ...ruuvi(), manufacturer: [[0x0499, Uint8Array.of(5, 1, 2)]] as const };
    await rig.heard(`radio/${TAG}`, {
      kind: "advert",
      services: new Map(),
      serviceUuids: [],
      manufacturer: short.manufacturer,
    });
    expect(rig.value("ruuvi-cbb8334c884f", "/3303/0/5700")).toBe(24.3);
    expect(rig.gateway.status().counters["frames"]).toBe(2);
  });

  it("of a million strange addresses leaves memory flat and other sensors alone", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*", rssi: -60 }] });
    await rig.heard(`radio/${TAG}`, ruuvi(), -50);
    for (let i = 0; i < 100_000; i++) rig.hear(`radio/${i}`, ruuvi(i & 0xffff), -90);
    await rig.heard(`radio/${TAG}`, ruuvi(206), -50);
    expect(rig.gateway.status()).toMatchObject({ inbox: 200, sensors: { total: 1, live: 1 } });
    expect(rig.gateway.status().counters).toMatchObject({ updated: 2, strangers: 100_001 });
  });
});

describe("a frame", () => {
  it("of an adopted sensor costs microseconds, not more", async () => {
    const rig = await Rig.start({ rules: RULES });
    await rig.heard("sim/sim-1", climate);
    const frames = Array.from({ length: 1_000 }, (_, i) =>
      fields({ model: "climate", temperature: 20 + (i % 10), humidity: 40 }),
    );
    for (let turn = 0; turn < 20; turn++) for (const payload of frames) rig.hear("sim/sim-1", payload);
    const began = performance.now();
    for (let turn = 0; turn < 20; turn++) for (const payload of frames) rig.hear("sim/sim-1", payload);
    const each = (performance.now() - began) / 20;
    // The goal is 10 µs; a busy machine may take several times as long.
    expect(each).toBeLessThan(100);
  });
});
