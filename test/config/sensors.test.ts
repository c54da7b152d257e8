/** What the file says of single sensors: keys, corrections, other figures, and every mistake in its place. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type ConfigProblem, type DefinitionFacts, readConfig } from "../../src/config/index.ts";

const HEAD = `server: { uri: "coap://127.0.0.1:5683" }
adapters: { radio: { type: ble } }
sensors:
`;
const KEY = "231d39c1d7cc1ab1aee224cd096db932";

const FACTS: DefinitionFacts = {
  fields: ["temperature", "humidity", "battery"],
  hasField: (name) => /^(?:temperature|humidity|battery|temperature_\d)$/.test(name),
  keyDigits: [32],
};
const OPEN: DefinitionFacts = { ...FACTS, keyDigits: [] };

function read(sensors: string, { files = {}, exposed }: { files?: Record<string, string>; exposed?: boolean } = {}) {
  return readConfig(HEAD + sensors, "/etc/isthmus/isthmus.yaml", {
    adapters: new Map([["ble", z.strictObject({})]]),
    secrets: {
      env: () => undefined,
      file: (path) => {
        const text = files[path];
        if (text === undefined) throw new Error("no such file");
        return text;
      },
      ...(exposed && { exposed: (path) => ({ what: `${path ?? "this file"} is open`, hint: "chmod 600" }) }),
    },
    definitions: new Map([
      ["acme.sealed", FACTS],
      ["acme.open", OPEN],
    ]),
  });
}

const shown = ({ line, column, path, message, hint }: ConfigProblem) =>
  `${line}:${column} ${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
const mistakes = (sensor: string) => read(`  - { source: radio/A, ${sensor} }`).problems.map(shown);

describe("a sensor's own", () => {
  it("key, corrections and figures become what the gateway takes", () => {
    const { config, problems } = read(
      `  - source: radio/A
    definition: acme.sealed
    key: !file key
    calibrate: { temperature: { scale: 1.02, offset: -0.3 }, temperature_2: { offset: 1 } }
    report: { default: { max: 15m }, humidity: { delta: 2, min: 10s } }
    alive: { stale: 1h, gone: 1d }
`,
      { files: { key: `${KEY.toUpperCase()}\n` } },
    );
    expect(problems).toEqual([]);
    const [sensor] = config?.sensors ?? [];
    expect(sensor?.key?.reveal()).toBe(KEY);
    expect(sensor?.key?.name).toBe("!file key");
    expect(sensor?.corrections).toEqual(
      new Map([
        ["temperature", { scale: 1.02, offset: -0.3 }],
        ["temperature_2", { offset: 1 }],
      ]),
    );
    expect(sensor?.report).toEqual({ default: { max: "15m" }, humidity: { delta: 2, min: "10s" } });
    expect(sensor?.alive).toEqual({ staleMs: 3_600_000, goneMs: 86_400_000 });
  });

  it("is absent where nothing is said of it", () => {
    expect(read("  - { source: radio/A }").config?.sensors).toEqual([{ source: "radio/A" }]);
  });

  it("key may be written as tools print it", () => {
    const { config } = read(`  - { source: radio/A, key: "${KEY.replaceAll(/(..)(?=.)/g, "$1:")}" }`);
    expect(config?.sensors[0]?.key?.reveal()).toBe(KEY);
  });

  it("key shows nowhere: not in the value, not in what is said of it", () => {
    const { config, problems } = read(`  - { source: radio/A, key: "${KEY}", calibrate: { t: {} } }`);
    expect(JSON.stringify({ config, problems })).not.toContain(KEY);
    expect(JSON.stringify(read(`  - { source: radio/A, key: "${KEY}" }`).config)).not.toContain(KEY);
    expect(JSON.stringify(read(`  - { source: radio/A, key: "${KEY}x" }`).problems)).not.toContain(KEY);
  });
});

describe("a mistake at a sensor", () => {
  it.each([
    ["key: xyz", "4:29 sensors.0.key: expected hexadecimal digits, two for each byte of the key"],
    [
      "key: /etc/isthmus/keys/x",
      "4:29 sensors.0.key: expected hexadecimal digits, two for each byte of the key; if a file is meant, write !file before its name",
    ],
    [
      `definition: acme.sealed, key: ${KEY.slice(0, 24)}`,
      "4:54 sensors.0.key: expected 32 hexadecimal digits, found 24",
    ],
    [`definition: acme.open, key: ${KEY}`, "4:47 sensors.0.key: devices of this definition have no key"],
    [
      "definition: acme.open, calibrate: { temprature: { offset: 1 } }",
      "4:60 sensors.0.calibrate.temprature: the definition has no field temprature (did you mean `temperature`?)",
    ],
    [
      "definition: acme.open, report: { pressure_sea_level: { delta: 1 } }",
      "4:57 sensors.0.report.pressure_sea_level: the definition has no field pressure_sea_level (its fields: temperature, humidity, battery)",
    ],
    ["calibrate: { t: {} }", "4:40 sensors.0.calibrate.t: expected scale, offset or both"],
    ["calibrate: { t: { scale: 0 } }", "4:49 sensors.0.calibrate.t.scale: 0 would make all values the same"],
    ["calibrate: { t: { ofset: 1 } }", "4:42 sensors.0.calibrate.t.ofset: unknown key (did you mean `offset`?)"],
    [
      "calibrate: { t: { offset: warm } }",
      '4:50 sensors.0.calibrate.t.offset: expected a number, found the text "warm"',
    ],
    ["calibrate: { t: { offset: .inf } }", "4:50 sensors.0.calibrate.t.offset: expected a number, found null"],
    ["report: { t: { delta: 0 } }", "4:46 sensors.0.report.t.delta: expected a change greater than 0"],
    ["report: { t: { min: soon } }", "4:44 sensors.0.report.t.min: expected a duration, such as 10s, 5m or 1h"],
    ["report: { t: { min: 1h, max: 5m } }", "4:53 sensors.0.report.t.max: is shorter than min"],
    ["alive: { stale: 1h, gone: 5m }", "4:50 sensors.0.alive.gone: gone before stale"],
    ["alive: { expect: 1h, stale: 5m }", "4:52 sensors.0.alive.stale: stale before the next message is expected"],
    ["alive: { late: 5m }", "4:33 sensors.0.alive.late: unknown key (known here: expect, stale, gone)"],
  ])("{ %s } is named with its place and what would be right", (sensor, said) => {
    expect(mistakes(sensor)).toEqual([said]);
  });

  it("disables that sensor alone", () => {
    const { config } = read(
      "  - { source: radio/A, calibrate: { t: {} } }\n  - { source: radio/B, alive: { stale: 1h } }",
    );
    expect(config?.sensors).toEqual([{ source: "radio/B", alive: { staleMs: 3_600_000 } }]);
  });

  it("of a definition that is not named is left to whoever hears the sensor", () => {
    expect(mistakes("calibrate: { temprature: { offset: 1 } }")).toEqual([]);
  });

  it("is a key that others can read, in a file or in this one", () => {
    const said = (sensor: string) =>
      read(`  - { source: radio/A, key: ${sensor} }`, { files: { key: KEY }, exposed: true }).problems.map(shown);
    expect(said("!file key")).toEqual(["4:35 sensors.0.key: key is open (chmod 600)"]);
    expect(said(`"${KEY}"`)).toEqual(["4:29 sensors.0.key: this file is open (chmod 600)"]);
  });
});

describe("folders of definitions", () => {
  const devices = (value: string) => {
    const { config, problems } = readConfig(`${HEAD.replace("sensors:\n", "")}devices: ${value}\n`, "/etc/i/i.yaml", {
      adapters: new Map([["ble", z.strictObject({})]]),
      secrets: { env: () => undefined, file: () => "" },
    });
    return config ? config.devices : problems.map(shown);
  };

  it("are one or several, from the folder of the file on", () => {
    expect(devices("own")).toEqual(["/etc/i/own"]);
    expect(devices("[own, /srv/devices]")).toEqual(["/etc/i/own", "/srv/devices"]);
  });

  it("are named when they are neither", () => {
    expect(devices("7")).toEqual([expect.stringContaining("expected a folder, or a list of folders")]);
    expect(devices("[]")).toEqual([expect.stringContaining("expected at least 1 entry")]);
  });
});
