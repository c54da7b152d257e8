/** The life of a sensor: as a table, and as servers see it. */

import { describe, expect, it } from "vitest";
import { type LivenessEvent, next } from "../../src/gateway/liveness.ts";
import type { Liveness } from "../../src/gateway/status/status.ts";
import { fields, Rig } from "./rig.ts";

const PATIENCE = { staleMs: 30_000, goneMs: 120_000 };
const told = (saying: "here" | "gone", heard = true): LivenessEvent => ({ type: "told", saying, heard });
const silent = (ms: number): LivenessEvent => ({ type: "silent", ms });

describe("the liveness table", () => {
  it.each<[Liveness, LivenessEvent, Liveness, ("stale" | "gone")?]>([
    ["waiting", { type: "heard" }, "live"],
    ["waiting", silent(60_000), "waiting"],
    ["waiting", silent(120_001), "gone", "gone"],
    ["live", silent(30_000), "live"],
    ["live", silent(30_001), "stale", "stale"],
    ["live", silent(120_001), "gone", "gone"],
    ["stale", silent(119_000), "stale"],
    ["stale", silent(120_001), "gone", "gone"],
    ["stale", { type: "heard" }, "live"],
    ["gone", silent(999_999), "gone"],
    ["gone", { type: "heard" }, "live"],
    ["live", told("gone"), "gone", "gone"],
    ["stale", told("gone"), "gone", "gone"],
    ["waiting", told("gone", false), "gone", "gone"],
    ["gone", told("gone"), "gone"],
    ["gone", told("here"), "stale", "stale"],
    ["gone", told("here", false), "waiting", "stale"],
  ])("%s, %j: %s", (state, event, expected, tell) => {
    expect(next(state, event, PATIENCE)).toEqual([expected, ...(tell ? [{ tell }] : [])]);
  });
});

describe("a sensor that falls silent", () => {
  const quiet = (temperature: number) => fields({ model: "quiet", temperature });

  async function heardOnce() {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", quiet(4));
    const state = () => ({
      liveness: rig.gateway.sensor("sim-1")?.liveness,
      quality: rig.value("sim-1", "/3303/0/6042"),
      error: rig.value("sim-1", "/3/0/11/0"),
    });
    return { rig, state };
  }

  it("is doubted first, and then counts as gone; both are told to servers", async () => {
    const { rig, state } = await heardOnce();
    expect(state()).toEqual({ liveness: "live", quality: 4, error: 0 });
    await rig.clock.advance(22_000);
    expect(state()).toEqual({ liveness: "stale", quality: 3, error: 0 });
    await rig.clock.advance(70_000);
    expect(state()).toEqual({ liveness: "gone", quality: 1, error: 8 });
    expect(rig.value("sim-1", "/3303/0/5700")).toBe(4);
  });

  it("stays registered, and is well again with its next word", async () => {
    const { rig, state } = await heardOnce();
    await rig.clock.advance(92_000);
    expect(rig.gateway.sensor("sim-1")?.registration.state).toBe("registered");
    await rig.heard("sim/sim-1", quiet(5));
    expect(state()).toEqual({ liveness: "live", quality: 4, error: 0 });
  });

  it("is not gone for a jump of the wall clock", async () => {
    const { rig, state } = await heardOnce();
    rig.clock.jump(10 * 365 * 86_400_000);
    await rig.clock.advance(5_000);
    expect(state().liveness).toBe("live");
    rig.clock.jump(-20 * 365 * 86_400_000);
    await rig.clock.advance(5_000);
    expect(state().liveness).toBe("live");
  });

  it("is what the summary and the problems speak of", async () => {
    const { rig } = await heardOnce();
    await rig.clock.advance(92_000);
    const { summary, problems, sensors } = rig.gateway.status();
    expect(sensors).toEqual({ total: 1, waiting: 0, live: 0, stale: 0, gone: 1 });
    expect(summary).toMatch(/^0 of 1 sensor live, 1 gone; the server answered \d+ \w+ ago\.$/);
    expect(problems).toMatchObject([
      {
        what: "Simulated thermometer that falls silent sim-1 is gone: not heard for 2 min.",
        since: "2026-06-01T12:00:00.100Z",
      },
    ]);
  });
});

describe("what a broker kept from before", () => {
  const kept = (state: string, retained: boolean) =>
    ({ kind: "message", topic: "tele/plug/SENSOR", body: new TextEncoder().encode(state), retained }) as const;
  const body = JSON.stringify({
    Time: "2026-06-01T12:00:00",
    AM2301: { Temperature: 21.4, Humidity: 40 },
    TempUnit: "C",
  });

  it("does not make a sensor live", async () => {
    const rig = await Rig.start({ rules: [{ definition: "tasmota.*" }] });
    await rig.heard("sim/tele/plug/SENSOR", kept(body, true));
    const [, sensor] = rig.gateway.sensors();
    if (!sensor) return;
    expect(sensor.liveness).toBe("waiting");
    await rig.heard("sim/tele/plug/SENSOR", kept(body, false));
    expect(rig.gateway.sensors()[1]?.liveness).toBe("live");
  });
});
