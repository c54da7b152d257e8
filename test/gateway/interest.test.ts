/** How often servers want new values, from Write-Attributes to the adapter that brings them. */

import { describe, expect, it } from "vitest";
import { House } from "../support/house.ts";
import { fields, Rig } from "./rig.ts";

const RULES = [{ adapter: "sim" }];
const TEMPERATURE = "/3303/0/5700";
const climate = (temperature: number) => fields({ model: "climate", temperature, humidity: 40 });

async function followed(options: ConstructorParameters<typeof Rig>[0] = {}) {
  const rig = await Rig.start({ rules: RULES, ...options });
  await rig.heard("sim/sim-1", climate(20));
  const server = rig.server("sim-1");
  const write = async (...query: string[]) => {
    expect((await server.ask("PUT", { path: TEMPERATURE, query })).code).toBe("2.04");
    await rig.clock.advance(100);
    return rig.adapters.wishes.at(-1);
  };
  return { rig, server, write };
}

describe("what servers want of a sensor", () => {
  it("reaches its adapter, under its address, with each change and no more", async () => {
    const { rig, server, write } = await followed();
    await server.ask("GET", { path: TEMPERATURE, observe: 0 });
    expect(rig.adapters.wishes).toEqual([]);
    expect(await write("epmin=10", "epmax=60")).toEqual(["sim/sim-1", { minSeconds: 10, maxSeconds: 60 }]);
    expect(await write("epmin=20")).toEqual(["sim/sim-1", { minSeconds: 20, maxSeconds: 60 }]);
    await write("epmin=20");
    await write("gt=30");
    expect(rig.adapters.wishes).toHaveLength(2);
    expect(await write("epmin", "epmax")).toEqual(["sim/sim-1", {}]);
  });

  it("counts only while somebody observes", async () => {
    const { rig, server, write } = await followed();
    await write("epmax=5");
    expect(rig.adapters.wishes).toEqual([]);
    await server.ask("GET", { path: TEMPERATURE, observe: 0, token: Uint8Array.of(7) });
    expect(rig.adapters.wishes.at(-1)).toEqual(["sim/sim-1", { maxSeconds: 5 }]);
    await server.ask("GET", { path: TEMPERATURE, observe: 1, token: Uint8Array.of(7) });
    expect(rig.adapters.wishes.at(-1)).toEqual(["sim/sim-1", {}]);
  });

  it("is one value so often as somebody is told at least", async () => {
    const { server, write } = await followed();
    await server.ask("GET", { path: TEMPERATURE, observe: 0 });
    expect(await write("pmax=120")).toEqual(["sim/sim-1", { maxSeconds: 120 }]);
    expect(await write("epmax=30")).toEqual(["sim/sim-1", { maxSeconds: 30 }]);
    expect(await write("epmax=300")).toEqual(["sim/sim-1", { maxSeconds: 120 }]);
  });

  it("is not less for a pmin: a threshold must still be noticed when it is crossed", async () => {
    const { rig, server, write } = await followed();
    await server.ask("GET", { path: TEMPERATURE, observe: 0 });
    await write("pmin=600", "gt=30");
    expect(rig.adapters.wishes).toEqual([]);
  });

  it("is what the most demanding of its observations wants", async () => {
    const { rig, server, write } = await followed();
    await server.ask("GET", { path: TEMPERATURE, observe: 0 });
    expect(await write("epmin=60")).toEqual(["sim/sim-1", { minSeconds: 60 }]);
    // Nothing is said of humidity: every change of it is wanted.
    await server.ask("GET", { path: "/3304/0/5700", observe: 0 });
    expect(rig.adapters.wishes.at(-1)).toEqual(["sim/sim-1", {}]);
  });
});

describe("a simulated sensor", () => {
  it("speaks as often as its server wants, and as before when the server wants nothing any more", async () => {
    const section = { name: "sim", type: "simulator", settings: { sensors: 2, interval: "10s", seed: 1 } };
    const { rig, clock, host } = await new House([section], { rules: RULES }).start();
    const frames = async (source: string, ms: number) => {
      let count = 0;
      const counting = { on: true };
      host.onFrame((_, frame) => (count += counting.on && frame.source === source ? 1 : 0));
      await clock.advance(ms);
      counting.on = false;
      return count;
    };
    const server = rig.server("sim-1");
    await server.ask("GET", { path: TEMPERATURE, observe: 0 });
    await clock.advance(10_000);
    expect(await frames("sim-1", 60_000)).toBe(6);
    await server.ask("PUT", { path: TEMPERATURE, query: ["epmax=2"] });
    expect(await frames("sim-1", 60_000)).toBe(30);
    await server.ask("PUT", { path: TEMPERATURE, query: ["epmax", "epmin=30"] });
    expect(await frames("sim-1", 60_000)).toBe(2);
    expect(await frames("sim-2", 60_000)).toBe(6);
    await server.ask("PUT", { path: TEMPERATURE, query: ["epmin"] });
    expect(await frames("sim-1", 60_000)).toBe(6);
  });
});
