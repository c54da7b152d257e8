/** Sensors whose Objects are known only when they are heard: they grow while they are registered. */

import { describe, expect, it } from "vitest";
import { message } from "../support/definitions.ts";
import { type Memory, memoryFromJson, memoryToJson, rememberAppeared } from "../../src/gateway/memory.ts";
import { path } from "../../src/model/path.ts";
import { MemoryStore, Rig, type RigOptions } from "./rig.ts";

const CELLAR = "sim/zigbee2mqtt/cellar";
const says = (values: unknown) => message("zigbee2mqtt/cellar", values);

describe("a sensor that is heard to measure more than before", () => {
  it("shows a further Instance, with its unit, from its first value on", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard(CELLAR, says({ temperature: 12 }));
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBeUndefined();
    await rig.heard(CELLAR, says({ temperature: 12, humidity: 71 }));
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBe(71);
    expect(rig.value("zb-cellar", "/3304/0/5701")).toBe("%RH");
    const read = await rig.server("zb-cellar").ask("GET", { path: "/3304/0/5700" });
    expect(read.code).toBe("2.05");
  });

  it("obeys what is executed there", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    for (const temperature of [12, 20, 16]) await rig.heard(CELLAR, says({ temperature }));
    expect(rig.value("zb-cellar", "/3303/0/5602")).toBe(20);
    const answer = await rig.server("zb-cellar").ask("POST", { path: "/3303/0/5605" });
    expect(answer.code).toBe("2.04");
    expect(rig.value("zb-cellar", "/3303/0/5601")).toBe(16);
    expect(rig.value("zb-cellar", "/3303/0/5602")).toBe(16);
  });
});

describe("what people are told of a device that may measure many things", () => {
  it("is what it was heard to measure, in the inbox and as its main values", async () => {
    const rig = await Rig.start();
    const objects = () => rig.gateway.inbox()[0]?.objects;
    await rig.heard(CELLAR, says({ temperature: 12 }));
    expect(objects()).toContain("/3303/0");
    expect(objects()).not.toContain("/3304/0");
    await rig.heard(CELLAR, says({ temperature: 12, humidity: 71 }));
    expect(objects()).toEqual(expect.arrayContaining(["/3303/0", "/3304/0"]));
    await rig.gateway.adopt(CELLAR);
    const main = () => rig.gateway.sensors().find(({ source }) => source === CELLAR)?.main;
    expect(main()).not.toContain("/3315/0/5700");
    await rig.heard(CELLAR, says({ temperature: 12, humidity: 71, pressure: 1013 }));
    expect(main()).toEqual(expect.arrayContaining(["/3303/0/5700", "/3304/0/5700", "/3315/0/5700"]));
  });
});

/** The same roster under a gateway that has just started; nobody has spoken yet. */
async function restarted(rig: Rig, options: RigOptions = {}): Promise<Rig> {
  await rig.clock.advance(3_000);
  const stopping = rig.gateway.stop();
  await rig.clock.advance(1_000);
  await stopping;
  return Rig.start({ rules: [{ adapter: "sim" }], store: rig.store, ...options });
}

const registeredObjects = (rig: Rig, endpoint: string) => rig.server(endpoint).requests[0]?.text ?? "";

describe("an Instance that appeared before a restart", () => {
  it("is there from the first Register on, with its unit, and has its value when it is heard", async () => {
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(CELLAR, says({ temperature: 12, humidity: 71 }));
    const rig = await restarted(before);
    const objects = registeredObjects(rig, "zb-cellar");
    expect(objects).toContain("</3303/0>");
    expect(objects).toContain("</3304/0>");
    expect(rig.value("zb-cellar", "/3304/0/5701")).toBe("%RH");
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBeUndefined();
    await rig.heard(CELLAR, says({ humidity: 68 }));
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBe(68);
    expect(rig.told("zb-cellar").filter((line) => line.startsWith("POST"))).toEqual(["POST /rd"]);
  });

  it("was observed by nobody yet, and can be", async () => {
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(CELLAR, says({ temperature: 12 }));
    const rig = await restarted(before);
    const token = rig.server("zb-cellar").send("GET", { path: "/3303/0", observe: 0 });
    await rig.heard(CELLAR, says({ temperature: 13 }));
    expect(rig.server("zb-cellar").answers(token).length).toBeGreaterThan(1);
    const reset = await rig.server("zb-cellar").ask("POST", { path: "/3303/0/5605" });
    expect(reset.code).toBe("2.04");
  });

  it("keeps what a server wrote to it", async () => {
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(CELLAR, says({ temperature: 12 }));
    await before.server("zb-cellar").ask("PUT", { path: "/3303/0/5750", format: 0, payload: "wine" });
    const rig = await restarted(before);
    const read = await rig.server("zb-cellar").ask("GET", { path: "/3303/0/5750", accept: 0 });
    expect(read.text).toBe("wine");
    await rig.heard(CELLAR, says({ temperature: 13 }));
    expect(rig.value("zb-cellar", "/3303/0/5750")).toBe("wine");
  });

  it("keeps its number, in whatever order the parts of a device are heard this time", async () => {
    const tele = (values: unknown) => message("tele/boiler/SENSOR", values);
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(
      "sim/tele/boiler/SENSOR",
      tele({ "DS18B20-1": { Temperature: 60 }, "DS18B20-2": { Temperature: 40 } }),
    );
    const endpoint = "tasmota-boiler";
    expect([0, 1].map((id) => before.value(endpoint, `/3303/${id}/5700`))).toEqual([60, 40]);
    const rig = await restarted(before);
    await rig.heard("sim/tele/boiler/SENSOR", tele({ "DS18B20-2": { Temperature: 41 } }));
    await rig.heard("sim/tele/boiler/SENSOR", tele({ "DS18B20-1": { Temperature: 61 }, Third: { Temperature: 5 } }));
    expect([0, 1, 2].map((id) => rig.value(endpoint, `/3303/${id}/5700`))).toEqual([61, 41, 5]);
  });

  it("is told stale and gone like any other, and is not forgotten by a second restart", async () => {
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(CELLAR, says({ temperature: 12 }));
    const rig = await restarted(await restarted(before));
    expect(registeredObjects(rig, "zb-cellar")).toContain("</3303/0>");
    await rig.clock.advance(26 * 3_600_000);
    expect(rig.gateway.sensor("zb-cellar")?.liveness).toBe("gone");
    expect(rig.value("zb-cellar", "/3303/0/6042")).toBe(1);
  });

  it("is forgotten if a newer definition does not know it, and nothing else is", async () => {
    const before = await Rig.start({ rules: [{ adapter: "sim" }] });
    await before.heard(CELLAR, says({ temperature: 12, humidity: 71 }));
    await before.clock.advance(3_000);
    const kept = before.store.text ?? "";
    expect(kept).toContain('"appeared":{"/3303/0":"temperature","/3304/0":"humidity"}');
    before.store.text = kept.replace('"/3304/0":"humidity"', '"/3304/7":"humidity","/9999/0":"x","/1/0":"temperature"');
    const rig = await Rig.start({ store: new MemoryStore(before.store.text) });
    const objects = registeredObjects(rig, "zb-cellar");
    expect(objects).toContain("</3303/0>");
    expect(objects).not.toContain("3304");
    expect(objects).not.toContain("9999");
    await rig.heard(CELLAR, says({ humidity: 70 }));
    await rig.clock.advance(3_000);
    expect(rig.store.text).toContain('"appeared":{"/3303/0":"temperature","/3304/0":"humidity"}');
  });
});

describe("the memory of what appeared", () => {
  const instance = (id: number) => path(3303, id);

  it("comes back from JSON, without what cannot be meant", () => {
    const memory: Memory = {};
    expect(rememberAppeared(memory, instance(3), "AHT10/temperature")).toBe(true);
    expect(memoryFromJson(memoryToJson(memory))).toEqual(memory);
    const odd = { "/3303": "a", "/3303/0/5700": "b", "/3303/1": 7, "/3303/2": "c", nonsense: "d" };
    expect(memoryFromJson({ appeared: odd })).toEqual({ appeared: new Map([[instance(2), "c"]]) });
    for (const appeared of [[], null, 5, "x", {}]) expect(memoryFromJson({ appeared })).toEqual({});
  });

  it("is bounded, whatever a device calls its parts and however many it has", () => {
    const memory: Memory = {};
    expect(rememberAppeared(memory, instance(0), "x".repeat(101))).toBe(false);
    for (let id = 0; id < 1_000; id++) rememberAppeared(memory, instance(id), `part${id}/temperature`);
    expect(memory.appeared?.size).toBe(64);
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, id) => [`/3303/${id}`, "t"]));
    expect(memoryFromJson({ appeared: many }).appeared?.size).toBe(64);
  });
});
