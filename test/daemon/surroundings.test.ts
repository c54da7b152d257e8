/** The whole house in poor surroundings: nothing plugged in, ports taken, a service manager that listens. */

import { createSocket, type Socket } from "node:dgram";
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { complain } from "../../src/cli/command-error.ts";
import { startFailure } from "../../src/cli/commands/run-command.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import type { Config } from "../../src/config/index.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import { MemoryLog } from "../support/memory-log.ts";

const clock = new SystemClock();
let folder: string;
const running: Daemon[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-poor-"));
});
afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
  for (const socket of sockets.splice(0)) socket.close();
  await rm(folder, { recursive: true });
});

const SIM = { name: "sim", type: "simulator", settings: { sensors: 2, interval: "50ms", seed: 1 } };

function config(change: Partial<Config> = {}): Config {
  return {
    gateway: { endpoint: "isthmus-poor", allowReboot: false },
    servers: [{ uri: "coap://127.0.0.1:0", lifetime: 300 }],
    adapters: [SIM],
    adopt: [],
    sensors: [],
    lab: { port: 0 },
    objects: [],
    log: { level: "info" },
    ...change,
  };
}

interface Extra {
  readonly log?: MemoryLog;
  readonly environment?: Readonly<Record<string, string>>;
}

async function start(change: Partial<Config> = {}, { log, environment = {} }: Extra = {}): Promise<Daemon> {
  const options = { stateDir: join(folder, "state"), log: log ?? silentLog, clock, random: systemRandom, environment };
  const daemon = await startDaemon({ ...options, config: config(change) });
  running.push(daemon);
  return daemon;
}

/** Waits for what the gateway tells anyway. */
function until({ gateway }: Daemon, done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = gateway.subscribe(() => {
      if (!done()) return;
      stop();
      resolve();
    });
  });
}
const registered = (daemon: Daemon) => daemon.gateway.status().servers[0]?.registered ?? 0;

/** A UDP port of somebody else's. */
async function takenPort(): Promise<number> {
  const socket = createSocket("udp4");
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket.address().port;
}

describe("a machine with nothing plugged in", () => {
  it("runs what it can, and says of the rest why it cannot", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const port = typeof address === "object" && address ? address.port : 1;
    await new Promise((resolve) => closed.close(resolve));
    const adapters = [
      { name: "radio", type: "ble", settings: { device: "hci9" } },
      { name: "gnss", type: "serial", settings: { path: join(folder, "no-device") } },
      { name: "broker", type: "mqtt", settings: { url: `mqtt://127.0.0.1:${port}`, topics: ["#"] } },
      { name: "old", type: "replay", settings: { file: join(folder, "no-file.jsonl") } },
      SIM,
    ];
    const daemon = await start({ adapters });
    await until(daemon, () => {
      const { adapters: states } = daemon.gateway.status();
      return registered(daemon) === 3 && states.filter(({ health }) => health === "down").length === 4;
    });
    const { adapters: states, problems, sensors } = daemon.gateway.status();
    expect(sensors.live).toBe(2);
    for (const { name, reason } of states) {
      if (name === "sim") continue;
      expect([name, reason?.length ?? 0]).not.toEqual([name, 0]);
      const problem = problems.find(({ what }) => what.startsWith(`Adapter ${name} is down: `));
      expect(problem?.next).toMatch(/^It is tried again by itself/);
      expect(problem?.what).not.toMatch(/\bat .+:\d+:\d+|undefined|\[object/);
    }
  });

  it("does not start half when a definition of the user's and a section are bad: it starts without them", async () => {
    await mkdir(join(folder, "own"));
    await writeFile(join(folder, "own", "bad.yaml"), "schema: device/v1\nid: own.bad\nfields: 7\n");
    await writeFile(join(folder, "own", "worse.yaml"), "{{{{");
    const log = new MemoryLog();
    const adapters = [SIM, { name: "odd", type: "simulator", settings: { sensors: "many" } }];
    const daemon = await start({ adapters, devices: [join(folder, "own")] }, { log });
    await until(daemon, () => registered(daemon) === 3);
    const left = log.lines.filter(({ event }) => event === "definition-left-out").map(({ fields }) => fields["at"]);
    expect(left.some((at) => typeof at === "string" && /bad\.yaml:\d+:\d+$/.test(at))).toBe(true);
    expect(left.some((at) => typeof at === "string" && /worse\.yaml:\d+:\d+$/.test(at))).toBe(true);
    expect(daemon.gateway.status().adapters.map(({ name, health }) => [name, health])).toEqual([
      ["sim", "ok"],
      ["odd", "down"],
    ]);
  });
});

describe("a port that somebody else has", () => {
  it("of the lab: the start fails, names it, says what to do, and leaves nothing behind", async () => {
    const port = await takenPort();
    const failure = await start({ lab: { port } }).then(
      () => undefined,
      (error: unknown) => startFailure(error, "/var/lib/isthmus").complaint,
    );
    expect(failure && complain(failure)).toMatch(
      new RegExp(
        `^isthmus: a port that is needed is taken by another program\\n  where    .*EADDRINUSE.*${port}\\n  to do    stop that program, or choose another port`,
      ),
    );
    const again = await start();
    await until(again, () => registered(again) === 3);
  });

  it("of a sensor: it takes another, remembers that one, and binds it after the restart", async () => {
    const lab = await takenPort();
    sockets.splice(0)[0]?.close();
    const servers = [{ uri: `coap://127.0.0.1:${lab}`, lifetime: 300 }];
    const fixed = { lab: { port: lab }, servers };
    const portOf = (daemon: Daemon) => daemon.gateway.sensor("sim-1")?.registration.localPort ?? 0;
    const first = await start(fixed);
    await until(first, () => registered(first) === 3);
    const before = portOf(first);
    await first.stop();
    const thief = createSocket("udp4");
    sockets.push(thief);
    await new Promise<void>((resolve) => thief.bind(before, resolve));
    const second = await start(fixed);
    await until(second, () => registered(second) === 3);
    const other = portOf(second);
    expect(other).not.toBe(before);
    await second.stop();
    const third = await start(fixed);
    await until(third, () => registered(third) === 3);
    expect(portOf(third)).toBe(other);
  });
});

describe("a state folder", () => {
  it("whose newest roster is cut off is that of before, and the sensors are the same", async () => {
    const first = await start();
    await until(first, () => registered(first) === 3);
    await first.stop();
    const second = await start();
    await until(second, () => registered(second) === 3);
    await second.gateway.adopt("nobody/there");
    second.gateway.rename("sim-1", "Cellar");
    await second.stop();
    await truncate(join(folder, "state", "roster"), 100);
    const log = new MemoryLog();
    const third = await start({}, { log });
    await until(third, () => registered(third) === 3);
    expect(log.events("warn")).toContain("state-recovered");
    expect(
      third.gateway
        .sensors()
        .map(({ endpoint }) => endpoint)
        .toSorted(),
    ).toEqual(["isthmus-poor", "sim-1", "sim-2"]);
  });

  it("that is a file is refused in words", async () => {
    await writeFile(join(folder, "state"), "not a folder");
    await expect(start()).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  it("in use by another is named with its process, and the other runs on", async () => {
    const daemon = await start();
    await expect(start()).rejects.toMatchObject({ name: "SecondInstanceError" });
    await expect(start()).rejects.toThrow(`(process ${process.pid})`);
    await until(daemon, () => registered(daemon) === 3);
  });
});

describe("a service manager", () => {
  const path = process.env["PATH"];
  afterEach(() => {
    process.env["PATH"] = path;
  });

  it("hears of ready, of what goes on, of life and of the end", async () => {
    const heard = join(folder, "heard");
    const program = join(folder, "bin", "systemd-notify");
    await mkdir(join(folder, "bin"));
    await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${heard}'\n`);
    await chmod(program, 0o755);
    process.env["PATH"] = `${join(folder, "bin")}:${path ?? ""}`;
    const environment = { NOTIFY_SOCKET: "/run/nowhere", WATCHDOG_USEC: "30000000" };
    const daemon = await start({}, { environment });
    await until(daemon, () => registered(daemon) === 3);
    await daemon.stop();
    const lines = (await readFile(heard, "utf8")).trim().split("\n");
    const pid = `--pid=${process.pid}`;
    expect(lines[0]).toMatch(
      new RegExp(`^${pid} --ready --status=\\d+ of \\d+ sensors live, \\d+ of \\d+ registered$`),
    );
    expect(lines).toContain(`${pid} WATCHDOG=1`);
    expect(lines.at(-1)).toBe(`${pid} STOPPING=1`);
  });

  it("without its program is no reason not to run", async () => {
    process.env["PATH"] = folder;
    const log = new MemoryLog();
    const daemon = await start({}, { log, environment: { NOTIFY_SOCKET: "/run/nowhere" } });
    await until(daemon, () => registered(daemon) === 3);
    expect(log.events("warn")).toContain("systemd-notify");
  });
});
