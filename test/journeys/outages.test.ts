/** Servers that are away, forget everything, or fall silent: the gateway comes back by itself, and not all at once. */

import { describe, expect, it } from "vitest";
import { fields, Rig, type RigOptions } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { observeAll, readText } from "../support/journey.ts";

const RULES = [{ adapter: "sim" }];
const climate = (temperature: number) => fields({ model: "climate", temperature, humidity: 40 });

async function gateway(sensors: number, options: RigOptions & { up?: boolean; lifetime?: number } = {}) {
  const clock = new FakeClock();
  const fleet = new Fleet(clock);
  fleet.up = options.up ?? true;
  const rig = await Rig.start({
    rules: RULES,
    clock,
    connect: fleet.connect,
    accounts: [{ uri: "coap://server", lifetime: options.lifetime ?? 300, shortServerId: 1 }],
    ...options,
  });
  for (let i = 1; i <= sensors; i++) rig.hear(`sim/sim-${i}`, climate(20 + i / 10));
  await clock.advance(100);
  const stateOf = (endpoint: string) => rig.gateway.sensor(endpoint)?.registration;
  return { rig, clock, fleet, stateOf };
}

/** So many minutes, with sensors that speak on. */
async function minutes(count: number, clock: FakeClock): Promise<void> {
  await clock.advance(count * 60_000);
}

describe("a server that is away at the start", () => {
  it("is asked again and again, later and later, and found when it comes", async () => {
    const { rig, clock, fleet, stateOf } = await gateway(1, { up: false });
    await minutes(30, clock);
    const asked = fleet.server("sim-1").requests.length;
    // Each try is five datagrams in a minute and a half, with up to five minutes between tries.
    expect(asked).toBeGreaterThan(25);
    expect(asked).toBeLessThan(100);
    expect(stateOf("sim-1")?.lastError).toMatch(/^no answer in \d+ s$/);
    expect(rig.gateway.status().problems.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^No endpoint is registered at coap:\/\/server: no answer in \d+ s\.$/),
    );
    fleet.up = true;
    await minutes(6.5, clock);
    expect(fleet.registered).toEqual(["gw", "sim-1"]);
    expect(stateOf("sim-1")).toMatchObject({ state: "registered" });
    expect(stateOf("sim-1")?.lastError).toBeUndefined();
    expect(await readText(fleet.server("sim-1"), "/3303/0/5700")).toBe("20.1");
  });

  it("is not met by fifty at once when it comes back", async () => {
    const { clock, fleet } = await gateway(50, { up: false });
    await minutes(20, clock);
    fleet.up = true;
    await minutes(7, clock);
    expect(fleet.registered).toHaveLength(51);
    expect(fleet.busiest("register", 1_000)).toBeLessThanOrEqual(10);
  });

  it("does not grow what the gateway keeps, however long it is away", async () => {
    const { rig, clock, fleet } = await gateway(3, { up: false });
    await minutes(24 * 60, clock);
    expect(fleet.ports.length).toBeLessThan(20);
    expect(rig.log.events("warn").filter((each) => each === "registration-failed")).toHaveLength(4);
  });
});

describe("fifty sensors", () => {
  it("register at the pace they are allowed, each once", async () => {
    const { clock, fleet } = await gateway(50, { startsPerSecond: 10 });
    await clock.advance(2_000);
    expect(fleet.registered.length).toBeLessThan(25);
    await clock.advance(5_000);
    expect(fleet.registered).toHaveLength(51);
    expect(fleet.count("register")).toBe(51);
    expect(fleet.busiest("register", 1_000)).toBeLessThanOrEqual(13);
  });

  it("that began together do not update together", async () => {
    const { clock, fleet } = await gateway(50);
    await minutes(20, clock);
    expect(fleet.count("update")).toBeGreaterThan(51 * 5);
    expect(fleet.busiest("update", 1_000, 150_000)).toBeLessThan(15);
    expect(fleet.expired).toEqual([]);
    expect(fleet.count("register")).toBe(51);
  });
});

describe("a server that starts again empty", () => {
  it("is told anew by everybody at their next Update, once", async () => {
    const { clock, fleet } = await gateway(10);
    await minutes(1, clock);
    fleet.restart();
    await minutes(4, clock);
    expect(fleet.registered).toHaveLength(11);
    expect(fleet.count("register")).toBe(22);
  });

  it("has no observations until it observes again", async () => {
    const { rig, clock, fleet, stateOf } = await gateway(1);
    const server = fleet.server("sim-1");
    const before = await observeAll(server, "/3303/0/5700");
    await clock.advance(1_000);
    await rig.heard("sim/sim-1", climate(21));
    expect(before.texts()).toEqual(["20.1", "21.0"]);
    fleet.restart();
    await minutes(4, clock);
    expect(stateOf("sim-1")).toMatchObject({ state: "registered", observations: 0 });
    await rig.heard("sim/sim-1", climate(22));
    // Once more: the last value before a silence is confirmed.
    expect(before.texts()).toEqual(["20.1", "21.0", "21.0"]);
    const after = await observeAll(server, "/3303/0/5700");
    await rig.heard("sim/sim-1", climate(23));
    // What was missed is sent with its time, and what is newest told again after it.
    expect([...new Set(after.texts())]).toEqual(["22.0", "23.0"]);
    expect(after.texts().at(-1)).toBe("23.0");
  });

  it("is found out at once when it rejects what it no longer knows", async () => {
    const { rig, clock, fleet } = await gateway(1);
    const server = fleet.server("sim-1");
    await observeAll(server, "/3303/0/5700");
    await clock.advance(1_000);
    fleet.restart();
    server.rejects = true;
    await rig.heard("sim/sim-1", climate(21));
    await clock.advance(2_000);
    expect(fleet.count("register", "sim-1")).toBe(2);
    expect(fleet.registered).toContain("sim-1");
    server.rejects = false;
    const after = await observeAll(server, "/3303/0/5700");
    await rig.heard("sim/sim-1", climate(22));
    expect(after.texts()).toEqual(["21.0", "22.0"]);
  });
});

describe("a server that falls silent", () => {
  it("is registered at again when it is back, and the values are those of now", async () => {
    const { rig, clock, fleet, stateOf } = await gateway(1);
    await minutes(1, clock);
    fleet.up = false;
    await minutes(10, clock);
    expect(["registering", "waiting"]).toContain(stateOf("sim-1")?.state);
    await rig.heard("sim/sim-1", climate(30));
    fleet.up = true;
    await minutes(6.5, clock);
    expect(stateOf("sim-1")).toMatchObject({ state: "registered" });
    expect(await readText(fleet.server("sim-1"), "/3303/0/5700")).toBe("30.0");
  });

  it("for less than a lifetime is not noticed by anybody else", async () => {
    const { clock, fleet } = await gateway(5);
    // A pause of a minute in every five: Updates are retransmitted into the time after it.
    for (let i = 0; i < 12; i++) {
      await minutes(4.5, clock);
      fleet.up = false;
      await clock.advance(20_000);
      fleet.up = true;
      await clock.advance(10_000);
    }
    expect(fleet.expired).toEqual([]);
    expect(fleet.count("register")).toBe(6);
    expect(fleet.registered).toHaveLength(6);
  });
});

describe("Updates", () => {
  it.each([
    // MAX_TRANSMIT_WAIT is 93 s; a tenth of spread.
    [86_400, 77_676, 86_307],
    [300, 186, 207],
    [186, 83, 93],
    [60, 27, 30],
    [10, 4.5, 5],
    [2, 0.9, 1],
  ])("for a lifetime of %i s come after %d to %d s", async (lifetime, earliest, latest) => {
    const { clock, fleet } = await gateway(20, { lifetime });
    await clock.advance(latest * 3_000 + 2_000);
    for (let i = 1; i <= 20; i++) {
      const times = fleet.happened.filter(({ endpoint }) => endpoint === `sim-${i}`).map(({ ms }) => ms / 1_000);
      expect(times.length).toBeGreaterThanOrEqual(3);
      for (const [k, at] of times.entries()) {
        if (k === 0) continue;
        const gap = at - times[k - 1]!;
        // Each waits for its turn among the others, a few hundredths of a second.
        expect(gap).toBeGreaterThanOrEqual(earliest - 0.05);
        expect(gap).toBeLessThanOrEqual(latest + 0.05);
      }
    }
    expect(fleet.expired).toEqual([]);
  });

  it("arrive within the lifetime even if four of five datagrams are lost", async () => {
    const { clock, fleet } = await gateway(5);
    await clock.advance(1_000);
    for (const near of fleet.near.values()) near.fate = (_, index) => (index % 5 === 0 ? "deliver" : "drop");
    await minutes(60, clock);
    expect(fleet.expired).toEqual([]);
    expect(fleet.registered).toHaveLength(6);
  });

  it("follow the lifetime that the server writes, and tell it back", async () => {
    const { clock, fleet, stateOf } = await gateway(1);
    const server = fleet.server("sim-1");
    expect((await server.ask("PUT", { path: "/1/0/1", format: 0, payload: "60" })).code).toBe("2.04");
    await clock.advance(1_000);
    expect(server.log.at(-1)).toBe("POST /rd/x2?lt=60");
    expect(stateOf("sim-1")).toMatchObject({ lifetimeSeconds: 60 });
    const before = fleet.count("update", "sim-1");
    await clock.advance(5 * 30_000 + 1_000);
    expect(fleet.count("update", "sim-1") - before).toBeGreaterThanOrEqual(5);
    expect(server.log.at(-1)).toBe("POST /rd/x2");
    expect(fleet.expired).toEqual([]);
  });
});

describe("a server that refuses", () => {
  it.each([
    ["4.03", 0x83],
    ["5.00", 0xa0],
    ["4.29", 0x9d],
  ])("with %s is asked ever more rarely, and taken at its word once it grants", async (code, number) => {
    const { clock, fleet, stateOf } = await gateway(1);
    const server = fleet.server("sim-1");
    const decide = server.verdict;
    const times: number[] = [];
    server.verdict = () => {
      times.push(clock.monotonic());
      return { code: number };
    };
    await minutes(60, clock);
    expect(stateOf("sim-1")?.lastError).toContain(code);
    const gaps = times.slice(1).map((at, i) => at - times[i]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300_100);
    expect(Math.min(...gaps.slice(-3))).toBeGreaterThanOrEqual(149_000);
    expect(times.length).toBeLessThan(40);
    server.verdict = decide;
    await minutes(5.1, clock);
    expect(stateOf("sim-1")).toMatchObject({ state: "registered" });
  });
});
