/** The gateway itself as a client. */

import { describe, expect, it } from "vitest";
import { fields, Rig } from "./rig.ts";

describe("the gateway's own endpoint", () => {
  it("registers, and shows its maker, model, serial number, memory and version", async () => {
    const rig = await Rig.start({ name: "Lab gateway" });
    const [self] = rig.gateway.sensors();
    expect(self).toMatchObject({
      endpoint: "gw",
      label: "Lab gateway",
      definition: "isthmus.gateway",
      maker: "Raspberry Pi",
      model: "4B",
      liveness: "live",
      registration: { state: "registered" },
    });
    expect(self).not.toHaveProperty("source");
    const values = Object.fromEntries(Object.entries(self?.values ?? {}).map(([path, { value }]) => [path, value]));
    expect(values).toMatchObject({
      "/3/0/0": "Raspberry Pi",
      "/3/0/1": "4B",
      "/3/0/2": "s1",
      "/3/0/10": 500,
      "/3/0/11/0": 0,
      "/3/0/13": Date.UTC(2026, 5, 1, 12) / 1_000,
      "/3/0/14": "+02:00",
      "/3/0/17": "gateway",
      "/3/0/19": "1.2.3",
      "/3/0/21": 1_000,
    });
  });

  it("brings time, memory and error code up to date", async () => {
    const memory = { free: 500, total: 1_000 };
    const rig = await Rig.start({
      self: { software: "1", utcOffset: () => "+00:00", memory: () => memory },
    });
    await rig.clock.advance(11_000);
    expect(rig.value("gw", "/3/0/13")).toBeGreaterThanOrEqual(Date.UTC(2026, 5, 1, 12) / 1_000 + 9);
    rig.adapters.states.set("radio", { type: "ble", state: "down", reason: "unplugged", frames: 0 });
    await rig.clock.advance(11_000);
    expect(rig.value("gw", "/3/0/11/0")).toBe(8);
    memory.free = 10;
    await rig.clock.advance(11_000);
    expect([rig.value("gw", "/3/0/10"), rig.value("gw", "/3/0/11/0")]).toEqual([10, 4]);
  });

  it("does not tell a time that it does not believe itself", async () => {
    const rig = new Rig();
    rig.clock.trusted = false;
    await rig.gateway.start();
    expect(rig.value("gw", "/3/0/13")).toBeUndefined();
    expect(rig.gateway.status().clockTrusted).toBe(false);
    rig.clock.trusted = true;
    await rig.clock.advance(11_000);
    expect(rig.value("gw", "/3/0/13")).toBeDefined();
  });

  it("is not restarted from afar unless that is allowed", async () => {
    const refusing = await Rig.start();
    expect((await refusing.server("gw").ask("POST", { path: "/3/0/4" })).code).toBe("4.05");
    let reboots = 0;
    const reboot = () => {
      reboots += 1;
      return Promise.resolve({ status: "done" as const });
    };
    const self = { software: "1", utcOffset: () => "+00:00", memory: () => ({ free: 1, total: 2 }), reboot };
    const allowing = await Rig.start({ self });
    expect((await allowing.server("gw").ask("POST", { path: "/3/0/4" })).code).toBe("2.04");
    expect(reboots).toBe(1);
  });

  it("keeps the UTC offset that a server wrote", async () => {
    const rig = await Rig.start();
    const answer = await rig.server("gw").ask("PUT", { path: "/3/0/14", format: 0, payload: "+05:30" });
    await rig.clock.advance(11_000);
    expect(rig.value("gw", "/3/0/14")).toBe(answer.code === "2.04" ? "+05:30" : "+02:00");
    await rig.gateway.stop();
    if (answer.code === "2.04") expect(rig.store.text).toContain("+05:30");
  });

  it("can be neither removed nor renamed", async () => {
    const rig = await Rig.start();
    expect(await rig.gateway.remove("gw")).toBe(false);
    expect(rig.gateway.rename("gw", "x")).toBe(false);
  });
});

describe("the status", () => {
  it("has counts, adapters, servers, memory and uptime", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    rig.adapters.states.set("radio", {
      type: "ble",
      state: "down",
      reason: "unplugged",
      frames: 7,
      lastFrameAt: rig.clock.now(),
    });
    await rig.heard("sim/sim-1", fields({ model: "climate", temperature: 20 }));
    await rig.clock.advance(60_000);
    expect(rig.gateway.status()).toMatchObject({
      name: "gw",
      version: "1.2.3",
      startedAt: "2026-06-01T12:00:00.000Z",
      uptimeSeconds: 60,
      clockTrusted: true,
      inbox: 0,
      adapters: [
        { name: "sim", type: "test", health: "ok", frames: 0 },
        {
          name: "radio",
          type: "ble",
          health: "down",
          reason: "unplugged",
          frames: 7,
          lastFrameAt: "2026-06-01T12:00:00.100Z",
        },
      ],
      servers: [{ uri: "coap://server", registered: 2, endpoints: 2 }],
      memoryBytes: 50_000_000,
    });
  });

  it("does not lie about the start when the clock is set after it", async () => {
    const rig = new Rig();
    rig.clock.trusted = false;
    rig.clock.jump(-10 * 365 * 86_400_000);
    await rig.gateway.start();
    await rig.clock.advance(30_000);
    rig.clock.jump(10 * 365 * 86_400_000);
    rig.clock.trusted = true;
    expect(rig.gateway.status().startedAt).toBe("2026-06-01T12:00:00.000Z");
  });

  it("shows that the sweep moves", async () => {
    const rig = await Rig.start();
    const before = rig.gateway.sweptMs;
    await rig.clock.advance(3_000);
    expect(rig.gateway.sweptMs).toBe(before + 3_000);
  });
});
