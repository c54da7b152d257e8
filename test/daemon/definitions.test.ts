/** Where definitions come from: folders, packages and ours, who wins, and how faults are named. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Config, demoConfig } from "../../src/config/index.ts";
import { factsOf, loadDevices } from "../../src/definitions.ts";
import { devicesFolder, packagedFolders, standardModels } from "../../src/library/index.ts";
import { changed } from "../support/definitions.ts";
import { MemoryLog } from "../support/memory-log.ts";

const models = standardModels();
const RUUVI = join(devicesFolder, "ruuvi/df5.yaml");
let place = "";
let log = new MemoryLog();

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "isthmus-definitions-"));
  log = new MemoryLog();
});
afterEach(() => rmSync(place, { recursive: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), text);
}

const thermometer = (id: string, vendor = "Acme") =>
  changed(["id: acme.thermometer", `id: ${id}`], ["vendor: Acme", `vendor: ${vendor}`]);

function pack(name: string, manifest: object, files: Readonly<Record<string, string>> = {}): void {
  put(`node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
  for (const [file, text] of Object.entries(files)) put(`node_modules/${name}/${file}`, text);
}

/** With one definition of ours: all of them would take their time. */
const load = (config: Partial<Config> = {}) =>
  loadDevices({ ...demoConfig(), ...config }, { near: [place], ours: RUUVI, models, log });
const KEYWORDS = { keywords: ["sensors", "isthmus-devices"] };

describe("definitions of packages", () => {
  it("are those of packages with the keyword, in devices or where they say", () => {
    pack("acme-sensors", KEYWORDS, { "devices/t.yaml": thermometer("acme.one") });
    pack("@acme/more", { ...KEYWORDS, isthmus: { devices: "yaml" } }, { "yaml/deep/t.yml": thermometer("acme.two") });
    pack("other", { keywords: ["sensors"] }, { "devices/t.yaml": thermometer("acme.three") });
    const { devices, faults } = load();
    expect(faults).toEqual([]);
    expect(["acme.one", "acme.two", "acme.three"].map((id) => devices.get(id)?.vendor)).toEqual([
      "Acme",
      "Acme",
      undefined,
    ]);
  });

  it("come once, from the first place that has them", () => {
    pack("acme-sensors", KEYWORDS, { "devices/t.yaml": thermometer("acme.one") });
    expect(packagedFolders([place, place], [place])).toEqual([join(place, "node_modules/acme-sensors/devices")]);
  });

  it.each([
    ["no list of keywords", { keywords: "isthmus-devices" }],
    ["nothing", {}],
    ["a folder outside of itself", { ...KEYWORDS, isthmus: { devices: "../../.." } }],
  ])("are not looked for in a package with %s", (_, manifest) => {
    pack("odd", manifest, { "devices/t.yaml": thermometer("acme.one") });
    expect(packagedFolders([place], [])).toEqual([]);
  });

  it("are not there where a manifest is broken, or the folder is missing, and the rest goes on", () => {
    put("node_modules/broken/package.json", "{ isthmus-devices");
    put("node_modules/file", "x");
    pack("empty", KEYWORDS);
    pack("sound", KEYWORDS, { "devices/t.yaml": thermometer("acme.one") });
    symlinkSync(join(place, "nowhere"), join(place, "node_modules/dangling"));
    const { devices, faults } = load();
    expect(devices.get("acme.one")).toBeDefined();
    expect(faults.map(({ what }) => what)).toEqual([expect.stringContaining(join("empty", "devices"))]);
  });
});

describe("of two definitions with one id", () => {
  it("the user's own is taken, then that of a package, then ours, without a word", () => {
    put("own/t.yaml", thermometer("acme.one", "Mine"));
    pack("acme-sensors", KEYWORDS, {
      "devices/one.yaml": thermometer("acme.one", "Theirs"),
      "devices/two.yaml": thermometer("ruuvi.tag.df5", "Theirs"),
    });
    const { devices, faults } = load({ devices: [join(place, "own")] });
    expect(faults).toEqual([]);
    expect(devices.get("acme.one")?.vendor).toBe("Mine");
    expect(devices.get("ruuvi.tag.df5")?.vendor).toBe("Theirs");
  });

  it("in one place, the second is a mistake", () => {
    put("own/a.yaml", thermometer("acme.one"));
    put("own/b.yaml", thermometer("acme.one"));
    const { faults } = load({ devices: [join(place, "own")] });
    expect(faults).toMatchObject([{ what: expect.stringContaining("is already taken") as string }]);
  });
});

describe("a definition with a mistake", () => {
  it("is left out alone, and named with file, line, column and what would be right", () => {
    put("own/bad.yaml", changed(["3303/0: { value: temperature }", "3303/0: { value: temprature }"]));
    put("own/good.yaml", thermometer("acme.good"));
    const { devices, faults } = load({ devices: [join(place, "own")] });
    expect(devices.get("acme.good")).toBeDefined();
    const file = join(place, "own/bad.yaml");
    expect(faults).toEqual([
      {
        what: `The definition at ${file}:16:13 is left out: no field "temprature" (did you mean "temperature"?).`,
        next: `Correct it, then: isthmus device test ${file}; it is read when Isthmus starts again.`,
      },
    ]);
    expect(log.events("error")).toEqual(["definition-left-out"]);
  });

  it("is one of twenty at most", () => {
    for (let i = 0; i < 40; i++) put(`own/${i}.yaml`, "schema: nothing\n");
    expect(load({ devices: [join(place, "own")] }).faults).toHaveLength(20);
  });

  it("may be a whole folder that cannot be read", () => {
    const { faults, devices } = load({ devices: [join(place, "nowhere")] });
    expect(faults[0]?.what).toContain("nowhere are left out");
    expect(devices.get("ruuvi.tag.df5")).toBeDefined();
  });
});

describe("what the configuration is told of a definition", () => {
  it("are its fields, also those of many, and how long its key is", () => {
    const { devices } = load();
    const facts = factsOf(devices.get("ruuvi.tag.df5")!);
    expect(facts.hasField("temperature")).toBe(true);
    expect(facts.hasField("temprature")).toBe(false);
    expect(facts.keyDigits).toEqual([]);
  });
});
