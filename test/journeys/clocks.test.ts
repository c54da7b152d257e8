/** Wall clocks that jump, or were never set: cadence and lifetimes do not care, and nobody is told a wrong time. */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { Rig } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { line, observe, readSenml, readText, readTlv, tag } from "../support/journey.ts";
import { senmlJson } from "../support/payloads.ts";

const TAG = "radio/CB:B8:33:4C:88:4F";
const NAME = "ruuvi-cbb8334c884f";
const RULES = [{ adapter: "radio" }];
const TEN_YEARS_MS = 10 * 365.25 * 86_400_000;

/** When things were said to the server, by the clock that never jumps. */
function watched(rig: Rig) {
  const at: number[] = [];
  const server = rig.server(NAME);
  const decide = server.verdict;
  server.verdict = (request) => {
    at.push(rig.clock.monotonic());
    return decide(request);
  };
  return at;
}

async function started(clock = new FakeClock()) {
  const rig = await Rig.start({ rules: RULES, clock });
  await rig.heard(TAG, tag(20, 1));
  return rig;
}

describe.each([
  ["forward", TEN_YEARS_MS],
  ["back", -TEN_YEARS_MS],
])("a wall clock that jumps ten years %s", (_, jump) => {
  it("does not move an Update", async () => {
    const [calm, jumping] = [await started(), await started()];
    const [expected, seen] = [watched(calm), watched(jumping)];
    for (let hour = 0; hour < 3; hour++) {
      await calm.clock.advance(3_600_000);
      await jumping.clock.advance(1_800_000);
      jumping.clock.jump(hour === 0 ? jump : -jump / 2);
      await jumping.clock.advance(1_800_000);
    }
    expect(seen).toEqual(expected);
    expect(expected.length).toBeGreaterThan(3 * 12);
    expect(jumping.told(NAME).filter((each) => each === "POST /rd")).toHaveLength(1);
  });

  it("does not move notifications by pmin and pmax", async () => {
    const rig = await started();
    const server = rig.server(NAME);
    await server.ask("PUT", { path: "/3303/0/5700", query: ["pmin=10", "pmax=60"] });
    const value = observe(server, "/3303/0/5700");
    rig.clock.jump(jump);
    await rig.heard(TAG, tag(21, 2));
    await rig.clock.advance(9_000);
    expect(value.texts()).toEqual(["20.0"]);
    await rig.clock.advance(1_000);
    expect(value.texts()).toEqual(["20.0", "21.0"]);
    rig.clock.jump(-jump);
    await rig.clock.advance(59_000);
    expect(value.texts()).toHaveLength(2);
    await rig.clock.advance(1_500);
    expect(value.texts()).toEqual(["20.0", "21.0", "21.0"]);
  });

  it("neither wakes the dead nor buries the living", async () => {
    const rig = await started();
    rig.clock.jump(jump);
    await rig.clock.advance(60_000);
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("live");
    await rig.clock.advance(40_000);
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("stale");
    rig.clock.jump(-jump);
    await rig.clock.advance(5_000);
    expect(rig.gateway.sensor(NAME)?.liveness).toBe("stale");
  });

  it("does not empty the inbox, nor keep it full", async () => {
    const rig = await Rig.start();
    await rig.heard(TAG, tag(20, 1), -60);
    rig.clock.jump(jump);
    await rig.clock.advance(60_000);
    expect(rig.gateway.inbox()).toHaveLength(1);
    await rig.clock.advance(15 * 60_000);
    expect(rig.gateway.inbox()).toEqual([]);
  });

  it("leaves the next measurement with the new time", async () => {
    const rig = await started();
    rig.clock.jump(jump);
    await rig.clock.advance(5_000);
    const at = Math.floor(rig.clock.now().ms / 1_000);
    await rig.heard(TAG, tag(20.5, 2));
    expect(await readText(rig.server(NAME), "/3303/0/5518")).toBe(String(at));
  });
});

describe("a clock that was never set", () => {
  /** A machine without a battery-backed clock wakes up in 1970. */
  function unset(): FakeClock {
    const clock = new FakeClock(60_000);
    clock.trusted = false;
    return clock;
  }

  it("does not keep a sensor from registering and being read", async () => {
    const rig = await started(unset());
    expect(rig.gateway.sensor(NAME)?.registration.state).toBe("registered");
    expect(await readText(rig.server(NAME), "/3303/0/5700")).toBe("20.0");
  });

  it("is not told as the time of a measurement: no 5518, no time in SenML", async () => {
    const rig = await started(unset());
    await rig.clock.advance(30_000);
    expect(await readTlv(rig.server(NAME), "/3303/0")).not.toHaveProperty(["/3303/0/5518"]);
    for (const format of [110, 112] as const)
      for (const { time } of (await readSenml(rig.server(NAME), "/3303/0", format)).values())
        expect(time).toBeUndefined();
  });

  it("is not told in notifications either", async () => {
    const rig = await started(unset());
    await rig.server(NAME).ask("PUT", { path: "/3303/0", query: ["pmax=30"] });
    const instance = observe(rig.server(NAME), "/3303/0", Format.SenmlJson);
    await rig.clock.advance(10_000);
    await rig.heard(TAG, tag(21, 2));
    await rig.clock.advance(40_000);
    expect(instance.all().length).toBeGreaterThanOrEqual(3);
    for (const { text } of instance.all()) {
      const told = senmlJson(text);
      expect(told.has("/3303/0/5518")).toBe(false);
      for (const { time } of told.values()) expect(time).toBeUndefined();
    }
  });

  it("is not the time of the gateway's own Device Object", async () => {
    const rig = await started(unset());
    expect((await rig.server("gw").ask("GET", { path: "/3/0/13" })).code).toBe("4.04");
  });

  it("is of no matter once it is set: what is measured then has its time", async () => {
    const clock = unset();
    const rig = await started(clock);
    await clock.advance(10_000);
    clock.jump(Date.UTC(2026, 5, 1));
    clock.trusted = true;
    const now = clock.now().ms / 1_000;
    await rig.heard(TAG, tag(21, 2));
    expect(await readText(rig.server(NAME), "/3303/0/5518")).toBe(String(Math.floor(now)));
    await clock.advance(30_000);
    const [value] = (await readSenml(rig.server(NAME), "/3303/0/5700", 110)).values();
    expect(value?.time).toBeCloseTo(now, 3);
  });

  it("does not matter to a receiver that brings the time from the sky", async () => {
    const rig = await Rig.start({ rules: RULES, clock: unset() });
    await rig.heard("radio/gps", line("$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230326,003.1,W*63"));
    await rig.clock.advance(1_000);
    expect(await readText(rig.server("gnss-gps"), "/6/0/5")).toBe("1774269319");
  });
});
