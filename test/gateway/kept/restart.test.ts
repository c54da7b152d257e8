/** What servers attached to a sensor is there again after a restart of the gateway. */

import { describe, expect, it } from "vitest";
import { fields, MemoryStore, Rig, type RigOptions } from "../rig.ts";

const TEMPERATURE = "/3303/0/5700";
const climate = fields({ model: "climate", temperature: 20, humidity: 40 });

async function started(store: MemoryStore, options: RigOptions = {}) {
  const rig = await Rig.start({ rules: [{ adapter: "sim" }], store, ...options });
  await rig.heard("sim/sim-1", climate);
  const shown = async () => (await rig.server("sim-1").ask("GET", { path: TEMPERATURE, accept: 40 })).text;
  const stop = async () => {
    const stopping = rig.gateway.stop();
    await rig.clock.advance(5_000);
    await stopping;
  };
  return { rig, shown, stop };
}

describe("attributes of a sensor", () => {
  it("are there again after a restart, and gone for a server that is another one", async () => {
    const store = new MemoryStore();
    const first = await started(store);
    await first.rig.server("sim-1").ask("PUT", { path: TEMPERATURE, query: ["pmin=7", "gt=30"] });
    expect(await first.shown()).toContain("pmin=7;");
    await first.stop();
    const second = await started(store);
    expect(await second.shown()).toMatch(/pmin=7;.*gt=30/);
    await second.stop();
    const accounts = [{ uri: "coap://elsewhere", lifetime: 300, shortServerId: 1 }];
    const third = await started(store, { accounts });
    expect(await third.shown()).not.toContain("pmin");
  });
});
