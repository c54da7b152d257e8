/** Modbus from a configuration file to a server: a meter on a pty, an inverter over TCP, read, written and unplugged. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModbusSlave } from "../support/modbus-slave.ts";
import { Daemon } from "./support/isthmus.ts";
import { eventually } from "./support/programs.ts";
import { Pty } from "./support/pty.ts";

let folder: string;
let cleanup: (() => Promise<unknown>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-modbus-"));
  cleanup = [];
});
afterEach(async () => {
  for (const each of cleanup.toReversed()) await each();
  await rm(folder, { recursive: true, force: true });
});

/** A meter on a serial line; the values are those of the definition's golden frames. */
async function meterOnPty(path: string): Promise<ModbusSlave> {
  const slave = new ModbusSlave(3).hold({
    "4:0x0000": "4366 3333 0000 0000 0000 0000 3FA0 0000 0000 0000 0000 0000 438F C000",
    "4:0x0046": "4248 0000 449A 5000 4148 0000 43A0 C000 3FC0 0000",
    "4:0x0156": "449B E000 43A1 8000",
  });
  const pty = await Pty.open(path);
  cleanup.push(() => pty.stop());
  pty.onData((chunk) => slave.hearLine(chunk, (bytes) => pty.write(bytes)));
  return slave;
}

/** An inverter at noon, with scale factors. */
async function inverterOnTcp(): Promise<{ slave: ModbusSlave; port: number; sockets: Socket[] }> {
  const slave = new ModbusSlave(1).hold({
    "3:0x9C85":
      "0067 0032 01C8 0098 0098 0098 FFFE 0FA0 0FA0 0FA0 08FE 08F9 0903 FFFF 0C35 0000 1387 FFFE 0C35 0000 0000 0000 " +
      "2710 FFFE 0001 E240 0000 FFFF 8000 FFFF 8000 0CB7 0000 01A4 8000 8000 8000 FFFF 0004",
  });
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => slave.hearTcp(chunk, (bytes) => socket.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { slave, port: typeof address === "object" && address ? address.port : 0, sockets };
}

async function started(config: string): Promise<Daemon> {
  const daemon = await Daemon.start({ config });
  cleanup.push(() => daemon.discard());
  return daemon;
}

const head = `gateway: { endpoint: modbus-gateway }
http: { listen: "127.0.0.1:0" }
lab: { port: 0 }
`;

/** What the daemon shows of a sensor, once it is so. */
const shows = (daemon: Daemon, source: string, path: string, value: unknown) =>
  eventually(`${source} ${path} = ${String(value)}`, async () => {
    const sensor = (await daemon.sensors()).find((each) => each.source === source);
    return sensor?.values[path]?.value === value ? sensor : undefined;
  });

describe("Modbus from a configuration file", () => {
  it("brings a meter on a line and an inverter on the network to a server", async () => {
    const path = join(folder, "rs485");
    await meterOnPty(path);
    const { port, sockets } = await inverterOnTcp();
    const daemon = await started(`${head}adapters:
  bus: { type: modbus, path: ${path}, devices: [{ unit: 3, definition: eastron.sdm120 }] }
  roof: { type: modbus, host: 127.0.0.1, port: ${port}, devices: [{ unit: 1, definition: sunspec.inverter }] }
adopt:
  - { adapter: bus }
  - { adapter: roof }
`);
    const sensors = await daemon.awaitRegistered(2);
    expect(sensors.map(({ endpoint }) => endpoint).toSorted()).toEqual(["eastron-sdm120-3", "sunspec-127-0-0-1-1"]);
    await shows(daemon, "bus/3", "/3316/0/5700", 230.2);
    await shows(daemon, "bus/3", "/3331/0/5700", 1_234_500);
    await shows(daemon, "roof/127.0.0.1/1", "/3328/0/5700", 3_125);
    await shows(daemon, "roof/127.0.0.1/1", "/3317/0/5700", 4.56);
    expect(await daemon.get("/lab/clients/eastron-sdm120-3/3316/0/5700")).toMatchObject({ code: "2.05" });

    // The inverter's connection breaks: the daemon comes back by itself.
    for (const socket of sockets.splice(0)) socket.destroy();
    await eventually("a fresh connection", () => Promise.resolve(sockets.length > 0 ? true : undefined), 10_000);
  }, 60_000);

  it("says which unit is silent, and which exception another has answered", async () => {
    const path = join(folder, "rs485");
    const meter = await meterOnPty(path);
    meter.mute = true;
    const { slave, port } = await inverterOnTcp();
    for (let address = 40_000; address < 40_200; address++) slave.refuses.set(address, 2);
    const daemon = await started(`${head}adapters:
  bus: { type: modbus, path: ${path}, timeout: 100ms, devices: [{ unit: 3, definition: eastron.sdm120 }] }
  roof: { type: modbus, host: 127.0.0.1, port: ${port}, devices: [{ unit: 1, definition: sunspec.inverter }] }
`);
    const words = await eventually(
      "both in the status",
      async () => {
        const status = JSON.stringify(await daemon.get("/api/status"));
        return status.includes("does not answer within 100ms") && status.includes("answers exception 2")
          ? status
          : undefined;
      },
      20_000,
    );
    expect(words).toContain("unit 3 does not answer within 100ms: is it there, and baud and parity right?");
    expect(words).toContain("unit 1 answers exception 2 (illegal data address): it has no such register");
  }, 60_000);
});
