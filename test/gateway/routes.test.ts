/** Frames whose sensor is not their source: topics, sentences, several sensors behind one wire. */

import { beforeEach, describe, expect, it } from "vitest";
import type { Payload } from "../../src/sdk/adapter.ts";
import { fields, Rig, ruuvi, TAG } from "./rig.ts";

const message = (topic: string, json: object, retained = false): Payload => ({
  kind: "message",
  topic,
  body: new TextEncoder().encode(JSON.stringify(json)),
  ...(retained && { retained }),
});
const SENSOR = { Time: "2026-06-01T12:00:00", AM2301: { Temperature: 21.4, Humidity: 40 }, TempUnit: "C" };
const PLUG = { state: "OFF", power: 0, energy: 3.2, voltage: 231, current: 0, linkquality: 84 };

describe("a device behind a broker", () => {
  let rig: Rig;
  const say = (topic: string, json: object, retained = false) =>
    rig.heard(`radio/${topic}`, message(topic, json, retained));
  beforeEach(async () => {
    rig = await Rig.start({ rules: [{ definition: "tasmota.*" }, { definition: "zigbee2mqtt.*" }] });
  });
  const sensors = () =>
    rig.gateway
      .sensors()
      .slice(1)
      .map(({ endpoint }) => endpoint);

  it("is one sensor, whichever of its topics speaks", async () => {
    await say("tele/n1/SENSOR", SENSOR);
    await say("stat/n1/STATUS10", { StatusSNS: { ...SENSOR, AM2301: { Temperature: 22, Humidity: 41 } } });
    expect(sensors()).toEqual(["tasmota-n1"]);
    expect(rig.value("tasmota-n1", "/3303/0/5700")).toBe(22);
    expect(rig.gateway.status().counters).toMatchObject({ updated: 2, strangers: 1 });
  });

  it("that says half a message is counted and named as malformed; another kind of message is just another", async () => {
    await say("zigbee2mqtt/desk", PLUG);
    const body = new TextEncoder().encode('{"state":');
    await rig.heard("radio/zigbee2mqtt/desk", { kind: "message", topic: "zigbee2mqtt/desk", body });
    expect(rig.gateway.status().counters).toMatchObject({ malformed: 1, foreign: 0, updated: 1 });
    await say("zigbee2mqtt/desk", { update: { state: "idle" } });
    expect(rig.gateway.status().counters).toMatchObject({ malformed: 1, foreign: 1, updated: 1 });
  });

  it("is found again after a restart, by any of its topics", async () => {
    await say("tele/n1/SENSOR", SENSOR);
    await rig.gateway.stop();
    rig = await Rig.start({ store: rig.store });
    await say("stat/n1/STATUS10", { StatusSNS: SENSOR });
    expect(rig.gateway.sensor("tasmota-n1")?.liveness).toBe("live");
    expect(rig.gateway.inbox()).toEqual([]);
  });

  it("has neighbours on the same broker", async () => {
    await say("tele/n1/SENSOR", SENSOR);
    await say("tele/n2/SENSOR", { ...SENSOR, AM2301: { Temperature: 5, Humidity: 90 } });
    await say("zigbee2mqtt/desk", PLUG);
    expect(sensors()).toEqual(["tasmota-n1", "tasmota-n2", "zb-desk"]);
    expect([rig.value("tasmota-n1", "/3303/0/5700"), rig.value("tasmota-n2", "/3303/0/5700")]).toEqual([21.4, 5]);
  });

  it("is not live for what the broker kept from before, and its values are doubted", async () => {
    await say("zigbee2mqtt/desk", PLUG);
    await rig.gateway.stop();
    rig = await Rig.start({ store: rig.store });
    await say("zigbee2mqtt/desk", { ...PLUG, power: 7 }, true);
    expect(rig.gateway.sensor("zb-desk")?.liveness).toBe("waiting");
    expect([rig.value("zb-desk", "/3328/0/5700"), rig.value("zb-desk", "/3328/0/6042")]).toEqual([7, 3]);
    await say("zigbee2mqtt/desk", { ...PLUG, power: 8 });
    expect(rig.gateway.sensor("zb-desk")?.liveness).toBe("live");
    expect([rig.value("zb-desk", "/3328/0/5700"), rig.value("zb-desk", "/3328/0/6042")]).toEqual([8, 4]);
    await say("zigbee2mqtt/desk", { ...PLUG, power: 9 }, true);
    expect(rig.value("zb-desk", "/3328/0/5700")).toBe(8);
  });

  it("is switched by a message, and the server hears when the plug has said so", async () => {
    await say("zigbee2mqtt/desk", PLUG);
    const [path = ""] = rig.gateway.sensor("zb-desk")?.writable ?? [];
    rig.adapters.obey = () => {
      rig.hear("radio/zigbee2mqtt/desk", message("zigbee2mqtt/desk", { ...PLUG, state: "ON", power: 12.5 }));
      return Promise.resolve({ status: "done" });
    };
    const answer = await rig.server("zb-desk").ask("PUT", { path, format: 0, payload: "1" });
    expect(answer.code).toBe("2.04");
    const [sent] = rig.adapters.commands;
    const payload = sent?.command.payload;
    expect(payload?.kind === "message" && [payload.topic, Buffer.from(payload.body).toString()]).toEqual([
      "zigbee2mqtt/desk/set",
      '{"state":"ON"}',
    ]);
    expect(rig.value("zb-desk", path)).toBe(true);
    expect(rig.value("zb-desk", "/3328/0/5700")).toBe(12.5);
  });

  it("that says what is no JSON is counted, and nothing else happens", async () => {
    await say("tele/n1/SENSOR", SENSOR);
    const broken: Payload = { kind: "message", topic: "tele/n1/SENSOR", body: new TextEncoder().encode('{"Time":') };
    await rig.heard("radio/tele/n1/SENSOR", broken);
    const { frames = 0, updated = 0 } = rig.gateway.status().counters;
    expect([frames, updated]).toEqual([2, 1]);
    expect(rig.value("tasmota-n1", "/3303/0/5700")).toBe(21.4);
  });
});

describe("a receiver that speaks in many sentences", () => {
  const say = (rig: Rig, text: string) => rig.heard("sim/gnss", { kind: "text", text });

  it("is one sensor, put together from all of them", async () => {
    const rig = await Rig.start({ rules: [{ definition: "gnss.*" }] });
    await say(rig, "$GNGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*45");
    await say(rig, "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A");
    const sensors = rig.gateway.sensors().slice(1);
    expect(sensors).toHaveLength(1);
    expect(sensors[0]?.values["/6/0/0"]?.value).toBeCloseTo(48.1173, 4);
    expect(rig.gateway.status().counters).toMatchObject({ strangers: 1, updated: 2 });
  });

  it("shows all of its values while it waits in the inbox", async () => {
    const rig = await Rig.start();
    await say(rig, "$GNGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*45");
    await say(rig, "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A");
    const [entry] = rig.gateway.inbox();
    expect(entry?.heard).toBe(2);
    expect(Object.keys(entry?.readings ?? {})).toEqual(expect.arrayContaining(["altitude_msl", "speed", "course"]));
  });

  it("with a broken checksum says nothing", async () => {
    const rig = await Rig.start({ rules: [{ definition: "gnss.*" }] });
    await say(rig, "$GNGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*45");
    const before = rig.gateway.sensors()[1]?.values["/6/0/0"];
    await say(rig, "$GNGGA,092726.00,1111.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*00");
    expect(rig.gateway.sensors()[1]?.values["/6/0/0"]).toEqual(before);
  });
});

describe("an adopted source", () => {
  it("that says something else besides is no stranger", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi());
    const other: Payload = {
      kind: "advert",
      name: "Ruuvi 884F",
      manufacturer: [],
      services: new Map(),
      serviceUuids: [],
    };
    await rig.heard(`radio/${TAG}`, other);
    expect(rig.gateway.inbox()).toEqual([]);
    expect(rig.gateway.status().counters).toMatchObject({ foreign: 1 });
  });

  it("of one adapter is another source at another adapter", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", fields({ model: "climate", temperature: 20 }));
    await rig.heard("radio/sim-1", fields({ model: "climate", temperature: 30 }));
    expect(rig.value("sim-1", "/3303/0/5700")).toBe(20);
    expect(rig.gateway.inbox().map((each) => each.source)).toEqual(["radio/sim-1"]);
  });
});
