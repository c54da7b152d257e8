/** The definitions of MQTT conventions: whose a message is, what commands say, and what a server sees. */

import { describe, expect, it } from "vitest";
import { type Device, loadDevices } from "../../../src/library/index.ts";
import type { Path } from "../../../src/model/path.ts";
import { AT, frameOf, message } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { testPath } from "./paths.ts";

const { library } = loadDevices();
const match = (topic: string, body: unknown) => library.match(frameOf(message(topic, body), topic))?.id;
const get = (id: string): Device => {
  const device = library.get(id);
  if (!device) throw new Error(`no definition ${id}`);
  return device;
};

describe("a message of Zigbee2MQTT", () => {
  it.each([
    [{ temperature: 21, humidity: 44, battery: 90, linkquality: 100 }, "climate"],
    [{ co2: 600, voc: 3, temperature: 21 }, "climate"],
    [{ contact: true, temperature: 21, humidity: 40, battery: 90 }, "contact"],
    [{ occupancy: true, illuminance: 5, temperature: 21, humidity: 40 }, "motion"],
    [{ water_leak: false, battery: 100, temperature: 20, humidity: 40 }, "leak"],
    [{ smoke: false, battery: 100, temperature: 20, humidity: 3 }, "smoke"],
    [{ action: "single", battery: 100 }, "button"],
    [{ state: "ON" }, "switch"],
    [{ state: "ON", power: 4, energy: 2 }, "plug"],
    [{ state: "ON", brightness: 254 }, "light"],
    [{ state: "ON", brightness: 254, power: 4 }, "light"],
    [{ state: "OPEN", position: 4 }, "cover"],
    [{ state_l1: "ON", state_l2: "OFF" }, "switch-two"],
    [{ local_temperature: 20, current_heating_setpoint: 21, temperature: 20, humidity: 40 }, "thermostat"],
    [{ local_temperature: 20, occupied_heating_setpoint: 21 }, "thermostat-occupied"],
  ])("%j is of a %s", (body, id) => {
    expect(match("zigbee2mqtt/x", body)).toBe(`zigbee2mqtt.${id}`);
  });

  it.each(["zigbee2mqtt/bridge/state", "zigbee2mqtt/x/availability", "zigbee2mqtt/x/set"])(
    "under %s is not",
    (topic) => {
      expect(match(topic, { state: "online" })).toBeUndefined();
    },
  );
});

describe("a message", () => {
  it.each([
    ["tele/x/SENSOR", { AHT: { Temperature: 1 } }, "tasmota.sensor"],
    ["tele/x/SENSOR", { ZbReceived: { "0x1": {} } }, "tasmota.zigbee"],
    ["x/tele/STATE", { POWER: "ON" }, "tasmota.node-first"],
    ["shellies/x/relay/0", "on", "shelly.gen1"],
    ["shellies/x/online", "true", "shelly.gen1"],
    ["x/events/rpc", { method: "NotifyStatus", params: {} }, "shelly.gen2"],
    ["x/status/switch:0", { output: true }, "shelly.gen2"],
    ["application/1/device/ab/event/up", { deviceInfo: {}, object: {} }, "chirpstack.v4"],
    ["application/1/device/ab/event/up", { objectJSON: "{}" }, "chirpstack.v3"],
    ["v3/a@t/devices/d/up", { uplink_message: { decoded_payload: {} } }, "thethingsstack.decoded"],
    [
      "v3/a@t/devices/d/up",
      { uplink_message: { decoded_payload: {}, normalized_payload: [] } },
      "thethingsstack.normalized",
    ],
    ["home/OMG/BTtoMQTT/AABB", { id: "AA:BB", model_id: "X" }, "theengs.gateway"],
    ["rtl_433/pi/events", { model: "X", id: 1 }, "rtl433.events"],
    ["home/OMG/RTL_433toMQTT/X/1", { model: "X", id: 1 }, "rtl433.events"],
    ["N/abc/battery/256/Soc", { value: 80 }, "venus.device"],
    ["frigate/yard/motion", "ON", "frigate.camera"],
    ["owntracks/a/b", { _type: "location", lat: 1, lon: 2 }, "owntracks.phone"],
    ["shed/sensor/temp/state", "4", "esphome.node"],
    ["homie/x/$state", "ready", "homie.device"],
    ["spBv1.0/g/NBIRTH/n", "", "sparkplug.b"],
    ["homeassistant/sensor/x/config", "{}", "homeassistant.discovery"],
  ])("under %s, %j, is of %s", (topic, body, id) => {
    expect(match(topic, body)).toBe(id);
  });

  it("that a device has described itself is of its description, not of a pattern that fits anybody", () => {
    const fresh = loadDevices().library;
    const frame = frameOf(message("node/sensor/temp/state", "4"), "node/sensor/temp/state");
    expect(fresh.match(frame)?.id).toBe("esphome.node");
    const config = { stat_t: "node/sensor/temp/state", dev_cla: "temperature", dev: { ids: "node" } };
    const taught = frameOf(message("homeassistant/sensor/node/temp/config", config));
    expect(fresh.match(taught)?.parts(taught)).toEqual([]);
    expect(fresh.match(frame)?.id).toBe("homeassistant.discovery");
    const [part] = fresh.match(frame)?.parts(frame) ?? [];
    expect(part && fresh.match(part)?.identify(part)).toEqual({
      source: "homeassistant/node",
      endpoint: "homeassistant-node",
    });
  });
});

describe("a command", () => {
  const sent = (id: string, path: string, value: number | boolean, source: string) => {
    const planned = get(id)
      .createMapping()
      .command({ path: testPath(path), value, source, at: AT });
    if (planned?.kind !== "device" || planned.command.payload.kind !== "message") throw new Error("nothing is sent");
    const { topic, body } = planned.command.payload;
    return [topic, Buffer.from(body).toString(), planned.confirm] as const;
  };

  it.each([
    ["zigbee2mqtt.switch", "/3306/0/5850", true, "zigbee2mqtt/a", "zigbee2mqtt/a/set", '{"state":"ON"}', "state"],
    ["zigbee2mqtt.light", "/3311/0/5851", 50, "zigbee2mqtt/a", "zigbee2mqtt/a/set", '{"brightness":127}', "brightness"],
    ["zigbee2mqtt.cover", "/3337/0/5536", 30, "zigbee2mqtt/a", "zigbee2mqtt/a/set", '{"position":30}', "position"],
    [
      "zigbee2mqtt.thermostat",
      "/3308/0/5900",
      21.5,
      "zigbee2mqtt/a",
      "zigbee2mqtt/a/set",
      '{"current_heating_setpoint":21.5}',
      "setpoint",
    ],
    [
      "zigbee2mqtt.switch-two",
      "/3306/1/5850",
      false,
      "zigbee2mqtt/a",
      "zigbee2mqtt/a/set",
      '{"state_l2":"OFF"}',
      "state_2",
    ],
    ["tasmota.sensor", "/3306/0/5850", true, "tele/a/SENSOR", "cmnd/a/POWER", "ON", "relay"],
    ["tasmota.sensor", "/3306/2/5850", false, "tele/a/SENSOR", "cmnd/a/POWER2", "OFF", "relay_2"],
    ["tasmota.sensor", "/3343/0/5548", 40, "tele/a/SENSOR", "cmnd/a/Dimmer", "40", "dimmer"],
    ["tasmota.node-first", "/3306/0/5850", true, "a/tele/SENSOR", "a/cmnd/POWER", "ON", "relay"],
    ["shelly.gen1", "/3306/0/5850", true, "shellies/a/online", "shellies/a/relay/0/command", "on", "relay_0"],
    ["shelly.gen1", "/3337/0/5536", 60, "shellies/a/online", "shellies/a/roller/0/command/pos", "60", "position"],
    ["shelly.gen2", "/3306/1/5850", false, "a/events/rpc", "a/command/switch:1", "off", "switch_1"],
    ["shelly.gen2", "/3337/0/5536", 60, "a/events/rpc", "a/command/cover:0", "pos,60", "position_0"],
    ["venus.device", "/3306/0/5850", true, "N/p/system/0", "W/p/system/0/Relay/0/State", '{"value":1}', "relay_0"],
    ["frigate.camera", "/3306/0/5850", false, "frigate/a/motion", "frigate/a/detect/set", "OFF", "detecting"],
  ])("to %s at %s, %j", (id, path, value, source, topic, body, field) => {
    const [toTopic, toBody, confirm] = sent(id, path, value, source);
    expect([toTopic, toBody]).toEqual([topic, body]);
    expect(confirm).toMatchObject({ field, equals: value });
  });

  it("says a brightness that the lamp says back as it was meant", () => {
    for (let percent = 0; percent <= 100; percent++) {
      const [, body] = sent("zigbee2mqtt.light", "/3311/0/5851", percent, "zigbee2mqtt/a");
      const { brightness } = JSON.parse(body) as { brightness: number };
      const reading = get("zigbee2mqtt.light").decode(frameOf(message("zigbee2mqtt/a", { state: "ON", brightness })));
      expect(reading?.fields.get("brightness")?.value).toBe(percent);
    }
  });

  it("beyond what the device takes is refused", () => {
    expect(() => sent("zigbee2mqtt.cover", "/3337/0/5536", 101, "zigbee2mqtt/a")).toThrow("not within 0 to 100");
    expect(() => sent("zigbee2mqtt.thermostat", "/3308/0/5900", 60, "zigbee2mqtt/a")).toThrow("not within 5 to 35");
  });
});

describe("a server", () => {
  /** What it sees of messages, one after the other. */
  const seen = (id: string, ...messages: readonly (readonly [topic: string, body: unknown])[]) => {
    const device = get(id);
    const mapping = device.createMapping();
    const values = new Map<Path, unknown>();
    for (const [topic, body] of messages)
      for (const part of device.parts(frameOf(message(topic, body), topic))) {
        const reading = device.decode(part);
        for (const { path, value } of reading ? mapping.updates(reading) : []) values.set(path, value);
      }
    return (path: string) => values.get(testPath(path));
  };

  it("sees a contact of Zigbee2MQTT open when it says that there is no contact", () => {
    const at = seen("zigbee2mqtt.contact", ["zigbee2mqtt/d", { contact: false, voltage: 2985, battery: 88 }]);
    expect([at("/3200/0/5500"), at("/3/0/7/0"), at("/3/0/9")]).toEqual([true, 2985, 88]);
  });

  it("sees all topics of a Shelly in one client, its channels by name", () => {
    const at = seen(
      "shelly.gen1",
      ["shellies/s/relay/0", "on"],
      ["shellies/s/relay/0/power", "60.5"],
      ["shellies/s/relay/1/energy", "6000"],
      ["shellies/s/temperature", "41.5"],
    );
    expect([at("/3306/0/5850"), at("/3328/0/5700"), at("/3328/0/5750")]).toEqual([true, 60.5, "relay_0"]);
    expect([at("/3331/0/5700"), at("/3331/0/5750"), at("/3303/1/5700")]).toEqual([100, "relay_1", 41.5]);
  });

  it("sees both kinds of temperature of a Shelly of the second generation", () => {
    const at = seen(
      "shelly.gen2",
      ["s/status/switch:0", { output: true, temperature: { tC: 40 } }],
      ["s/status/temperature:100", { tC: -5 }],
    );
    expect([at("/3303/0/5700"), at("/3303/0/5750")]).toEqual([40, "switch_0"]);
    expect([at("/3303/1/5700"), at("/3303/1/5750")]).toEqual([-5, "temperature_100"]);
  });

  it("sees metrics of Sparkplug under their own names, numbers and truths apart", () => {
    const device = get("sparkplug.b");
    const mapping = device.createMapping();
    const fields = {
      format: "sparkplug",
      "Inputs/Temperature": 21.5,
      Door: true,
      "Properties/Model": "TH-1",
      Lost: NaN,
    };
    const reading = device.decode(frameOf({ kind: "fields", fields }));
    const updates = new Map(reading && mapping.updates(reading).map(({ path, value }) => [path, value]));
    expect(updates.get(testPath("/3300/0/5700"))).toBe(21.5);
    expect(updates.get(testPath("/3300/0/5750"))).toBe("Inputs/Temperature");
    expect(updates.get(testPath("/3200/0/5500"))).toBe(true);
    expect(updates.get(testPath("/3200/0/5750"))).toBe("Door");
    expect(updates.has(testPath("/3300/1/5700"))).toBe(false);
  });

  it("finds the metrics of Sparkplug again after a restart", () => {
    const mapping = get("sparkplug.b").createMapping();
    const { instances } = mapping.restore([[testPath("/3300/4"), "Inputs/Temperature"]]);
    expect(instances).toEqual(["/3300/4"]);
    const fields = { format: "sparkplug", "Inputs/Temperature": 1, Other: 2 };
    const reading = get("sparkplug.b").decode(frameOf({ kind: "fields", fields }));
    const updates = new Map(reading && mapping.updates(reading).map(({ path, value }) => [path, value]));
    expect([updates.get(testPath("/3300/4/5700")), updates.get(testPath("/3300/0/5700"))]).toEqual([1, 2]);
  });
});

describe("mutated messages", () => {
  it("are read, refused or nobody's, and no number leaves its range", () => {
    const random = new SeededRandom(3);
    const golden = [...library.compiled()].flatMap(({ definition }) =>
      definition.tests.flatMap(({ topic, json }) =>
        topic !== undefined && json !== undefined ? [{ topic, json }] : [],
      ),
    );
    for (let i = 0; i < 4_000; i++) {
      const { topic, json } = golden[Math.floor(random.unit() * golden.length)]!;
      const text = JSON.stringify(json);
      const at = Math.floor(random.unit() * text.length);
      const digits = text.slice(0, at) + String(Math.floor(random.unit() * 1e6)) + text.slice(at + 1);
      const frame = frameOf(message(topic, digits), topic);
      const device = library.match(frame);
      try {
        for (const part of device?.parts(frame) ?? [])
          for (const [name, quantity] of device?.decode(part)?.fields ?? []) {
            const value = quantity?.value;
            if (name === "humidity" && typeof value === "number") expect(value >= 0 && value <= 100).toBe(true);
            if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
          }
      } catch (error) {
        expect((error as Error).name).toBe("DecodeError");
      }
    }
  });
});
