/** Definitions of every kind, from a real frame to the bytes that a server reads, in every format. */

import { beforeEach, describe, expect, it } from "vitest";
import type { Scalar } from "../../src/base/outcome.ts";
import { Format } from "../../src/content/index.ts";
import type { Payload } from "../../src/sdk/adapter.ts";
import { fields, library, models, Rig } from "../gateway/rig.ts";
import {
  announced,
  json,
  line,
  links,
  plain,
  readSenml,
  readText,
  readTlv,
  ruuviHex,
  serviceHex,
  typeOf,
} from "../support/journey.ts";

interface Device {
  readonly definition: string;
  readonly source: string;
  readonly frame: Payload;
  readonly endpoint: string;
  /** What a server must find, in the units of the Objects; facts of the Device Object and the measured ones. */
  readonly values: Readonly<Record<string, Scalar>>;
}

/** Noon, when the rig starts, and a tenth of a second. */
const NOON = Date.UTC(2026, 5, 1, 12) / 1_000;

/** A value of an IPSO Object heard once: it is its own extremes. */
const ipso = (instance: string, value: number, unit: string, range?: readonly [number, number]) => ({
  [`${instance}/5700`]: value,
  [`${instance}/5701`]: unit,
  [`${instance}/5601`]: value,
  [`${instance}/5602`]: value,
  ...(range && { [`${instance}/5603`]: range[0], [`${instance}/5604`]: range[1] }),
  [`${instance}/5518`]: NOON,
  [`${instance}/6042`]: 4,
});

const device = (maker: string, model: string, more: Readonly<Record<string, Scalar>> = {}) => ({
  "/3/0/0": maker,
  "/3/0/1": model,
  "/3/0/11/0": 0,
  "/3/0/16": "U",
  ...more,
});

const acceleration = (x: number, y: number, z: number) => ({
  ...{ "/3313/0/5702": x, "/3313/0/5703": y, "/3313/0/5704": z, "/3313/0/5701": "m/s2" },
  ...{ "/3313/0/5518": NOON, "/3313/0/6042": 4 },
});

const ROOM: readonly [number, number] = [-40, 85];
const PERCENT: readonly [number, number] = [0, 100];
const AIR: readonly [number, number] = [50_000, 115_500];
const SIM = (model: string) => device("Isthmus", model);

const DEVICES: readonly Device[] = [
  {
    definition: "ruuvi.tag.df5",
    source: "radio/CB:B8:33:4C:88:4F",
    frame: ruuviHex("05 12FC 5394 C37C 0004 FFFC 040C AC36 42 00CD CBB8334C884F"),
    endpoint: "ruuvi-cbb8334c884f",
    values: {
      ...device("Ruuvi", "RuuviTag", { "/3/0/6/0": 1, "/3/0/7/0": 2977 }),
      ...ipso("/3303/0", 24.3, "Cel", ROOM),
      ...ipso("/3304/0", 53.49, "%RH", PERCENT),
      ...ipso("/3315/0", 100_044, "Pa", AIR),
      ...acceleration(0.0392266, -0.0392266, 10.1596894),
    },
  },
  {
    definition: "ruuvi.tag.df3",
    source: "radio/CB:B8:33:4C:88:50",
    frame: ruuviHex("03 29 1A1E CE1E FC18 F942 02CA 0B53"),
    endpoint: "ruuvi-cbb8334c8850",
    values: {
      ...device("Ruuvi", "RuuviTag", { "/3/0/6/0": 1, "/3/0/7/0": 2899 }),
      ...ipso("/3303/0", 26.3, "Cel", ROOM),
      ...ipso("/3304/0", 20.5, "%RH", PERCENT),
      ...ipso("/3315/0", 102_766, "Pa", AIR),
      ...acceleration(-9.80665, -16.9262779, 7.0019481),
    },
  },
  {
    definition: "ruuvi.air.df6",
    source: "radio/CB:B8:33:4C:88:51",
    frame: ruuviHex("06 170C 5668 C79E 0070 00C9 05 01 D9 FF CD 00 4C884F"),
    endpoint: "ruuvi-cbb8334c8851",
    values: {
      ...device("Ruuvi", "Ruuvi Air"),
      ...ipso("/3303/0", 29.5, "Cel", ROOM),
      ...ipso("/3304/0", 55.3, "%RH", PERCENT),
      ...ipso("/3315/0", 101_102, "Pa", AIR),
      ...{ "/3428/0/3": 11.2, "/3428/0/17": 201, "/3428/0/5518": NOON, "/3428/0/6042": 4 },
      ...ipso("/3325/0", 201, "ppm"),
      "/3325/0/5750": "CO2",
      ...valueWithoutUnit("/3300/0", 10, "VOC index"),
      ...valueWithoutUnit("/3300/1", 2, "NOx index"),
      ...ipso("/3301/0", 13_026.67, "lx"),
    },
  },
  {
    definition: "atc.atc1441",
    source: "radio/A4:C1:38:02:83:F4",
    frame: serviceHex("181a", "A4C1380283F4 FFCE 2F 5F 0BF8 1A"),
    endpoint: "atc-a4c1380283f4",
    values: {
      ...device("Xiaomi", "LYWSD03MMC", { "/3/0/6/0": 1, "/3/0/7/0": 3064, "/3/0/9": 95 }),
      ...ipso("/3303/0", -5, "Cel", ROOM),
      ...ipso("/3304/0", 47, "%RH", PERCENT),
    },
  },
  {
    definition: "atc.pvvx",
    source: "radio/A4:C1:38:CF:01:56",
    frame: serviceHex("181a", "5601CF38C1A4 4008 BD13 470C 64 CC 0F"),
    endpoint: "atc-a4c138cf0156",
    values: {
      ...device("Xiaomi", "LYWSD03MMC", { "/3/0/6/0": 1, "/3/0/7/0": 3143, "/3/0/9": 100 }),
      ...ipso("/3303/0", 21.12, "Cel", ROOM),
      ...ipso("/3304/0", 50.53, "%RH", PERCENT),
    },
  },
  {
    definition: "bthome.v2",
    source: "radio/02:00:00:00:00:07",
    frame: serviceHex("fcd2", "44 001E 0164 02CA09 0200F6 2D01"),
    endpoint: "bthome-020000000007",
    values: {
      ...device("BTHome", "BTHome v2 sensor", { "/3/0/9": 100 }),
      ...ipso("/3303/0", 25.06, "Cel"),
      ...ipso("/3303/1", -25.6, "Cel"),
      ...{ "/3200/2/5500": true, "/3200/2/5750": "window", "/3200/2/5518": NOON },
    },
  },
  {
    definition: "csv.logger",
    source: "radio/ttyUSB0",
    frame: line("T1,21.5,40.1,3021"),
    endpoint: "csv-ttyusb0-t1",
    values: {
      ...device("generic", "CSV logger", { "/3/0/6/0": 1, "/3/0/7/0": 3021 }),
      ...ipso("/3303/0", 21.5, "Cel", [-50, 150]),
      ...ipso("/3304/0", 40.1, "%RH", PERCENT),
    },
  },
  {
    definition: "gnss.nmea0183",
    source: "radio/ttyACM0",
    frame: line("$GNGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*45"),
    endpoint: "gnss-ttyacm0",
    values: {
      ...device("generic", "GNSS receiver"),
      ...{ "/6/0/0": 47.285233166667, "/6/0/1": 8.565265, "/6/0/2": 499.6, "/6/0/3": 5.05, "/6/0/5": NOON },
      ...{ "/3336/0/6051": 47.285233166667, "/3336/0/6052": 8.565265, "/3336/0/6053": 5.05 },
      ...{ "/3336/0/5518": NOON, "/3336/0/6042": 4 },
    },
  },
  {
    definition: "tasmota.sensor",
    source: "radio/tele/shed/SENSOR",
    frame: json("tele/shed/SENSOR", {
      Time: "2026-01-02T03:04:05",
      DS18B20: { Id: "01131B123456", Temperature: 98.6 },
      TempUnit: "F",
    }),
    endpoint: "tasmota-shed",
    values: { ...device("Tasmota", "Tasmota node"), ...ipso("/3303/0", 37, "Cel"), "/3303/0/5750": "DS18B20" },
  },
  {
    definition: "zigbee2mqtt.climate",
    source: "radio/zigbee2mqtt/cellar",
    frame: json("zigbee2mqtt/cellar", {
      ...{ battery: 97, voltage: 2985, temperature: 12.31, humidity: 71.4, pressure: 1013.25, linkquality: 120 },
    }),
    endpoint: "zb-cellar",
    values: {
      ...device("Zigbee2MQTT", "climate sensor", { "/3/0/6/0": 1, "/3/0/7/0": 2985, "/3/0/9": 97 }),
      ...ipso("/3303/0", 12.31, "Cel"),
      ...ipso("/3304/0", 71.4, "%RH"),
      ...ipso("/3315/0", 101_325, "Pa"),
    },
  },
  {
    definition: "zigbee2mqtt.plug",
    source: "radio/zigbee2mqtt/desk",
    frame: json("zigbee2mqtt/desk", { state: "ON", power: 12.5, energy: 3.2, voltage: 231, current: 0.06 }),
    endpoint: "zb-desk",
    values: {
      ...device("Zigbee2MQTT", "metering plug"),
      ...{ "/3306/0/5850": true, "/3306/0/5518": NOON },
      ...ipso("/3328/0", 12.5, "W"),
      ...withoutExtremes("/3331/0", 3_200, "Wh"),
      ...ipso("/3316/0", 231, "V"),
      ...ipso("/3317/0", 0.06, "A"),
    },
  },
  {
    definition: "isthmus.sim.climate",
    source: "sim/sim-1",
    frame: fields({ model: "climate", temperature: 22, humidity: 44.2, battery: 87 }),
    endpoint: "sim-1",
    values: {
      ...device("Isthmus", "Simulated climate sensor", { "/3/0/6/0": 1, "/3/0/9": 87 }),
      ...ipso("/3303/0", 22, "Cel", ROOM),
      ...ipso("/3304/0", 44.2, "%RH", PERCENT),
    },
  },
  {
    definition: "isthmus.sim.meter",
    source: "sim/sim-2",
    frame: fields({ model: "meter", power: 412.7, energy: 1_234.567, voltage: 230.2, current: 1.793 }),
    endpoint: "sim-2",
    values: {
      ...SIM("Simulated meter"),
      ...ipso("/3328/0", 412.7, "W"),
      ...withoutExtremes("/3331/0", 1_234_567, "Wh"),
      ...ipso("/3316/0", 230.2, "V", [0, 500]),
      ...ipso("/3317/0", 1.793, "A"),
    },
  },
  {
    definition: "isthmus.sim.relay",
    source: "sim/sim-3",
    frame: fields({ model: "relay", state: true }),
    endpoint: "sim-3",
    values: { ...SIM("Simulated relay"), "/3306/0/5850": true, "/3306/0/5518": NOON },
  },
  {
    definition: "isthmus.sim.gnss",
    source: "sim/sim-4",
    frame: fields({
      ...{ model: "gnss", latitude: 37.934912, longitude: 22.984134, altitude: 1.4, speed: 3.09, heading: 129.4 },
    }),
    endpoint: "sim-4",
    values: {
      ...SIM("Simulated GNSS receiver"),
      ...{ "/6/0/0": 37.934912, "/6/0/1": 22.984134, "/6/0/2": 1.4, "/6/0/6": 3.09, "/6/0/5": NOON },
      ...{ "/3336/0/6051": 37.934912, "/3336/0/6052": 22.984134, "/3336/0/5705": 129.4 },
      ...{ "/3336/0/5518": NOON, "/3336/0/6042": 4 },
    },
  },
  {
    definition: "isthmus.sim.quiet",
    source: "sim/sim-5",
    frame: fields({ model: "quiet", temperature: 4.12 }),
    endpoint: "sim-5",
    values: {
      ...SIM("Simulated thermometer"),
      ...ipso("/3303/0", 4.12, "Cel", ROOM),
      "/3303/0/5750": "refrigerator",
    },
  },
  {
    definition: "isthmus.sim.value",
    source: "sim/sim-6",
    frame: fields({ model: "value", value: 41 }),
    endpoint: "sim-6",
    values: { ...SIM("Simulated value"), "/3303/0/5700": 41 },
  },
];

/** An index has no unit, but a name. */
function valueWithoutUnit(instance: string, value: number, type: string) {
  return { ...without(/5701$/, ipso(instance, value, "")), [`${instance}/5750`]: type };
}

/** Energy counts upwards: its Object has no extremes. */
function withoutExtremes(instance: string, value: number, unit: string) {
  return without(/560[12]$/, ipso(instance, value, unit));
}

function without(paths: RegExp, values: Readonly<Record<string, Scalar>>): Record<string, Scalar> {
  return Object.fromEntries(Object.entries(values).filter(([path]) => !paths.test(path)));
}

/** What a server asks for: each Instance, except those that the client keeps for itself. */
const ownInstances = (instances: readonly string[]) => instances.filter((each) => !each.startsWith("/1/"));

const below = (instance: string, values: Device["values"]) =>
  Object.fromEntries(Object.entries(values).filter(([path]) => path.startsWith(`${instance}/`)));

it("all of these are shipped; library.test.ts takes every other on the same way", () => {
  const shipped = new Set(Array.from(library.devices(), ({ id }) => id));
  expect(DEVICES.map((each) => each.definition).filter((id) => !shipped.has(id))).toEqual([]);
});

describe.each(DEVICES)("$definition", ({ source, frame, endpoint, definition, values }) => {
  let rig: Rig;
  let instances: string[];

  beforeEach(async () => {
    rig = await Rig.start();
    await rig.heard(source, frame, -60);
    const [entry] = rig.gateway.inbox();
    const adopted = await rig.gateway.adopt(entry?.source ?? "");
    if (!adopted.ok) throw new Error(adopted.reason);
    await rig.clock.advance(1_500);
    instances = ownInstances(announced(rig.server(endpoint)));
  });

  it("is recognised, and registers under its name with every Instance that it has values for", () => {
    expect(rig.gateway.sensor(endpoint)).toMatchObject({ definition, registration: { state: "registered" } });
    const wanted = new Set(Object.keys(values).map((path) => path.split("/").slice(0, 3).join("/")));
    expect(new Set(instances)).toEqual(wanted);
  });

  it("names the version of every Object that is not in its first", () => {
    const told = rig.server(endpoint).requests.filter(({ payload }) => payload.length > 0);
    for (const { text } of told) {
      const found = links(text);
      for (const object of new Set(instances.map((each) => Number(each.split("/")[1])))) {
        // Objects of the core come in the version that the client speaks, all others in their newest.
        const version = object === 3 ? "1.1" : models.object(object)?.version;
        const version_1_0 = version === "1.0" || (object < 10 && models.object(object, "1.1") === undefined);
        if ([...found.keys()].some((target) => target.startsWith(`/${object}/`)))
          expect([object, found.get(`/${object}`)]).toEqual([object, version_1_0 ? undefined : `ver=${version ?? ""}`]);
      }
    }
  });

  it("shows its values in TLV, SenML-JSON and SenML-CBOR alike", async () => {
    for (const instance of instances) {
      const wanted = below(instance, values);
      expect(rounded(await readTlv(rig.server(endpoint), instance))).toEqual(rounded(wanted));
      expect(rounded(plain(await readSenml(rig.server(endpoint), instance, 110)))).toEqual(rounded(wanted));
      expect(rounded(plain(await readSenml(rig.server(endpoint), instance, 112)))).toEqual(rounded(wanted));
    }
  });

  it("writes every FLOAT as a float, whole or not, and nothing else as one", async () => {
    for (const instance of instances)
      for (const format of [110, 112] as const)
        for (const [path, { value, float }] of await readSenml(rig.server(endpoint), instance, format))
          if (typeof value === "number")
            expect([path, format, float]).toEqual([path, format, typeOf(path) === "float"]);
  });

  it("shows each single value as text", async () => {
    for (const [path, value] of Object.entries(values)) {
      const text = await readText(rig.server(endpoint), path);
      if (typeOf(path) === "float") {
        expect(text).toContain(".");
        expect(Number(text)).toBeCloseTo(Number(value), 9);
      } else expect(text).toBe(typeof value === "boolean" ? (value ? "1" : "0") : String(value));
    }
  });

  it("discovers what it shows, and what can be done to it, and nothing else", async () => {
    const { executable = [] } = rig.gateway.sensor(endpoint) ?? {};
    // Where extremes are kept, they can be reset.
    const resets = Object.keys(values).flatMap((path) =>
      path.endsWith("/5601") ? [path.replace("5601", "5605")] : [],
    );
    expect([...executable].sort()).toEqual(resets.sort());
    for (const instance of instances) {
      const answer = await rig.server(endpoint).ask("GET", { path: instance, accept: Format.LinkFormat });
      const found = [...links(answer.text).keys()].filter((path) => path.split("/").length === 4);
      const shown = Object.keys(below(instance, values)).map((path) => path.split("/").slice(0, 4).join("/"));
      const done = [...resets, ...(instance === "/3/0" ? ["/3/0/4"] : [])];
      const wanted = new Set([...shown, ...done.filter((path) => path.startsWith(`${instance}/`))]);
      expect(new Set(found)).toEqual(wanted);
    }
  });
});

/** Floats of devices carry rounding of their own; nobody measures to nine digits. */
function rounded(values: Readonly<Record<string, Scalar>>): Record<string, Scalar> {
  const entries = Object.entries(values).map(
    ([path, value]) => [path, typeof value === "number" ? Number(value.toPrecision(9)) : value] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
