import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { path } from "../../src/model/path.ts";
import type { Thing } from "../../src/thing.ts";
import { LabBench } from "../support/lab-bench.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-examples-"));
const labs: LabBench[] = [];
const things: Thing[] = [];

async function lab(): Promise<LabBench> {
  const bench = await new LabBench().start();
  labs.push(bench);
  return bench;
}

/** The modules were loaded anew, so `instanceof` would compare with another class. */
function isExample(module: unknown): module is { readonly thing: Thing } {
  return typeof module === "object" && module !== null && "thing" in module;
}

/** Runs an example as its own program would: fresh, and with what the environment tells it. */
async function run(name: string, environment: Record<string, string>): Promise<Thing> {
  for (const [key, value] of Object.entries(environment)) vi.stubEnv(key, value);
  vi.resetModules();
  const module: unknown = await import(`../../docs/examples/${name}.js`);
  if (!isExample(module)) throw new Error(`${name} shows no thing`);
  things.push(module.thing);
  return module.thing;
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(async () => {
  await Promise.all(things.splice(0).map((thing) => thing.stop(1_000)));
  await Promise.all(labs.splice(0).map((bench) => bench.stop()));
  process.removeAllListeners("SIGINT");
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the sensor of the examples", () => {
  it("has no more than 20 lines of code", () => {
    const lines = readFileSync(new URL("../../docs/examples/sensor.js", import.meta.url), "utf8").split("\n");
    expect(lines.filter((line) => line.trim() !== "" && !line.startsWith("//")).length).toBeLessThanOrEqual(20);
  });

  it("registers, and shows its temperature", async () => {
    const bench = await lab();
    await run("sensor", { SERVER: `coap://127.0.0.1:${bench.port}` });
    await bench.event("client");
    const client = bench.known("urn:dev:ops:example-thermometer");
    const read = await bench.lab.operations.read(client, path(3303, 0));
    expect(read.code).toBe("2.05");
    const values = "values" in read ? (read.values ?? {}) : {};
    expect(values["/3303/0/5701"]?.value).toBe("Cel");
    expect(values["/3303/0/5700"]?.value).toBeGreaterThan(19);
  });
});

describe("the lamp of the examples", () => {
  it("is switched, and shows what it really did", async () => {
    const bench = await lab();
    const thing = await run("actuator", { SERVER: `coap://127.0.0.1:${bench.port}` });
    await bench.event("client");
    const client = bench.known("urn:dev:ops:example-lamp");
    const switching = bench.lab.operations.write(client, path(3311, 0, 5850), true);
    expect(thing.get("/3311/0/5850")).toBe(false);
    expect((await switching).code).toBe("2.04");
    expect(thing.get("/3311/0/5850")).toBe(true);
  });

  it("refuses to go dark, keeps a name, and restarts", async () => {
    const bench = await lab();
    const thing = await run("actuator", { SERVER: `coap://127.0.0.1:${bench.port}` });
    await bench.event("client");
    const client = bench.known("urn:dev:ops:example-lamp");
    const refused = await bench.lab.operations.write(client, path(3311, 0, 5851), 5);
    expect(refused.code).toBe("4.00");
    expect(JSON.stringify(refused)).toContain("goes dark below 10 %");
    expect(thing.get("/3311/0/5851")).toBe(100);
    expect((await bench.lab.operations.write(client, path(3311, 0, 5750), "hall")).code).toBe("2.04");
    expect(thing.get("/3311/0/5750")).toBe("hall");
    expect((await bench.lab.operations.execute(client, path(3, 0, 4))).code).toBe("2.04");
    await vi.waitFor(() => expect(console.log).toHaveBeenCalledWith("restarting ..."));
  });
});

describe("the meter of the examples", () => {
  it("is given two servers, registers at both, and finds them again without asking after a restart", async () => {
    const [one, two] = [await lab(), await lab()];
    one.lab.bootstrap.plan("*", {
      delete: ["/0", "/1"],
      write: {
        "/0/1": { 0: `coap://127.0.0.1:${one.port}`, 1: false, 2: 3, 10: 101 },
        "/0/2": { 0: `coap://127.0.0.1:${two.port}`, 1: false, 2: 3, 10: 102 },
        "/1/1": { 0: 101, 1: 300, 6: true, 7: "U" },
        "/1/2": { 0: 102, 1: 600, 6: true, 7: "U" },
      },
    });
    const environment = { BOOTSTRAP: `coap://127.0.0.1:${one.bootstrapPort}`, STATE: join(folder, "meter.json") };
    const first = await run("bootstrap", environment);
    await Promise.all([one.event("client"), two.event("client")]);
    expect(one.known("urn:dev:ops:example-meter")).toBeDefined();
    expect(first.registrations.map(({ shortServerId, lifetime }) => [shortServerId, lifetime])).toEqual([
      [101, 300],
      [102, 600],
    ]);
    expect(statSync(join(folder, "meter.json")).mode & 0o777).toBe(0o600);
    await first.stop(1_000);

    one.lab.bootstrap.forget("*");
    one.events.length = 0;
    await run("bootstrap", environment);
    await one.event("client");
    expect(one.events.some(({ type }) => type === "bootstrap")).toBe(false);
  });
});
