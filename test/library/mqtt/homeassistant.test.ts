/** Home Assistant's discovery: what configurations teach, and what messages mean by them. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { homeAssistant } from "../../../src/library/conventions/homeassistant.ts";
import { frameOf, message } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

function home() {
  const convention = homeAssistant();
  const hear = (topic: string, body: unknown): Record<string, unknown>[] =>
    convention.parts(frameOf(message(topic, body), topic)).map((part) => ({
      source: part.source,
      ...Object.fromEntries(
        [...(convention.decode(part) ?? [])].map(([name, quantity]) => [name, quantity?.value ?? null]),
      ),
    }));
  const config = (component: string, object: string, body: unknown) =>
    hear(`homeassistant/${component}/${object}/config`, body);
  /** Whether the parts of what a broker kept say so too. */
  const kept = (topic: string, body: string) =>
    convention
      .parts(frameOf({ kind: "message", topic, body: new TextEncoder().encode(body), retained: true }, topic))
      .map(({ payload }) => "retained" in payload && payload.retained);
  return { convention, hear, kept, config };
}

const device = { identifiers: ["abc"], manufacturer: "Acme", model: "T-1" };
const sensor = (more: object) => ({ state_topic: "x/state", ...more });

/** What a single sensor makes of a body. */
function one(config: object, body: unknown): Record<string, unknown> | undefined {
  const { hear, config: teach } = home();
  teach("sensor", "probe", sensor(config));
  const [told] = hear("x/state", body);
  if (told === undefined) return undefined;
  const { source, ...values } = told;
  expect(source).toBe("homeassistant/probe");
  return values;
}

describe("a configuration", () => {
  it("is no sensor itself, and from then on its topic is owned", () => {
    const { convention, config } = home();
    expect(convention.owns("x/state")).toBe(false);
    expect(config("sensor", "probe", sensor({ device_class: "temperature" }))).toEqual([]);
    expect(convention.owns("x/state")).toBe(true);
  });

  it("may be short, with a base for its topics, at their beginning or end", () => {
    const { hear, config } = home();
    config("sensor", "a", { "~": "shed/probe", stat_t: "~/state", unit_of_meas: "°C", dev_cla: "temperature" });
    expect(hear("shed/probe/state", "4")).toEqual([{ source: "homeassistant/a", temperature: 4 }]);
    config("sensor", "b", { "~": "/probe", stat_t: "barn~", unit_of_meas: "°C", dev_cla: "temperature" });
    expect(hear("barn/probe", "5")).toEqual([{ source: "homeassistant/b", temperature: 5 }]);
  });

  it("that is empty takes its sensor away", () => {
    const { convention, hear, config } = home();
    config("sensor", "probe", sensor({ device_class: "temperature" }));
    config("sensor", "probe", "");
    expect(hear("x/state", "4")).toEqual([]);
    expect(convention.owns("x/state")).toBe(false);
  });

  it("that comes again replaces the one before", () => {
    const { hear, config } = home();
    config("sensor", "probe", sensor({ device_class: "temperature" }));
    config("sensor", "probe", { state_topic: "y", device_class: "humidity" });
    expect(hear("x/state", "4")).toEqual([]);
    expect(hear("y", "4")).toEqual([{ source: "homeassistant/probe", humidity: 4 }]);
  });

  it("of a device joins others of the same device", () => {
    const { hear, config } = home();
    config("sensor", "t", sensor({ device, device_class: "temperature", value_template: "{{ value_json.t }}" }));
    config("sensor", "h", sensor({ device, device_class: "humidity", value_template: "{{ value_json.h }}" }));
    config("binary_sensor", "d", sensor({ device, device_class: "door", value_template: "{{ value_json.d }}" }));
    expect(hear("x/state", { t: -4, h: 55, d: "ON" })).toEqual([
      {
        source: "homeassistant/abc",
        manufacturer: "Acme",
        model: "T-1",
        "t/temperature": -4,
        "h/humidity": 55,
        "d/door": true,
      },
    ]);
  });

  it("knows a device by its connection where it has no identifier", () => {
    const { hear, config } = home();
    config("sensor", "t", sensor({ device: { connections: [["mac", "AA:BB"]] }, device_class: "temperature" }));
    expect(hear("x/state", "4")).toMatchObject([{ source: "homeassistant/aa_bb", "t/temperature": 4 }]);
  });

  it("may be one for a whole device", () => {
    const { hear } = home();
    hear("homeassistant/device/all/config", {
      dev: device,
      o: { name: "acme" },
      cmps: { t: { p: "sensor", dev_cla: "temperature", stat_t: "a" }, h: { p: "sensor", dev_cla: "humidity" }, i: 7 },
      stat_t: "b",
    });
    expect(hear("a", "1")).toMatchObject([{ source: "homeassistant/abc", "t/temperature": 1 }]);
    expect(hear("b", "2")).toMatchObject([{ source: "homeassistant/abc", "h/humidity": 2 }]);
  });

  it("of what does not measure teaches nothing", () => {
    const { convention, config } = home();
    for (const component of ["camera", "button", "device_automation", "light"])
      config(component, "x", { state_topic: "x/state", device });
    config("sensor", "x", { device_class: "temperature" });
    config("sensor", "x", sensor({ device_class: "timestamp" }));
    config("sensor", "x", sensor({}));
    expect(convention.owns("x/state")).toBe(false);
  });

  it("with a template that says more is refused, once, with its topic and the template", () => {
    const { hear, config } = home();
    const wild = sensor({ device_class: "voltage", value_template: "{{ states('x') }}" });
    expect(() => config("sensor", "probe", wild)).toThrow(/homeassistant\/sensor\/probe\/config: .*states\('x'\)/);
    expect(config("sensor", "probe", wild)).toEqual([]);
    expect(hear("x/state", "4")).toEqual([]);
  });

  it.each(["{", "7", "[]", '"text"'])("of %s is refused", (body) => {
    expect(() => home().config("sensor", "probe", body)).toThrow(DecodeError);
  });
});

describe("a number", () => {
  it.each([
    [{ device_class: "temperature", unit_of_measurement: "°F" }, "-4", { temperature: -20 }],
    [{ device_class: "temperature" }, "21.5", { temperature: 21.5 }],
    [{ unit_of_measurement: "°C" }, "21.5", { temperature: 21.5 }],
    [{ device_class: "pressure", unit_of_measurement: "hPa" }, "1013.25", { pressure: 101_325 }],
    [{ device_class: "atmospheric_pressure", unit_of_measurement: "inHg" }, "30", { pressure: 101_591.67 }],
    [{ device_class: "energy", unit_of_measurement: "Wh" }, "1500", { energy: 1.5 }],
    [{ device_class: "battery", unit_of_measurement: "%" }, "87", { battery: 87 }],
    [{ device_class: "pm25", unit_of_measurement: "μg/m³" }, "4", { pm2_5: 4 }],
    [{ device_class: "pm25", unit_of_measurement: "µg/m³" }, "4", { pm2_5: 4 }],
    [{ device_class: "power_factor", unit_of_measurement: "%" }, "98", { power_factor: 0.98 }],
    [{ device_class: "monetary", unit_of_measurement: "EUR" }, "3.5", { "probe/number": 3.5 }],
    [{ device_class: "temperature", unit_of_measurement: "hPa" }, "3.5", { "probe/number": 3.5 }],
    [{ device_class: "temperature", unit_of_measurement: "°X" }, "3.5", { "probe/number": 3.5 }],
    [{ state_class: "measurement" }, "12", { "probe/number": 12 }],
  ])("%j: %s is %j", (config, body, expected) => {
    expect(one(config, body)).toEqual(expected);
  });

  it.each(["", "unknown", "unavailable", "None", "warm", "1e999"])("is not available as %j", (body) => {
    expect(one({ device_class: "temperature" }, body)).toEqual({ temperature: null });
  });

  it("is not available as null, and not spoken of where its path leads nowhere", () => {
    const config = { device_class: "temperature", value_template: "{{ value_json.t }}" };
    expect(one(config, { t: null })).toEqual({ temperature: null });
    expect(one(config, { other: 1 })).toBeUndefined();
    expect(one(config, "no JSON")).toBeUndefined();
    expect(one(config, { t: { deep: 1 } })).toEqual({ temperature: null });
  });
});

describe("a truth", () => {
  const told = (config: object, body: unknown) => {
    const { hear, config: teach } = home();
    teach("binary_sensor", "b", sensor(config));
    return hear("x/state", body)[0];
  };

  it.each([
    [{ device_class: "motion" }, "ON", { motion: true }],
    [{ device_class: "motion" }, "off", { motion: false }],
    [{ device_class: "moisture", payload_on: "wet", payload_off: "dry" }, "wet", { moisture_detected: true }],
    [{ device_class: "battery" }, "ON", { battery_low: true }],
    [{ pl_on: "1", pl_off: "0" }, "0", { state: false }],
    [{ pl_on: true, pl_off: false, val_tpl: "{{ value_json.a }}" }, { a: true }, { state: true }],
    [
      { device_class: "smoke", payload_on: true, payload_off: false, val_tpl: "{{ value_json.s }}" },
      { s: false },
      { smoke: false },
    ],
    [
      { device_class: "door", payload_on: false, payload_off: true, val_tpl: "{{ value_json.c }}" },
      { c: true },
      { door: false },
    ],
    [{ pl_on: 1, pl_off: 0 }, "1", { state: true }],
    [{ pl_on: "True", pl_off: "False", val_tpl: "{{ value_json.a }}" }, { a: true }, { state: true }],
    [{ device_class: "plug" }, "maybe", { state: null }],
  ])("%j: %j is %j", (config, body, expected) => {
    expect(told(config, body)).toEqual({ source: "homeassistant/b", ...expected });
  });

  it("of a switch is read with its own words", () => {
    const { hear, config } = home();
    config("switch", "pump", { state_topic: "p", state_on: "running", state_off: "idle", command_topic: "p/set" });
    expect(hear("p", "running")).toEqual([{ source: "homeassistant/pump", switch: true }]);
  });
});

describe("a device that is gone", () => {
  const config = { device, device_class: "temperature", state_topic: "x/state" };

  it("has no values any more", () => {
    const { hear, config: teach } = home();
    teach("sensor", "t", { ...config, availability_topic: "x/lwt" });
    expect(hear("x/lwt", "offline")).toEqual([{ source: "homeassistant/abc", "t/temperature": null, _online: false }]);
    expect(hear("x/lwt", "online")).toEqual([{ source: "homeassistant/abc", _online: true }]);
    expect(hear("x/lwt", "rebooting")).toEqual([]);
  });

  it("is there while one of its entities is", () => {
    const { hear, config: teach } = home();
    teach("sensor", "t", { ...config, availability_topic: "x/t" });
    teach("sensor", "u", { ...config, availability_topic: "x/u" });
    teach("sensor", "v", config);
    expect(hear("x/t", "offline")).toEqual([{ source: "homeassistant/abc", "t/temperature": null }]);
    expect(hear("x/u", "offline")).toEqual([{ source: "homeassistant/abc", "u/temperature": null, _online: false }]);
    expect(hear("x/t", "online")).toEqual([{ source: "homeassistant/abc", _online: true }]);
  });

  const online = (mode: object) => {
    const { hear, config: teach } = home();
    teach("sensor", "t", { ...config, ...mode, avty: [{ t: "a" }, { t: "b" }] });
    return (topic: string, word: string) => hear(topic, word).map((part) => part["_online"]);
  };

  it("needs all of its topics to say that it is there, where that is its mode", () => {
    const hear = online({ availability_mode: "all" });
    expect([hear("a", "offline"), hear("b", "online"), hear("a", "online")]).toEqual([[false], [false], [true]]);
  });

  it("needs any of its topics, where that is its mode", () => {
    const hear = online({ avty_mode: "any" });
    expect([hear("a", "offline"), hear("b", "offline"), hear("a", "online")]).toEqual([[true], [false], [true]]);
  });

  it("goes by the latest word unless it says otherwise", () => {
    const hear = online({});
    expect([hear("a", "offline"), hear("b", "online"), hear("a", "offline")]).toEqual([[false], [true], [false]]);
  });

  it("has been taken back with its configuration, and with each of them what that told", () => {
    const { hear, config: teach } = home();
    teach("sensor", "t", config);
    teach("sensor", "u", { ...config, state_topic: "x/u" });
    expect(hear("homeassistant/sensor/t/config", "")).toEqual([{ source: "homeassistant/abc", "t/temperature": null }]);
    expect(hear("x/u", "21")).toMatchObject([{ source: "homeassistant/abc", "u/temperature": 21 }]);
    expect(hear("homeassistant/sensor/u/config", "")).toEqual([
      { source: "homeassistant/abc", "u/temperature": null, _online: false },
    ]);
    expect(hear("homeassistant/sensor/u/config", "")).toEqual([]);
  });

  it("loses the value that its configuration tells no more, and nothing by being told again", () => {
    const { hear, config: teach } = home();
    const topic = "homeassistant/sensor/t/config";
    teach("sensor", "t", config);
    expect(hear(topic, config)).toEqual([]);
    expect(() => hear(topic, "no JSON")).toThrow("no JSON");
    expect(hear("x/state", "21")).toMatchObject([{ source: "homeassistant/abc", "t/temperature": 21 }]);
    expect(hear(topic, { ...config, device_class: "humidity" })).toEqual([
      { source: "homeassistant/abc", "t/temperature": null },
    ]);
    expect(hear("x/state", "40")).toMatchObject([{ source: "homeassistant/abc", "t/humidity": 40 }]);
  });

  it("is forgotten with its configuration", () => {
    const { hear, config: teach } = home();
    teach("sensor", "t", { ...config, availability_topic: "x/lwt" });
    hear("x/lwt", "offline");
    teach("sensor", "t", "");
    expect(hear("x/lwt", "online")).toEqual([]);
  });

  it("says nothing fresh with what a broker kept", () => {
    const { kept, config: teach } = home();
    teach("sensor", "t", { ...config, availability_topic: "x/lwt" });
    expect([kept("x/state", "21"), kept("x/lwt", "online")]).toEqual([[true], [true]]);
  });

  it("says so in its own words, under any of its topics", () => {
    const { hear, config: teach } = home();
    const availability = [
      { t: "bridge", val_tpl: "{{ value_json.state }}" },
      { t: "x/a", pl_not_avail: "0" },
    ];
    teach("sensor", "t", { ...config, avty: availability });
    expect(hear("bridge", { state: "offline" })).toHaveLength(1);
    expect(hear("x/a", "0")).toHaveLength(1);
    expect(hear("x/a", "offline")).toEqual([]);
  });
});

describe("what is remembered", () => {
  it("is 64 entities of a device", () => {
    const { convention, config } = home();
    for (let i = 0; i < 70; i++)
      config("sensor", `t${i}`, { device, device_class: "temperature", state_topic: `t/${i}` });
    expect(convention.owns("t/63")).toBe(true);
    expect(convention.owns("t/64")).toBe(false);
  });

  it("is 2,000 devices", () => {
    const { convention, config } = home();
    for (let i = 0; i < 2_050; i++) config("sensor", `t${i}`, { device_class: "temperature", state_topic: `t/${i}` });
    expect(convention.owns("t/1999")).toBe(true);
    expect(convention.owns("t/2000")).toBe(false);
    config("sensor", "t0", "");
    config("sensor", "late", { device_class: "temperature", state_topic: "late" });
    expect(convention.owns("late")).toBe(true);
  });

  it("is nothing in a fresh copy", () => {
    const { convention, config } = home();
    config("sensor", "t", sensor({ device_class: "temperature" }));
    expect(convention.fresh().owns("x/state")).toBe(false);
  });

  it("survives whatever is said: mutated configurations are learned or refused", () => {
    const { hear } = home();
    const random = new SeededRandom(11);
    const text = JSON.stringify({
      ...sensor({ device, dev_cla: "temperature", val_tpl: "{{ value_json.a | float }}" }),
    });
    for (let i = 0; i < 2_000; i++) {
      const at = Math.floor(random.unit() * text.length);
      const broken = text.slice(0, at) + String.fromCharCode(32 + Math.floor(random.unit() * 95)) + text.slice(at + 1);
      try {
        hear("homeassistant/sensor/t/config", broken);
        hear("x/state", '{"a":1}');
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it("has no place for what every object of the language has", () => {
    const { hear } = home();
    hear(
      "homeassistant/sensor/__proto__/config",
      '{"__proto__":{"a":1},"state_topic":"x","device_class":"constructor","unit_of_measurement":"toString","device":{"__proto__":{}}}',
    );
    expect(hear("x", "5")).toEqual([{ source: "homeassistant/proto", "proto/number": 5 }]);
  });

  it("refuses bodies without end", () => {
    expect(() => home().hear("x/state", "x".repeat(70_000))).toThrow("message of 70000 bytes");
  });
});
