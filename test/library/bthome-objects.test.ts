/** BTHome v2, object by object: the examples of the format (bthome.io/format), each alone in a message. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { decodeBthome } from "../../src/library/codecs/bthome.ts";
import { bthomeFields } from "../../src/library/codecs/bthome-objects.ts";
import { loadDevices } from "../../src/library/index.ts";
import { frameOf, serviceAdvert } from "../support/definitions.ts";

type Row = readonly [hex: string, name: string, value: string | number | boolean, unit?: string];

const OBJECTS: readonly Row[] = [
  ["0009", "packet_id", 9],
  ["0161", "battery", 97, "%EL"],
  ["02ca09", "temperature", 25.06, "Cel"],
  ["03bf13", "humidity", 50.55, "%RH"],
  ["04138a01", "pressure", 100_883, "Pa"],
  ["05138a14", "illuminance", 13_460.67, "lx"],
  ["065e1f", "mass", 80.3, "kg"],
  ["073e1d", "mass", 33.9559248182, "kg"],
  ["08ca06", "dew_point", 17.38, "Cel"],
  ["0960", "count", 96],
  ["0a138a14", "energy", 1346.067, "kWh"],
  ["0b021b00", "power", 69.14, "W"],
  ["0c020c", "voltage", 3.074, "V"],
  ["0d120c", "pm2_5", 3090, "ug/m3"],
  ["0e021c", "pm10", 7170, "ug/m3"],
  ["0f01", "generic", true],
  ["1001", "power_on", true],
  ["1100", "opening", false],
  ["12e204", "co2", 1250, "ppm"],
  ["133301", "tvoc", 307, "ug/m3"],
  ["14020c", "moisture", 30.74, "%"],
  ["1501", "battery_low", true],
  ["1601", "battery_charging", true],
  ["1701", "carbon_monoxide", true],
  ["1801", "cold", true],
  ["1901", "connectivity", true],
  ["1a01", "door", true],
  ["1b01", "garage_door", true],
  ["1c00", "gas_detected", false],
  ["1d01", "heat", true],
  ["1e01", "light_detected", true],
  ["1f01", "lock", true],
  ["2001", "moisture_detected", true],
  ["2101", "motion", true],
  ["2201", "moving", true],
  ["2300", "occupancy", false],
  ["2401", "plug", true],
  ["2501", "presence", true],
  ["2601", "problem", true],
  ["2700", "running", false],
  ["2801", "safety", true],
  ["2901", "smoke", true],
  ["2a01", "sound", true],
  ["2b01", "tamper", true],
  ["2c01", "vibration", true],
  ["2d01", "window", true],
  ["2e33", "humidity", 51, "%RH"],
  ["2f33", "moisture", 51, "%"],
  ["3a04", "button", "long_press"],
  ["3d3321", "count", 8499],
  ["3e33ae3221", "count", 556_969_523],
  ["3f020c", "rotation", 307.4, "deg"],
  ["400c00", "distance", 0.012, "m"],
  ["414e00", "distance", 7.8, "m"],
  ["424e3400", "duration", 13.39, "s"],
  ["434e34", "current", 13.39, "A"],
  ["444e34", "speed", 133.9, "m/s"],
  ["451101", "temperature", 27.3, "Cel"],
  ["4632", "uv_index", 5],
  ["478756", "volume", 2215.1, "l"],
  ["48dc87", "volume", 34.78, "l"],
  ["49dc87", "volume_flow_rate", 34.78, "m3/h"],
  ["4a020c", "voltage", 307.4, "V"],
  ["4b138a14", "gas", 1346.067, "m3"],
  ["4c41018a01", "gas", 25_821.505, "m3"],
  ["4d12138a14", "energy", 344_593.17, "kWh"],
  ["4e87562a01", "volume", 19_551.879, "l"],
  ["4f87562a01", "water", 19_551.879, "l"],
  ["505d396164", "timestamp", "2023-05-14T19:41:17+00:00"],
  ["518756", "acceleration", 22.151, "m/s2"],
  ["528756", "gyroscope", 22.151, "deg/s"],
  ["530c48656c6c6f20576f726c6421", "text", "Hello World!"],
  ["540c48656c6c6f20576f726c6421", "raw", "48656c6c6f20576f726c6421"],
  ["5587562a01", "volume_storage", 19_551.879, "l"],
  ["56e803", "conductivity", 0.1, "S/m"],
  ["57ea", "temperature", -22, "Cel"],
  ["58ea", "temperature", -7.7, "Cel"],
  ["59ea", "count", -22],
  ["5aeaea", "count", -5398],
  ["5bea0234ea", "count", -365_690_134],
  ["5c02fbffff", "power", -12.78, "W"],
  ["5d02ea", "current", -5.63, "A"],
  ["5e9f8c", "direction", 359.99, "deg"],
  ["5f0a00", "precipitation", 1, "mm"],
  ["6001", "channel", 1],
  ["61ac0d", "rotational_speed", 3500, "1/min"],
  ["624099dfff", "speed", -2.123456, "m/s"],
  ["630057d0ff", "acceleration", -3.123456, "m/s2"],
  ["6402", "light_level", 2],
];

const decode = (hex: string) => decodeBthome(fromHex(hex));

describe("an object alone in a message", () => {
  for (const [hex, name, value, unit] of OBJECTS) {
    it(`${hex} is ${name}: ${value} ${unit ?? ""}`, () => {
      expect([...decode(`40${hex}`)]).toEqual([[name, unit === undefined ? { value } : { value, unit }]]);
    });

    it(`${hex} (${name}) is refused at every length but its own`, () => {
      for (let end = 2; end < hex.length; end += 2)
        expect(() => decode(`40${hex.slice(0, end)}`)).toThrow("ends early");
    });

    it(`${hex} (${name}) leaves what follows where it is`, () => {
      const found = decode(`40${hex}0161`);
      expect(found.get(name === "battery" ? "battery_2" : "battery")).toEqual({ value: 97, unit: "%EL" });
    });

    it(`${hex} (${name}) has the unit that is announced for its name`, () => {
      expect(bthomeFields.has(name)).toBe(true);
      expect(bthomeFields.get(name)).toBe(unit);
    });
  }

  it("is in the table for every example of the vectors", () => {
    const text = readFileSync(new URL("../vectors/bthome.json", import.meta.url), "utf8");
    const examples = [...text.matchAll(/"example_object_hex": ?"([0-9a-f]+)"/g)].map(([, hex = ""]) => hex);
    const known = new Set([...OBJECTS.map(([hex]) => hex), "3c0103"]);
    expect(examples.length).toBeGreaterThan(80);
    expect(examples.filter((hex) => !known.has(hex))).toEqual([]);
  });
});

describe("a switch", () => {
  it.each(["0f", "15", "1b", "20", "2d"])("%s is off with zero and on with anything else", (id) => {
    expect([...decode(`40${id}00`).values()]).toEqual([{ value: false }]);
    for (const state of ["01", "02", "ff"]) expect([...decode(`40${id}${state}`).values()]).toEqual([{ value: true }]);
  });
});

describe("an event", () => {
  it.each([
    ["3a00", { button: "none" }],
    ["3a01", { button: "press" }],
    ["3a02", { button: "double_press" }],
    ["3a03", { button: "triple_press" }],
    ["3a05", { button: "long_double_press" }],
    ["3a06", { button: "long_triple_press" }],
    ["3a80", { button: "hold_press" }],
    ["3a07", { button: "unknown" }],
    ["3c0000", { dimmer: "none", dimmer_steps: 0 }],
    ["3c0103", { dimmer: "rotate_left", dimmer_steps: 3 }],
    ["3c0205", { dimmer: "rotate_right", dimmer_steps: 5 }],
    ["3c0905", { dimmer: "unknown", dimmer_steps: 5 }],
  ])("%s is %o", (hex, expected) => {
    expect(Object.fromEntries([...decode(`44${hex}`)].map(([name, { value }]) => [name, value]))).toEqual(expected);
  });
});

describe("the definition of BTHome", () => {
  const device = loadDevices().library.get("bthome.v2")!;
  const shown = (hex: string) => {
    const payload = serviceAdvert("0000fcd2-0000-1000-8000-00805f9b34fb", fromHex(hex));
    const updates = device.createMapping().updates(device.decode(frameOf(payload))!);
    return Object.fromEntries(updates.map(({ path, value }) => [path, value]));
  };

  it.each([
    ["0161", "/3/0/9", 97],
    ["02ca09", "/3303/0/5700", 25.06],
    ["03bf13", "/3304/0/5700", 50.55],
    ["04138a01", "/3315/0/5700", 100_883],
    ["05138a14", "/3301/0/5700", 13_460.67],
    ["065e1f", "/3322/0/5700", 80.3],
    ["0a138a14", "/3331/0/5700", 1_346_067],
    ["0b021b00", "/3328/0/5700", 69.14],
    ["0c020c", "/3316/0/5700", 3.074],
    ["434e34", "/3317/0/5700", 13.39],
    ["14020c", "/3320/0/5700", 30.74],
    ["400c00", "/3330/0/5700", 0.012],
    ["56e803", "/3327/0/5700", 0.1],
    ["12e204", "/3325/0/5700", 1250],
    ["12e204", "/3428/0/17", 1250],
    ["133301", "/3325/1/5700", 307],
    ["0d120c", "/3428/0/3", 3090],
    ["0e021c", "/3428/0/1", 7170],
    ["5e9f8c", "/3332/0/5705", 359.99],
    ["518756", "/3313/0/5702", 22.151],
    ["444e34", "/3346/0/5700", 133.9],
    ["4632", "/3300/0/5700", 5],
    ["0960", "/3300/1/5700", 96],
    ["478756", "/3300/2/5700", 2215.1],
    ["4f87562a01", "/3424/0/1", 19.551879],
    ["4b138a14", "/3423/0/1", 1346.067],
    ["2101", "/3302/0/5500", true],
    ["2300", "/3302/1/5500", false],
    ["1100", "/3200/0/5500", false],
    ["1a01", "/3200/1/5500", true],
    ["2d01", "/3200/2/5500", true],
    ["2001", "/3200/3/5500", true],
    ["2b01", "/3200/4/5500", true],
  ])("shows %s at %s as %s", (hex, path, value) => {
    expect(shown(`40${hex}`)[path]).toBe(value);
  });

  it("gives a second thermometer the second Instance", () => {
    expect(shown("4002ca0902ca08")).toMatchObject({ "/3303/0/5700": 25.06, "/3303/1/5700": 22.5 });
  });
});
