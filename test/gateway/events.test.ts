/** News for those who watch. */

import { beforeEach, describe, expect, it } from "vitest";
import type { GatewayEvent } from "../../src/gateway/index.ts";
import { fields, Rig, ruuvi, TAG } from "./rig.ts";

const climate = (temperature: number) => fields({ model: "climate", temperature });

describe("news", () => {
  let rig: Rig;
  let heard: GatewayEvent[];
  let stop: () => void;
  const types = () => heard.map((each) => each.type);
  beforeEach(async () => {
    rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", climate(20));
    heard = [];
    stop = rig.gateway.subscribe((event) => heard.push(event));
  });

  it("come at most once in half a second of each kind, with the newest values", async () => {
    for (let i = 0; i < 10; i++) await rig.heard("sim/sim-1", climate(20 + i));
    await rig.clock.advance(500);
    const sensors = heard.flatMap((event) => (event.type === "sensors" ? [event.sensors] : []));
    expect(sensors.length).toBeLessThanOrEqual(6);
    expect(sensors.at(-1)).toMatchObject([{ endpoint: "sim-1", values: { "/3303/0/5700": { value: 29 } } }]);
  });

  it("speak of the inbox when it changes, and of the status now and then", async () => {
    await rig.heard(`radio/${TAG}`, ruuvi());
    await rig.clock.advance(500);
    expect(types()).toContain("inbox");
    const before = types().filter((each) => each === "inbox").length;
    await rig.clock.advance(10_000);
    expect(types().filter((each) => each === "inbox")).toHaveLength(before);
    const statuses = types().filter((each) => each === "status").length;
    expect(statuses).toBeGreaterThan(3);
    expect(statuses).toBeLessThan(8);
  });

  it("tell of a removal at once", async () => {
    await rig.gateway.remove("sim-1");
    expect(heard).toContainEqual({ type: "removed", endpoint: "sim-1" });
    await rig.clock.advance(1_000);
    expect(heard.filter((event) => event.type === "sensors")).toEqual([]);
  });

  it("tell of a registration that changes", async () => {
    await rig.clock.advance(1_000);
    heard.length = 0;
    rig.server("sim-1").verdict = () => ({ code: 0x84 });
    await rig.clock.advance(300_000);
    expect(types()).toContain("sensors");
  });

  it("end when nobody wants them", async () => {
    stop();
    await rig.heard("sim/sim-1", climate(25));
    await rig.clock.advance(5_000);
    expect(heard).toEqual([]);
  });

  it("come in pieces when very many sensors speak", async () => {
    for (let i = 0; i < 1_200; i++) rig.hear(`sim/sim-${i}`, climate(20));
    await rig.clock.advance(2_000);
    const sizes = heard.flatMap((event) => (event.type === "sensors" ? [event.sensors.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    const endpoints = heard
      .flatMap((event) => (event.type === "sensors" ? event.sensors : []))
      .map((each) => each.endpoint);
    expect(new Set(endpoints.filter((endpoint) => endpoint.startsWith("sim-"))).size).toBe(1_200);
  });

  it("reach each of several watchers, and the same one twice if it asks twice", async () => {
    const count = { calls: 0 };
    const listener = () => (count.calls += 1);
    const one = rig.gateway.subscribe(listener);
    rig.gateway.subscribe(listener);
    await rig.gateway.remove("sim-1");
    expect(count.calls).toBe(2);
    one();
    one();
    await rig.clock.advance(600);
    expect(count.calls).toBeGreaterThan(2);
  });
});
