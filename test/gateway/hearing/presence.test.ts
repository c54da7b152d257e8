/** Devices that say, or of whom it is said, that they are there or are not: by wills, by bridges, whatever a broker kept. */

import { describe, expect, it } from "vitest";
import type { Payload } from "../../../src/sdk/adapter.ts";
import * as proto from "../../support/protobuf-writer.ts";
import { Rig } from "../rig.ts";

const bytes = (body: unknown) => new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
const message = (topic: string, body: unknown, retained = false): Payload =>
  retained ? { kind: "message", topic, body: bytes(body), retained } : { kind: "message", topic, body: bytes(body) };

async function stage(definition: string) {
  const rig = await Rig.start({ rules: [{ definition }] });
  const say = (topic: string, body: unknown, retained = false) =>
    rig.heard(`sim/${topic}`, message(topic, body, retained));
  const state = (endpoint: string) => {
    const sensor = rig.gateway.sensor(endpoint);
    return sensor && `${sensor.liveness}${sensor.offline ? ", offline" : ""}`;
  };
  return { rig, say, state };
}

describe("a device of Zigbee2MQTT", () => {
  const climate = async () => {
    const scene = await stage("zigbee2mqtt.*");
    await scene.say("zigbee2mqtt/desk", { temperature: 21.5, humidity: 40 });
    const shown = () => ({
      state: scene.state("zb-desk"),
      quality: scene.rig.value("zb-desk", "/3303/0/6042"),
      error: scene.rig.value("zb-desk", "/3/0/11/0"),
    });
    return { ...scene, shown };
  };

  it.each([
    ["the words of version 2", { state: "offline" }, { state: "online" }],
    ["the words of version 1", "offline", "online"],
  ])("is gone at once in %s, old when it is back, and live once it speaks", async (_words, offline, online) => {
    const { say, shown, rig } = await climate();
    expect(shown()).toEqual({ state: "live", quality: 4, error: 0 });
    await say("zigbee2mqtt/desk/availability", offline);
    expect(shown()).toEqual({ state: "gone, offline", quality: 1, error: 8 });
    await say("zigbee2mqtt/desk/availability", online);
    expect(shown()).toEqual({ state: "stale", quality: 3, error: 0 });
    await say("zigbee2mqtt/desk", { temperature: 21.5, humidity: 40 });
    expect(shown()).toEqual({ state: "live", quality: 4, error: 0 });
    expect(rig.gateway.inbox()).toEqual([]);
  });

  it("stays gone while only the broker's memory says that it is there", async () => {
    const { say, shown } = await climate();
    await say("zigbee2mqtt/desk/availability", { state: "offline" });
    await say("zigbee2mqtt/desk/availability", { state: "online" }, true);
    expect(shown().quality).toBe(3);
    await say("zigbee2mqtt/desk", { temperature: 21.5 }, true);
    expect(shown()).toMatchObject({ state: "stale", quality: 3 });
  });

  it("is gone with the bridge that speaks for it, as are all others, and each comes back by itself", async () => {
    const { say, state } = await climate();
    await say("zigbee2mqtt/plug", { state: "ON", power: 3.1, energy: 12 });
    await say("zigbee2mqtt/plug/availability", { state: "offline" });
    await say("zigbee2mqtt/bridge/state", { state: "offline" });
    expect([state("zb-desk"), state("zb-plug")]).toEqual(["gone, offline", "gone, offline"]);
    await say("zigbee2mqtt/bridge/state", { state: "online" });
    expect([state("zb-desk"), state("zb-plug")]).toEqual(["stale", "gone, offline"]);
    await say("zigbee2mqtt/plug/availability", { state: "online" });
    expect(state("zb-plug")).toBe("stale");
  });

  it("is not taken for somebody else's: other names, other words, other adapters", async () => {
    const { rig, say, state } = await climate();
    await say("zigbee2mqtt/bench/availability", { state: "offline" });
    await say("zigbee2mqtt/desk/availability", { state: "updating" });
    await say("zigbee2mqtt/desk/availability", "{ broken");
    await rig.heard("radio/zigbee2mqtt/desk/availability", message("zigbee2mqtt/desk/availability", "offline"));
    expect(state("zb-desk")).toBe("live");
  });

  it("is gone from the start if that was said before it was adopted", async () => {
    const { say, state } = await stage("zigbee2mqtt.*");
    await say("zigbee2mqtt/desk/availability", { state: "offline" }, true);
    await say("zigbee2mqtt/desk", { temperature: 21.5 }, true);
    expect(state("zb-desk")).toBe("gone, offline");
    await say("zigbee2mqtt/desk/availability", { state: "online" });
    expect(state("zb-desk")).toBe("waiting");
  });

  it("is named among the problems, with what to do", async () => {
    const { rig, say } = await climate();
    await say("zigbee2mqtt/desk/availability", { state: "offline" });
    const { problems, sensors, counters } = rig.gateway.status();
    expect(sensors).toMatchObject({ live: 0, gone: 1 });
    expect(problems.map(({ what }) => what)).toContainEqual(expect.stringContaining("is offline: its device says so"));
    expect(counters["taught"]).toBe(1);
  });

  it("is forgotten with its sensor", async () => {
    const { rig, say, state } = await climate();
    await rig.gateway.remove("zb-desk");
    await say("zigbee2mqtt/desk/availability", { state: "offline" });
    expect(state("zb-desk")).toBeUndefined();
  });
});

describe("the last will of", () => {
  it.each([
    ["Tasmota", "tasmota.*", "tasmota-plug", ["tele/plug/SENSOR", { AM2301: { Temperature: 21.4 }, TempUnit: "C" }]],
    ["Shelly Gen1", "shelly.gen1", "shellyht-1a2b3c", ["shellies/shellyht-1A2B3C/sensor/temperature", "21.5"]],
    [
      "Shelly Gen2",
      "shelly.gen2",
      "shellyplus1pm-441793a3e2c8",
      ["shellyplus1pm-441793a3e2c8/status/switch:0", { id: 0, output: true, apower: 8.5, voltage: 230 }],
    ],
    ["ESPHome", "esphome.node", "esphome-porch", ["porch/sensor/temperature/state", "21.5"]],
  ] as const)("%s takes all its values with it at once, and its return gives none back", async (...given) => {
    const [, definition, endpoint, [topic, body]] = given;
    const { say, state } = await stage(definition);
    const [will, gone, here] = WILLS[definition];
    await say(topic, body);
    expect(state(endpoint)).toBe("live");
    await say(will, gone);
    expect(state(endpoint)).toBe("gone, offline");
    await say(will, here, true);
    expect(state(endpoint)).toBe("stale");
    await say(topic, body);
    expect(state(endpoint)).toBe("live");
  });

  it("a bridge of many sensors behind one topic takes them all", async () => {
    const { say, state } = await stage("tasmota.zigbee");
    const heard = { "0x9E1B": { Device: "0x9E1B", Name: "attic", Temperature: 18.2, Endpoint: 1, LinkQuality: 90 } };
    await say("tele/zb/SENSOR", { ZbReceived: heard });
    const endpoint = "zbbridge-zb-0x9e1b";
    expect(state(endpoint)).toBe("live");
    await say("tele/zb/LWT", "Offline");
    expect(state(endpoint)).toBe("gone, offline");
  });
});

const WILLS = {
  "tasmota.*": ["tele/plug/LWT", "Offline", "Online"],
  "shelly.gen1": ["shellies/shellyht-1A2B3C/online", "false", "true"],
  "shelly.gen2": ["shellyplus1pm-441793a3e2c8/online", "false", "true"],
  "esphome.node": ["porch/status", "offline", "online"],
} as const;

describe("a device that describes itself", () => {
  const config = (object: string, more: object) =>
    [
      `homeassistant/sensor/${object}/config`,
      { state_topic: "probe/state", availability_topic: "probe/lwt", ...more },
    ] as const;
  const device = { identifiers: ["probe"], manufacturer: "Acme", model: "T-1" };
  const celsius = { device, device_class: "temperature", unit_of_measurement: "°C" };

  it("by Home Assistant's discovery is gone at once, and live once it speaks", async () => {
    const { say, state, rig } = await stage("homeassistant.discovery");
    await say(...config("t", celsius));
    await say("probe/lwt", "online", true);
    expect(rig.gateway.inbox()).toEqual([]);
    await say("probe/state", "21.5");
    const endpoint = "homeassistant-probe";
    expect(state(endpoint)).toBe("live");
    await say("probe/lwt", "offline");
    expect([state(endpoint), rig.value(endpoint, "/3303/0/6042")]).toEqual(["gone, offline", 1]);
    await say("probe/lwt", "online", true);
    await say("probe/state", "21.5", true);
    expect([state(endpoint), rig.value(endpoint, "/3303/0/6042")]).toEqual(["stale", 3]);
    await say("probe/state", "21.5");
    expect([state(endpoint), rig.value(endpoint, "/3303/0/6042")]).toEqual(["live", 4]);
  });

  it("by Home Assistant's discovery is gone when that is taken back, and live once it is told of and speaks again", async () => {
    const { say, state, rig } = await stage("homeassistant.discovery");
    const endpoint = "homeassistant-probe";
    const [topic, entity] = config("t", celsius);
    await say(topic, entity);
    await say("probe/state", "21.5");
    expect(state(endpoint)).toBe("live");
    await say(topic, "");
    expect([state(endpoint), rig.value(endpoint, "/3303/0/6042")]).toEqual(["gone, offline", 1]);
    await say("probe/state", "22.5");
    expect(state(endpoint)).toBe("gone, offline");
    await say(topic, entity);
    await say("probe/state", "23.5");
    expect([state(endpoint), rig.value(endpoint, "/3303/0/5700")]).toEqual(["live", 23.5]);
  });

  it("by Homie is gone with its will, and is not made live by what the broker kept", async () => {
    const { say, state } = await stage("homie.device");
    const nodes = { n: { properties: { temperature: { datatype: "float", unit: "°C" } } } };
    await say("homie/5/attic/$description", { homie: "5.0", nodes }, true);
    await say("homie/5/attic/n/temperature", "21", true);
    expect(state("homie-attic")).toBe("waiting");
    await say("homie/5/attic/$state", "lost", true);
    expect(state("homie-attic")).toBe("gone, offline");
    await say("homie/5/attic/$state", "ready", true);
    expect(state("homie-attic")).toBe("waiting");
    await say("homie/5/attic/n/temperature", "21");
    expect(state("homie-attic")).toBe("live");
  });

  it("by Sparkplug is gone with its node, whether or not its birth was heard", async () => {
    const { say, state, rig } = await stage("sparkplug.b");
    const temperature = { name: "Temperature", alias: 1, type: 9, value: proto.float(12, 21.5) };
    const birth = proto.sparkplugPayload(0, temperature);
    const hear = (topic: string, body: Uint8Array) =>
      rig.heard(`sim/spBv1.0/plant/${topic}`, { kind: "message", topic: `spBv1.0/plant/${topic}`, body });
    await hear("NBIRTH/edge", birth);
    await hear("DBIRTH/edge/dev", proto.sparkplugPayload(1, { ...temperature, alias: 2 }));
    expect([state("sparkplug-plant-edge"), state("sparkplug-plant-edge-dev")]).toEqual(["live", "live"]);
    await hear("NDEATH/edge", proto.sparkplugPayload(undefined));
    expect([state("sparkplug-plant-edge"), state("sparkplug-plant-edge-dev")]).toEqual([
      "gone, offline",
      "gone, offline",
    ]);
    await hear("NBIRTH/edge", birth);
    expect([state("sparkplug-plant-edge"), state("sparkplug-plant-edge-dev")]).toEqual(["live", "gone, offline"]);
    await hear("NDEATH/unknown", proto.sparkplugPayload(undefined));
    expect(rig.gateway.inbox()).toEqual([]);
    await say("spBv1.0/STATE/scada", { online: true });
  });
});
