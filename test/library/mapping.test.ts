/** Readings become resources: values, units, extremes, times and quality. */

import { describe, expect, it } from "vitest";
import type { Device, Mapping } from "../../src/library/index.ts";
import { parsePath } from "../../src/model/path.ts";
import type { ResourceUpdate } from "../../src/model/value.ts";
import type { Scalar } from "../../src/sdk/adapter.ts";
import { AT, deviceOf, frameOf, message, ofFields } from "../support/definitions.ts";

const CLIMATE = ofFields(
  'temperature: { unit: Cel, range: [-40, 85] }\nhumidity: { unit: "%RH" }',
  "3303/0: { value: temperature, range: [-40, 85], type: ambient }\n3304/0: { value: humidity }",
);

type Heard = Readonly<Record<string, Scalar>>;

/** A sensor that hears: each call is one frame, a second after the one before. */
function sensor(device: Device): { hear(fields: Heard): Record<string, unknown>; mapping: Mapping } {
  const mapping = device.createMapping();
  let seconds = 0;
  return {
    mapping,
    hear(fields) {
      const at = { ms: AT.ms + 1000 * seconds++, trusted: true };
      const reading = device.decode({
        source: "s",
        at,
        payload: { kind: "fields", fields: { model: "f", ...fields } },
      });
      return reading ? shown(mapping.updates(reading)) : {};
    },
  };
}

const shown = (updates: readonly ResourceUpdate[]) =>
  Object.fromEntries(updates.map(({ path, value }) => [path, value]));
const constants = (device: Device) =>
  Object.fromEntries(device.createMapping().constants.map(({ path, value }) => [path, value]));
const NOON = Math.floor(AT.ms / 1000);

describe("an IPSO sensor", () => {
  const device = deviceOf(CLIMATE);

  it("shows its Instances, main values and resets from the first registration on", () => {
    expect(device.instances).toEqual(["/3/0", "/3303/0", "/3304/0"]);
    expect(device.main).toEqual(["/3303/0/5700", "/3304/0/5700"]);
    expect(device.executable).toEqual(["/3303/0/5605", "/3304/0/5605"]);
    expect(device.writable).toEqual([]);
  });

  it("has constants: unit, range, application type, no error", () => {
    expect(constants(device)).toEqual({
      "/3/0/0": "Acme",
      "/3303/0/5701": "Cel",
      "/3303/0/5750": "ambient",
      "/3303/0/5603": -40,
      "/3303/0/5604": 85,
      "/3304/0/5701": "%RH",
      "/3/0/11/0": 0,
    });
  });

  it("shows value, extremes, time and quality with the first reading", () => {
    expect(sensor(device).hear({ temperature: 21.5 })).toEqual({
      "/3303/0/5700": 21.5,
      "/3303/0/5601": 21.5,
      "/3303/0/5602": 21.5,
      "/3303/0/5518": NOON,
      "/3303/0/6042": 4,
    });
  });

  it("says extremes and quality again only when they change", () => {
    const { hear } = sensor(device);
    hear({ temperature: 21.5 });
    expect(hear({ temperature: 21.5 })).toEqual({ "/3303/0/5700": 21.5, "/3303/0/5518": NOON + 1 });
    expect(hear({ temperature: 22 })).toMatchObject({ "/3303/0/5602": 22 });
    expect(hear({ temperature: 20 })).toMatchObject({ "/3303/0/5601": 20 });
    expect(hear({ temperature: 21 })).toEqual({ "/3303/0/5700": 21, "/3303/0/5518": NOON + 4 });
  });

  it("stamps every update with the time of measurement", () => {
    const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", temperature: 1, humidity: 2 } }));
    for (const { at } of device.createMapping().updates(reading!)) expect(at).toEqual(AT);
  });

  it("changes nothing but quality when the value is not available", () => {
    const { hear } = sensor(device);
    hear({ temperature: 21.5 });
    expect(hear({ temperature: "n/a" })).toEqual({ "/3303/0/6042": 1 });
    expect(hear({ temperature: 99 })).toEqual({});
    expect(hear({ temperature: 21 })).toMatchObject({ "/3303/0/5700": 21, "/3303/0/6042": 4 });
  });

  it("keeps what a reading does not speak of", () => {
    const { hear } = sensor(device);
    hear({ temperature: 21.5, humidity: 40 });
    expect(Object.keys(hear({ humidity: 41 }))).toEqual(["/3304/0/5700", "/3304/0/5602", "/3304/0/5518"]);
  });

  it("keeps extremes for each sensor alone", () => {
    const one = sensor(device);
    const other = sensor(device);
    one.hear({ temperature: 5 });
    expect(other.hear({ temperature: 30 })).toMatchObject({ "/3303/0/5601": 30, "/3303/0/5602": 30 });
  });

  it("takes the present value for both extremes when they are reset", () => {
    const { hear, mapping } = sensor(device);
    for (const temperature of [20, 30, 10, 25]) hear({ temperature });
    const reset = mapping.command({ path: parsePath("/3303/0/5605")!, source: "s", at: AT });
    expect(reset?.kind === "local" && shown(reset.updates)).toEqual({ "/3303/0/5601": 25, "/3303/0/5602": 25 });
    expect(hear({ temperature: 24 })).toMatchObject({ "/3303/0/5601": 24 });
    expect(hear({ temperature: 24.5 })).not.toHaveProperty("/3303/0/5601");
  });

  it("has nothing to reset before the first value", () => {
    const planned = device.createMapping().command({ path: parsePath("/3304/0/5605")!, source: "s", at: AT });
    expect(planned).toEqual({ kind: "local", updates: [] });
  });
});

describe("silence", () => {
  const device = deviceOf(CLIMATE);

  it("is told by quality, and by the error code when the sensor is gone", () => {
    const { hear, mapping } = sensor(device);
    hear({ temperature: 21, humidity: 40 });
    expect(shown(mapping.silence("stale", AT))).toEqual({ "/3303/0/6042": 3, "/3304/0/6042": 3 });
    expect(shown(mapping.silence("gone", AT))).toEqual({ "/3303/0/6042": 1, "/3304/0/6042": 1, "/3/0/11/0": 8 });
    expect(shown(mapping.silence("gone", AT))).toEqual({});
  });

  it("ends with the next value: quality and error code are good again", () => {
    const { hear, mapping } = sensor(device);
    mapping.silence("gone", AT);
    expect(hear({ temperature: 21 })).toMatchObject({ "/3/0/11/0": 0, "/3303/0/6042": 4 });
    expect(hear({ temperature: 21 })).not.toHaveProperty("/3/0/11/0");
  });

  it("leaves Instances that were never seen alone", () => {
    const present = deviceOf(ofFields("t: { unit: Cel }", "3303/0: { value: t, when: present }"));
    expect(shown(present.createMapping().silence("stale", AT))).toEqual({});
  });
});

describe("units and types", () => {
  /** What the resource shows of a value. */
  const show = (field: string, object: string, value: Scalar, resource: string) =>
    sensor(deviceOf(ofFields(`x: { ${field} }`, object))).hear({ x: value })[resource];

  it.each([
    ["unit: kWh", "3331/0: { value: x }", 3.274, "/3331/0/5700", 3274],
    ["unit: hPa", "3315/0: { value: x }", 1013.25, "/3315/0/5700", 101_325],
    ["unit: V", "3/0: { 7/0: x }", 2.977, "/3/0/7/0", 2977],
    ["unit: A", "3/0: { 8/0: x }", 0.0126, "/3/0/8/0", 13],
    ['unit: "%EL"', "3/0: { 9: x }", 87.4, "/3/0/9", 87],
    ["unit: cm", "3330/0: { value: x }", 12.5, "/3330/0/5700", 0.125],
    ["unit: K", "3303/0: { value: x }", 293.15, "/3303/0/5700", 20],
    ["type: boolean", "3200/0: { value: x }", true, "/3200/0/5500", true],
    ["type: boolean", "3302/0: { value: x }", 1, "/3302/0/5500", true],
    ["type: text", "3/0: { 2: x }", "SN-1", "/3/0/2", "SN-1"],
    ["type: number", "3/0: { 13: x }", 1_780_315_200.9, "/3/0/13", 1_780_315_200],
    ["type: text", "3/0: { 13: x }", "2026-06-01T12:00:00Z", "/3/0/13", NOON],
    ["unit: deg", "3332/0: { value: x }", 271.5, "/3332/0/5705", 271.5],
  ])("fit the resource: %s in %s", (field, object, value, resource, expected) => {
    const text = ofFields(`x: { ${field} }`, object);
    const replaced = object.startsWith("3/0") ? text.replace("  3/0: { 0: { const: Acme } }\n", "") : text;
    expect(sensor(deviceOf(replaced)).hear({ x: value })[resource]).toBe(expected);
  });

  it("show the unit they are in", () => {
    const unitOf = (unit: string, object: string) =>
      constants(deviceOf(ofFields(`x: { unit: ${unit} }`, `${object}: { value: x }`)))[`/${object}/5701`];
    expect(unitOf("kWh", "3331/0")).toBe("Wh");
    expect(unitOf("K", "3303/0")).toBe("Cel");
    expect(unitOf("ppm", "3325/0")).toBe("ppm");
    expect(unitOf("m/s", "3346/0")).toBe("m/s");
  });

  it("that cannot be what the resource wants change nothing", () => {
    expect(show("type: text", "3303/0: { value: x }", "hot", "/3303/0/5700")).toBeUndefined();
    expect(show("type: text", "3200/0: { value: x }", "open", "/3200/0/5500")).toBeUndefined();
  });

  it("of one field may differ between resources", () => {
    const device = deviceOf(
      ofFields("x: { unit: V }", "3316/0: { value: x }").replace("{ 0: { const: Acme } }", "{ 7/0: x }"),
    );
    expect(sensor(device).hear({ x: 3.05 })).toMatchObject({ "/3/0/7/0": 3050, "/3316/0/5700": 3.05 });
  });
});

describe("resources one by one", () => {
  const GNSS = ofFields(
    "lat: { unit: lat, range: [-90, 90] }\nlon: { unit: lon }\nhdop: { type: number }",
    "6/0: { 0: lat, 1: lon, 3: { expr: hdop * 5 }, 5: { time: true } }\n" +
      "3336/0: { 6051: lat, 6052: lon, 5518: { time: true }, 6042: { quality: lat } }",
  );

  it("are fed by fields, computations, and the time of measurement", () => {
    const { hear } = sensor(deviceOf(GNSS));
    expect(hear({ lat: 47.5, lon: 8.5 })).toEqual({
      ...{ "/6/0/0": 47.5, "/6/0/1": 8.5, "/6/0/5": NOON },
      ...{ "/3336/0/6051": 47.5, "/3336/0/6052": 8.5, "/3336/0/5518": NOON, "/3336/0/6042": 4 },
    });
    expect(hear({ hdop: 1.2 })).toEqual({ "/6/0/3": 6, "/6/0/5": NOON + 1 });
  });

  it("keep time and value when a value is not available, and tell it by quality", () => {
    const { hear } = sensor(deviceOf(GNSS));
    hear({ lat: 47.5, lon: 8.5 });
    expect(hear({ lat: 91 })).toEqual({ "/3336/0/6042": 1 });
  });

  it("give the vendor and model where a definition says nothing of the device", () => {
    const device = deviceOf(GNSS.replace("  3/0: { 0: { const: Acme } }\n", ""));
    expect(constants(device)).toMatchObject({ "/3/0/0": "Acme", "/3/0/1": "F-1" });
    expect(device.main).toEqual(["/6/0/0", "/6/0/1", "/3336/0/6051", "/3336/0/6052"]);
  });
});

describe("Instances that appear when heard", () => {
  const device = deviceOf(
    ofFields(
      "t: { unit: Cel }\nco2: { unit: ppm }",
      "3303/0: { value: t, type: room, when: present }\n3428/0: { 17: co2, 5518: { time: true }, when: present }",
    ),
  );

  it("are not among those shown from the start", () => {
    expect(device.instances).toEqual(["/3/0"]);
    expect(device.executable).toEqual([]);
    expect(constants(device)).not.toHaveProperty("/3303/0/5701");
  });

  it("come with their constants, once", () => {
    const { hear } = sensor(device);
    expect(hear({ t: 21 })).toMatchObject({ "/3303/0/5700": 21, "/3303/0/5701": "Cel", "/3303/0/5750": "room" });
    expect(hear({ t: 21 })).toEqual({ "/3303/0/5700": 21, "/3303/0/5518": NOON + 1 });
    expect(hear({ co2: 600 })).toEqual({ "/3428/0/17": 600, "/3428/0/5518": NOON + 2 });
  });

  it("do not appear for a value that is not available", () => {
    const { hear } = sensor(device);
    expect(hear({ t: "n/a" })).toEqual({});
    expect(hear({ t: 21 })).toMatchObject({ "/3303/0/5700": 21, "/3303/0/6042": 4 });
  });

  it("say what can be executed in them", () => {
    const { hear, mapping } = sensor(device);
    const instance = parsePath("/3303/0")!;
    expect(mapping.handlers(instance)).toEqual({ writable: [], executable: [] });
    hear({ t: 21 });
    expect(mapping.handlers(instance)).toEqual({ writable: [], executable: ["/3303/0/5605"] });
    expect(mapping.command({ path: parsePath("/3303/0/5605")!, source: "s", at: AT })).toMatchObject({ kind: "local" });
  });
});

describe("quantities that a device has several times", () => {
  const device = deviceOf(`schema: device/v1
id: acme.many
vendor: Acme
model: M
match: { mqtt: { topic: "many/+" } }
identity: { endpoint: "{source}" }
frame: { json: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields: { t: { json: "$.*.T", unit: Cel } }
objects: { 3303/0: { value: t, when: present, type: never }, 3303/*: { value: t, when: present } }
tests: [{ name: none, topic: many/x, json: {} }]
`);
  const hear = (mapping: Mapping, body: unknown) =>
    shown(mapping.updates(device.decode(frameOf(message("many/x", body)))!));
  const of = (updates: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(updates).filter(([path]) => path.endsWith("/5700")));

  it("take free Instances in the order in which they are first heard, and keep them", () => {
    const mapping = device.createMapping();
    expect(of(hear(mapping, { A: { T: 1 }, B: { T: 2 } }))).toEqual({ "/3303/1/5700": 1, "/3303/2/5700": 2 });
    expect(of(hear(mapping, { B: { T: 3 }, C: { T: 4 } }))).toEqual({ "/3303/2/5700": 3, "/3303/3/5700": 4 });
    expect(of(hear(mapping, { A: { T: 5 } }))).toEqual({ "/3303/1/5700": 5 });
  });

  it("cannot fill a sensor with Instances", () => {
    const mapping = device.createMapping();
    const paths = new Set<string>();
    for (let i = 0; i < 500; i++)
      for (const path of Object.keys(of(hear(mapping, { [`s${i}`]: { T: i } })))) paths.add(path);
    expect(paths.size).toBe(64);
  });
});
