/** Every kind of trouble in one sentence: what is wrong, since when, and what a person can do. */

import { describe, expect, it } from "vitest";
import type { GatewayStatus } from "../../src/gateway/status/status.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fields, Rig, ruuvi, TAG, unknownAdvert } from "./rig.ts";

const climate = (temperature: number) => fields({ model: "climate", temperature });
const words = ({ problems }: GatewayStatus) => problems.map(({ what, next }) => `${what} ${next}`);

async function withSensor(options = {}): Promise<Rig> {
  const rig = await Rig.start({ rules: [{ adapter: "sim" }], ...options });
  await rig.heard("sim/sim-1", climate(20));
  await rig.clock.advance(1_000);
  return rig;
}

describe("the status of a gateway", () => {
  it("says nothing of trouble where there is none", async () => {
    const status = (await withSensor()).gateway.status();
    expect(status.problems).toEqual([]);
    expect(status.summary).toMatch(/^The one sensor is live, the server answered \d s ago\.$/);
    expect(status).toMatchObject({ name: "gw", version: "1.2.3", clockTrusted: true, memoryBytes: 50_000_000 });
  });

  it("names an adapter that is down, and one that limps, since when", async () => {
    const rig = await withSensor();
    rig.adapters.states.set("radio", { type: "ble", state: "down", reason: "no adapter hci0", frames: 0 });
    rig.adapters.states.set("sim", { type: "simulator", state: "degraded", reason: "half asleep", frames: 3 });
    const first = rig.gateway.status();
    expect(words(first)).toEqual([
      "Adapter sim is degraded: half asleep. It works, but not as it should.",
      "Adapter radio is down: no adapter hci0. It is tried again by itself; see that what it talks to is there.",
    ]);
    await rig.clock.advance(20_000);
    expect(rig.gateway.status().problems.map(({ since }) => since)).toEqual(first.problems.map(({ since }) => since));
    expect(first.adapters).toMatchObject([
      { name: "sim", health: "degraded", reason: "half asleep" },
      { name: "radio", health: "down", reason: "no adapter hci0" },
    ]);
  });

  it.each([
    [0x80, "4.00", "does it speak LwM2M 1.1?"],
    [0x83, "4.03", "enter it there first"],
    [0x84, "4.04", "check the port"],
    [0xa0, "5.00", "see its log"],
  ])("names a server that answers every registration with %i", async (code, shown, next) => {
    const rig = new Rig({ rules: [{ adapter: "sim" }] });
    rig.verdict = () => ({ code });
    await rig.gateway.start();
    await rig.heard("sim/sim-1", climate(20));
    await rig.clock.advance(2_000);
    const status = rig.gateway.status();
    expect(status.summary).toBe("The one sensor is live, coap://server has not accepted any yet.");
    expect(words(status)).toHaveLength(1);
    expect(words(status)[0]).toContain(`No endpoint is registered at coap://server: ${shown}`);
    expect(words(status)[0]).toContain(next);
    expect(rig.gateway.sensor("sim-1")?.registration.lastError).toContain(shown);
  });

  it("names who fell silent, first doubted and then gone, and forgets it with the next word", async () => {
    const rig = await withSensor();
    const label = rig.gateway.sensor("sim-1")?.label ?? "";
    await rig.clock.advance(24 * 3_600_000);
    const [problem] = rig.gateway.status().problems;
    expect(problem?.what).toBe(`${label} is gone: not heard for 24 h.`);
    expect(problem?.since).toMatch(/^2026-06-01T12:00:0/);
    expect(rig.gateway.status().summary).toMatch(/^0 of 1 sensor live, 1 gone; the server answered/);
    await rig.heard("sim/sim-1", climate(21));
    expect(rig.gateway.status().problems).toEqual([]);
  });

  it("names a clock that nobody has set, and does not let it lie of the start", async () => {
    const clock = new FakeClock();
    clock.trusted = false;
    const rig = new Rig({ clock });
    await rig.gateway.start();
    await rig.clock.advance(60_000);
    expect(words(rig.gateway.status())).toEqual(["The clock of this machine is not set. Check its network time."]);
    rig.clock.trusted = true;
    rig.clock.jump(365 * 86_400_000);
    const { startedAt, uptimeSeconds } = rig.gateway.status();
    expect(uptimeSeconds).toBe(60);
    expect(startedAt).toBe("2027-06-01T12:00:00.000Z");
  });

  it("counts frames, repetitions, strangers and what nobody could read", async () => {
    const rig = await withSensor({ rules: [{ adapter: "sim" }, { definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi(1), -50);
    await rig.heard(`radio/${TAG}`, ruuvi(1), -50);
    await rig.heard("radio/11:22:33:44:55:66", unknownAdvert, -90);
    const { counters, inbox, sensors } = rig.gateway.status();
    expect(counters).toMatchObject({ frames: 4, repeated: 1, malformed: 0, strangers: 3 });
    expect([inbox, sensors.total, sensors.live]).toEqual([1, 2, 2]);
  });
});

describe("two who want the same", () => {
  it("name: the second is told whose it is, and stays in the inbox", async () => {
    const rig = await withSensor();
    await rig.heard(`radio/${TAG}`, ruuvi(), -50);
    for (const endpoint of ["sim-1", "gw"])
      expect(await rig.gateway.adopt(`radio/${TAG}`, { endpoint })).toMatchObject({ ok: false, why: "conflict" });
    expect(rig.gateway.inbox()).toHaveLength(1);
    expect(await rig.gateway.adopt(`radio/${TAG}`, { endpoint: "other" })).toMatchObject({ ok: true });
  });

  it("sensor at the same moment: one gets it, the other is told so", async () => {
    const rig = await withSensor();
    await rig.heard(`radio/${TAG}`, ruuvi(), -50);
    const source = `radio/${TAG}`;
    const both = await Promise.all([
      rig.gateway.adopt(source, { endpoint: "a" }),
      rig.gateway.adopt(source, { endpoint: "b" }),
    ]);
    expect(both.map(({ ok }) => ok)).toEqual([true, false]);
    expect(both[1]).toMatchObject({ why: "conflict", reason: `${source} is already adopted as a` });
  });

  it("removal at the same moment: one removes, the other finds nobody", async () => {
    const rig = await withSensor();
    const both = Promise.all([rig.gateway.remove("sim-1"), rig.gateway.remove("sim-1")]);
    await rig.clock.advance(1_000);
    expect(await both).toEqual([true, false]);
    expect(rig.told("sim-1").filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  it("name one after the other: it is free again when its bearer was removed", async () => {
    const rig = await withSensor();
    await rig.heard(`radio/${TAG}`, ruuvi(), -50);
    const removed = rig.gateway.remove("sim-1");
    await rig.clock.advance(500);
    await removed;
    expect(await rig.gateway.adopt(`radio/${TAG}`, { endpoint: "sim-1" })).toMatchObject({ ok: true });
    await rig.clock.advance(500);
    expect(rig.gateway.sensor("sim-1")).toMatchObject({
      source: `radio/${TAG}`,
      registration: { state: "registered" },
    });
  });
});
