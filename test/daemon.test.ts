/** The whole house in one process: real sockets on loopback, a real folder, the lab as the server. */

import { createSocket } from "node:dgram";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../src/base/log.ts";
import { systemRandom } from "../src/base/random.ts";
import { SystemClock } from "../src/base/system-clock.ts";
import { type Config, demoConfig } from "../src/config/index.ts";
import { adapterSettings, type Daemon, startDaemon, startLab } from "../src/daemon.ts";
import { MemoryLog } from "./support/memory-log.ts";

const clock = new SystemClock();
let stateDir: string;
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "isthmus-daemon-"));
});
afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
  await rm(stateDir, { recursive: true });
});

/** Simulated sensors that speak quickly, and a server somewhere. */
function bare(uri: string): Config {
  const sim = { sensors: 6, strangers: 1, interval: "100ms", value: "drift", seed: 1 };
  return {
    gateway: { endpoint: "isthmus-demo", allowReboot: false },
    servers: [{ uri, lifetime: 300 }],
    adapters: [{ name: "sim", type: "simulator", settings: sim }],
    adopt: [],
    sensors: [],
    objects: [],
    log: { level: "info" },
  };
}

/** The demonstration, quicker, on ports that are free. */
function config(change: Partial<Config> = {}): Config {
  const http = { host: "127.0.0.1", port: 0 };
  return { ...demoConfig(), ...bare("coap://127.0.0.1:0"), http, lab: { port: 0 }, ...change };
}

async function start(change: Partial<Config> = {}, log: MemoryLog | typeof silentLog = silentLog): Promise<Daemon> {
  const daemon = await startDaemon({
    config: config(change),
    stateDir,
    log,
    clock,
    random: systemRandom,
    environment: {},
  });
  running.push(daemon);
  return daemon;
}

/** Waits until what the gateway tells makes it so. */
async function until({ gateway }: Daemon, done: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = gateway.subscribe(() => {
      if (!done()) return;
      stop();
      resolve();
    });
  });
}

const registered = (daemon: Daemon) => daemon.gateway.status().servers[0]?.registered ?? 0;

async function json(daemon: Daemon, path: string, init?: RequestInit): Promise<unknown> {
  return (await fetch(new URL(path, daemon.url), init)).json();
}

describe("the daemon", () => {
  it("brings six simulated sensors and itself to the lab, and shows them", async () => {
    const daemon = await start();
    await until(daemon, () => registered(daemon) === 7);
    expect(await json(daemon, "/api/status")).toMatchObject({ name: "isthmus-demo", sensors: { total: 6 } });
    const clients = await json(daemon, "/lab/clients");
    expect(clients).toHaveLength(7);
    expect(await json(daemon, "/lab/clients/sim-1/3303/0/5700")).toMatchObject({ code: "2.05" });
  });

  it("lets a person adopt a stranger and switch a relay", async () => {
    const daemon = await start();
    await until(daemon, () => registered(daemon) === 7 && daemon.gateway.inbox().length === 1);
    const [stranger] = daemon.gateway.inbox();
    const path = `/api/inbox/${encodeURIComponent(stranger?.source ?? "")}/adopt`;
    expect(await json(daemon, path, { method: "POST" })).toMatchObject({ definition: "ruuvi.tag.df5" });
    await until(daemon, () => registered(daemon) === 8);
    const relay = daemon.gateway.sensors().find(({ definition }) => definition === "isthmus.sim.relay");
    const state = relay?.values["/3306/0/5850"]?.value === true;
    const write = {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ value: !state }),
    };
    const written = await json(daemon, `/lab/clients/${relay?.endpoint ?? ""}/3306/0/5850`, write);
    expect(written).toMatchObject({ code: "2.04" });
    expect(daemon.gateway.sensor(relay?.endpoint ?? "")?.values["/3306/0/5850"]?.value).toBe(!state);
  });

  it("stops within five seconds, with everybody de-registered", async () => {
    const lab = await startLab({ port: 0, http: 0, host: "127.0.0.1", clock, log: silentLog });
    running.push(lab);
    const alone = bare(`coap://127.0.0.1:${lab.port}`);
    const daemon = await startDaemon({
      config: alone,
      stateDir,
      log: silentLog,
      clock,
      random: systemRandom,
      environment: {},
    });
    running.push(daemon);
    await until(daemon, () => registered(daemon) === 7);
    const clients = async () => (await fetch(new URL("clients", lab.url))).json() as Promise<unknown[]>;
    expect(await clients()).toHaveLength(7);
    const began = clock.monotonic();
    await daemon.stop();
    expect(clock.monotonic() - began).toBeLessThan(5_000);
    expect(await clients()).toHaveLength(0);
    await daemon.stop();
  });

  it("has the same sensors at the same ports after a restart", async () => {
    const first = await start();
    await until(first, () => registered(first) === 7);
    const ports = ({ gateway }: Daemon) =>
      Object.fromEntries(gateway.sensors().map(({ endpoint, registration }) => [endpoint, registration.localPort]));
    const server = Number(new URL(first.servers[0] ?? "").port);
    const before = ports(first);
    await first.stop();
    const second = await start({
      lab: { port: server },
      servers: [{ uri: `coap://127.0.0.1:${server}`, lifetime: 300 }],
    });
    await until(second, () => registered(second) === 7);
    expect(ports(second)).toEqual(before);
  });

  it("does not start twice on the same state, and says who is there", async () => {
    const daemon = await start();
    await expect(start()).rejects.toThrow(`another Isthmus (process ${process.pid}) already works on ${stateDir}`);
    expect(registered(daemon)).toBeGreaterThanOrEqual(0);
    await daemon.stop();
    await start();
  });

  it("leaves nothing behind when it cannot start", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const strict = { ...bare("coap://127.0.0.1:9"), http: { host: "127.0.0.1", port } };
    const options = { stateDir, log: silentLog, clock, random: systemRandom, environment: {} };
    await expect(startDaemon({ ...options, config: strict })).rejects.toThrow("EADDRINUSE");
    const elsewhere = await start({ http: { host: "127.0.0.1", port } });
    expect(elsewhere.url).toBe(`http://127.0.0.1:${port + 1}/`);
    await new Promise((resolve) => taken.close(resolve));
  });

  it("takes the next free port for the lab of a demonstration, and its sensors follow", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    const daemon = await start({ lab: { port }, servers: [{ uri: `coap://127.0.0.1:${port}`, lifetime: 300 }] });
    await until(daemon, () => registered(daemon) === 7);
    expect(daemon.servers).not.toEqual([`coap://127.0.0.1:${port}`]);
    socket.close();
  });

  it("leaves out a definition or an Object file with a mistake, alone, and names it", async () => {
    const own = join(stateDir, "own");
    const objects = join(stateDir, "33999.xml");
    await writeFile(objects, "<LWM2M><nonsense");
    await writeFile(join(stateDir, "own.yaml"), "schema: device/v1\nid: 5\n");
    const log = new MemoryLog();
    const daemon = await start({ objects: [objects, "/nowhere.xml"], devices: [join(stateDir, "own.yaml")] }, log);
    await until(daemon, () => registered(daemon) === 7);
    expect(log.events("error")).toEqual(expect.arrayContaining(["objects-left-out", "definition-left-out"]));
    await daemon.stop();
    const other = new MemoryLog();
    await start({ devices: [own] }, other);
    expect(other.events("error")).toContain("definitions-not-read");
  });

  it("runs on when one adapter cannot", async () => {
    const adapters = [
      { name: "sim", type: "simulator", settings: { sensors: 1, interval: "100ms" } },
      { name: "gnss", type: "serial", settings: { path: join(stateDir, "no-such-device") } },
      { name: "odd", type: "nonsense", settings: {} },
    ];
    const daemon = await start({ adapters });
    await until(daemon, () => registered(daemon) === 2);
    const health = daemon.gateway.status().adapters.map(({ name, health }) => [name, health]);
    expect(health).toEqual([
      ["sim", "ok"],
      ["gnss", "down"],
      ["odd", "down"],
    ]);
    expect(daemon.gateway.status().problems.length).toBeGreaterThanOrEqual(2);
  });

  it("runs without a page and without a lab", async () => {
    const daemon = await startDaemon({
      config: bare("coap://127.0.0.1:9"),
      stateDir,
      log: silentLog,
      clock,
      random: systemRandom,
      environment: {},
    });
    running.push(daemon);
    expect(daemon.url).toBeUndefined();
    await until(daemon, () => daemon.gateway.status().sensors.live === 6);
    const began = clock.monotonic();
    await daemon.stop();
    expect(clock.monotonic() - began).toBeLessThan(5_500);
    expect(await readdir(stateDir)).toContain("roster");
  });
});

describe("the lab alone", () => {
  it("has a page, and a port to register at", async () => {
    const lab = await startLab({ port: 0, http: 0, host: "127.0.0.1", clock, log: silentLog });
    running.push(lab);
    expect(lab.port).toBeGreaterThan(0);
    expect((await fetch(lab.url)).headers.get("content-type")).toContain("text/html");
    expect(await (await fetch(new URL("clients", lab.url))).json()).toEqual([]);
  });
});

describe("the settings of adapters", () => {
  it("are known for every type, without opening anything", () => {
    expect([...adapterSettings().keys()].toSorted()).toEqual([
      "ble",
      "modbus",
      "mqtt",
      "replay",
      "serial",
      "simulator",
    ]);
    expect(() => adapterSettings().get("simulator")?.parse({ sensors: "six" })).toThrow();
  });
});
