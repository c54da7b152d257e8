import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-cli-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = `server: { uri: "coap://127.0.0.1:5683" }
adapters:
  gnss: { type: serial, path: /dev/ttyUSB0, baud: 9600 }
  sim:  { type: simulator }
`;

function given(text: string, env: NodeJS.ProcessEnv = {}): FakeSurroundings {
  writeFileSync(join(folder, "isthmus.yaml"), text);
  return new FakeSurroundings({ folder, env });
}

describe("isthmus config check", () => {
  it("says of a good file what it holds", async () => {
    const console = given(GOOD);
    expect(await console.run("config check")).toBe(0);
    expect(console.out).toBe("isthmus.yaml: good, 1 server, 2 adapters, 0 sensors, 0 rules\n");
  });

  it("prints each mistake with place, line and what was meant, and ends with 78", async () => {
    const console = given(GOOD.replace("baud:", "bauds:"));
    expect(await console.run("config check isthmus.yaml")).toBe(78);
    expect(console.out).toMatch(/^isthmus\.yaml:3:\d+ {2}adapters\.gnss\.bauds: unknown key\n/);
    expect(console.out).toMatch(/^ +3 \| {3}gnss: \{ type: serial, path: \/dev\/ttyUSB0, bauds: 9600 \}$/m);
    expect(console.out).toMatch(/^ {7}\| +\^+ did you mean `baud`\?$/m);
    expect(console.err).toBe("1 problem in isthmus.yaml; the rest would run\n");
  });

  it("knows the definitions, and names the one that was meant", async () => {
    const console = given(`${GOOD}adopt: [ { definition: "ruvi.*" }, { definition: "ruuvi.*" } ]
sensors: [ { source: "sim/sim-1", definition: ruuvi.tag.df9 }, { source: "sim/sim-2", definition: ruuvi.tag.df5 } ]
`);
    expect(await console.run("config check")).toBe(78);
    const heads = console.out.split("\n").filter((line) => line.startsWith("isthmus.yaml:"));
    expect(heads).toEqual([
      "isthmus.yaml:5:24  adopt.0.definition: no definition fits ruvi.*",
      "isthmus.yaml:6:47  sensors.0.definition: no definition is called ruuvi.tag.df9",
    ]);
    expect(console.out).toContain("did you mean `ruuvi.tag.df");
    expect(console.err).toBe("2 problems in isthmus.yaml; the rest would run\n");
  });

  it("names definitions with a mistake, since they would be left out", async () => {
    mkdirSync(join(folder, "devices"), { recursive: true });
    writeFileSync(join(folder, "devices/bad.yaml"), "schema: device/v1\nid: garden.bad\nvendr: Garden\n");
    const console = given(`${GOOD}devices: devices\n`);
    expect(await console.run("config check")).toBe(78);
    expect(console.out).toMatch(/^The definition at .*bad\.yaml:3:1 is left out: unknown key "vendr" \(.*"vendor"/m);
    expect(console.out).toMatch(/^ {2}to do {4}Correct it, then: isthmus device test .*bad\.yaml/m);
    expect(console.err).toMatch(/^\d problems? in isthmus\.yaml; the rest would run\n$/);
    const machine = given(`${GOOD}devices: devices\n`);
    expect(await machine.run("config check --json")).toBe(78);
    expect(machine.out).toMatch(/"message": "The definition at .*bad\.yaml:3:1/);
    rmSync(join(folder, "devices"), { recursive: true });
  });

  it("says when nothing would run at all", async () => {
    const console = given(GOOD.replace("coap:", "http:"));
    expect(await console.run("config check")).toBe(78);
    expect(console.err).toContain("nothing would run");
  });

  it("gives machines the problems as an array, empty for a good file", async () => {
    const good = given(GOOD);
    expect(await good.run("config check --json")).toBe(0);
    expect(JSON.parse(good.out)).toEqual([]);
    const bad = given(GOOD.replace("baud:", "bauds:"));
    expect(await bad.run("config check --json")).toBe(78);
    expect(JSON.parse(bad.out)).toMatchObject([{ file: "isthmus.yaml", line: 3, path: "adapters.gnss.bauds" }]);
  });

  it("takes secrets from the environment and from files beside the configuration, and never shows them", async () => {
    writeFileSync(join(folder, "token"), "s3cret-from-a-file\n");
    const text = `${GOOD}http: { listen: "0.0.0.0:80", token: !file token }\n`;
    const console = given(text);
    expect(await console.run("config check")).toBe(0);
    const missing = given(text.replace("!file token", "!env NOT_SET"));
    expect(await missing.run("config check")).toBe(78);
    expect(missing.out).toContain("NOT_SET");
    const set = given(text.replace("!file token", "!env SET"), { SET: "s3cret-from-outside" });
    expect(await set.run("config check")).toBe(0);
    for (const { out, err } of [console, missing, set]) expect(out + err).not.toContain("s3cret");
  });

  it("says of a file that is not there that it is not there", async () => {
    const console = new FakeSurroundings({ folder });
    expect(await console.run("config check nowhere.yaml")).toBe(78);
    expect(console.err).toBe(
      "isthmus: there is no such configuration file\n  where    nowhere.yaml\n  to do    name it: --config FILE\n",
    );
  });

  it("says of a folder that it is one", async () => {
    const console = new FakeSurroundings({ folder });
    expect(await console.run("config check .")).toBe(78);
    expect(console.err).toContain("this is a folder");
  });
});

describe("isthmus config schema", () => {
  it("prints a JSON Schema that knows every adapter", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("config schema")).toBe(0);
    const schema = JSON.stringify(JSON.parse(console.out));
    for (const word of ["adapters", "simulator", "serial", "ble", "mqtt", "replay", "baud"])
      expect(schema).toContain(`"${word}"`);
  });
});

describe("isthmus run with a bad configuration", () => {
  it("prints the mistakes, starts nothing, and ends with 78", async () => {
    const console = given(GOOD.replace("coap:", "http:"));
    expect(await console.run("run --config isthmus.yaml")).toBe(78);
    expect(console.err).toMatch(/^isthmus\.yaml:1:\d+ {2}server\.uri: /);
    expect(console.err).toContain("to do    mend it, then: isthmus config check isthmus.yaml");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) expect(console.process.listenerCount(signal)).toBe(0);
  });
});
