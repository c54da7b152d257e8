/** How an endpoint stands at its servers, as the API tells it: asleep, storing, given up, at several at once. */

import { describe, expect, it } from "vitest";
import { observeAll } from "../support/journey.ts";
import { fields, Rig, type RigOptions } from "./rig.ts";

const RULES = [{ adapter: "sim" }];
const ACCOUNT = { uri: "coap://server", lifetime: 300, shortServerId: 1 };
const climate = (temperature: number) => fields({ model: "climate", temperature, humidity: 40 });

async function one(options: RigOptions = {}) {
  const rig = await Rig.start({ rules: RULES, ...options });
  await rig.heard("sim/sim-1", climate(20));
  return { rig, registration: () => rig.gateway.sensor("sim-1")?.registration };
}

const dead = (rig: Rig) => {
  for (const { near } of rig.wires) near.fate = () => "drop";
};

describe("a registration that is well", () => {
  it("says nothing of sleep, of what is kept, of others or of bootstrap", async () => {
    const { rig, registration } = await one();
    expect(registration()).toMatchObject({ state: "registered" });
    for (const key of ["asleep", "kept", "servers", "bootstrap", "lastError"])
      expect(registration()).not.toHaveProperty(key);
    expect(Object.keys(rig.gateway.status().servers[0] ?? {})).toEqual([
      "uri",
      "registered",
      "endpoints",
      "lastAnswerAt",
    ]);
    expect(rig.gateway.status().storage).toEqual({ kept: 0, bytes: 0, budgetBytes: 33_554_432, dropped: 0 });
  });
});

describe("an endpoint in Queue Mode", () => {
  it("is asleep after a while, and so are all of them", async () => {
    const { rig, registration } = await one({ accounts: [{ ...ACCOUNT, queue: true }] });
    expect(registration()?.asleep).toBeUndefined();
    await rig.clock.advance(120_000);
    expect(registration()).toMatchObject({ state: "registered", asleep: true });
    expect(rig.gateway.status().servers).toMatchObject([{ registered: 2, endpoints: 2, asleep: 2 }]);
  });
});

describe("an endpoint whose server is away", () => {
  it("says how much it keeps, and the gateway how much all do", async () => {
    const { rig, registration } = await one();
    await observeAll(rig.server("sim-1"), "/3303/0/5700");
    dead(rig);
    for (let minute = 0; minute < 20; minute++) {
      rig.hear("sim/sim-1", climate(minute));
      await rig.clock.advance(60_000);
    }
    const kept = registration()?.kept ?? 0;
    expect(kept).toBeGreaterThan(5);
    const { servers, storage } = rig.gateway.status();
    expect(servers[0]?.kept).toBe(kept);
    expect(storage.kept).toBe(kept);
    expect(storage.bytes).toBeGreaterThan(kept * 200);
    // Whoever is gone keeps nothing.
    const removing = rig.gateway.remove("sim-1");
    await rig.clock.advance(10_000);
    await removing;
    expect(rig.gateway.status().storage).toMatchObject({ kept: 0, bytes: 0 });
  });

  it("that may try only so often is given up, with the words of the last error and the next attempt", async () => {
    const accounts = [{ ...ACCOUNT, retryCount: 2, retryTimer: 5, sequenceDelay: 600, sequenceCount: 1 }];
    const rig = new Rig({ rules: RULES, accounts });
    rig.verdict = () => ({ code: 0x83, text: "unknown endpoint" });
    await rig.gateway.start();
    await rig.heard("sim/sim-1", climate(20));
    await rig.clock.advance(30_000);
    const registration = rig.gateway.sensor("sim-1")?.registration;
    expect(registration).toMatchObject({ state: "given-up", lastError: "4.03 Forbidden: unknown endpoint" });
    expect(Date.parse(registration?.nextAttemptAt ?? "") - rig.clock.now().ms).toBeGreaterThan(500_000);
    expect(rig.gateway.status().servers).toMatchObject([{ registered: 0, endpoints: 2, givenUp: 2 }]);
    expect(rig.gateway.status().problems[0]?.what).toContain("unknown endpoint");
    // When the time has come it is tried again, and that is the end of it.
    rig.verdict = undefined;
    for (const server of rig.servers.values()) server.verdict = (request) => server.grant(request);
    await rig.clock.advance(700_000);
    expect(rig.gateway.sensor("sim-1")?.registration.state).toBe("registered");
    expect(rig.gateway.status().servers[0]).not.toHaveProperty("givenUp");
  });
});

describe("an endpoint at two servers", () => {
  it("shows the one where it is worst off, and each of them", async () => {
    const accounts = [ACCOUNT, { uri: "coap://other", lifetime: 60, shortServerId: 2 }];
    const rig = new Rig({ rules: RULES, accounts });
    rig.verdict = undefined;
    await rig.gateway.start();
    await rig.heard("sim/sim-1", climate(20));
    for (const { uri, near } of rig.wires) if (uri === "coap://other") near.fate = () => "drop";
    await rig.clock.advance(200_000);
    const registration = rig.gateway.sensor("sim-1")?.registration;
    expect(registration?.server).toBe("coap://other");
    expect(registration?.state).not.toBe("registered");
    expect(registration?.servers?.map(({ server, state }) => [server, state === "registered"])).toEqual([
      ["coap://server", true],
      ["coap://other", false],
    ]);
  });
});
