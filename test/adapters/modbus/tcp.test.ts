/** Modbus devices on the network: found by host, read and written as those on a line, and said in words when they are not there. */

import { describe, expect, it } from "vitest";
import { configSchema } from "../../../src/adapters/modbus/config.ts";
import { modbusAdapter } from "../../../src/adapters/modbus/modbus.ts";
import type { RegisterRead } from "../../../src/adapters/modbus/poller.ts";
import type { TcpPeer } from "../../../src/adapters/wire/tcp-line.ts";
import { toHex } from "../../../src/base/bytes.ts";
import type { Frame } from "../../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../../src/sdk/testing.ts";
import { ModbusSlave } from "../../support/modbus-slave.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { line, type VirtualStream } from "../../support/virtual-stream.ts";

const READS: readonly RegisterRead[] = [
  { fc: 3, address: 10, count: 2, everySeconds: 10 },
  { fc: 3, address: 50, count: 1, everySeconds: 10 },
];
const DEVICES = [{ unit: 1, definition: "acme.inverter" }];

/** A host on the network with one device; `rtu`: its line, as a serial server passes it on. */
class Place {
  readonly slave = new ModbusSlave(1).hold({ "3:000A": "0001 0203", "3:0032": "2A2A" });
  readonly peers: TcpPeer[] = [];
  readonly connections: VirtualStream[] = [];
  refuse: string | undefined;
  rtu = false;

  readonly connect = (peer: TcpPeer) => {
    const { near, far } = line();
    this.peers.push(peer);
    this.connections.push(far);
    near.refuse = this.refuse;
    far.isOpen = true;
    const reply = (bytes: Uint8Array) => void far.write(bytes);
    far.onBytes((bytes) => (this.rtu ? this.slave.hearLine(bytes, reply) : this.slave.hearTcp(bytes, reply)));
    return near;
  };
}

async function plugged(place: Place, settings: object = {}): Promise<Harness> {
  const plugin = modbusAdapter({
    random: new SeededRandom(2),
    openSerial: () => Promise.reject(new Error("no line")),
    deviceExists: () => Promise.resolve(false),
    connectTcp: place.connect,
    registerReads: () => READS,
  });
  const harness = await createHarness(plugin, { host: "inverter.lan", devices: DEVICES, ...settings });
  await harness.advance(100);
  return harness;
}

const shown = ({ source, payload }: Frame) =>
  payload.kind === "registers"
    ? `${source} ${[...payload.values].map(([key, bytes]) => `${key}=${toHex(bytes)}`).join(" ")}`
    : payload.kind;

describe("a device on the network", () => {
  it("is read as its definition says, and its host is part of who it is", async () => {
    const place = new Place();
    const harness = await plugged(place);
    expect(place.peers[0]).toMatchObject({ host: "inverter.lan", port: 502 });
    expect(harness.frames.map(shown)).toEqual(["inverter.lan/1 3:0x000a=00010203 3:0x0032=2a2a"]);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("is written, and read again at once", async () => {
    const place = new Place();
    const harness = await plugged(place, { port: 1502 });
    expect(place.peers[0]?.port).toBe(1502);
    const values = new Map([["6:0x0032", Uint8Array.of(0, 7)]]);
    const write = { source: "inverter.lan/1", payload: { kind: "registers", values }, timeoutMs: 2_000 } as const;
    const outcome = harness.command(write);
    await harness.advance(100);
    expect(await outcome).toEqual({ status: "done" });
    expect(harness.frames.map(shown).at(-1)).toContain("3:0x0032=0007");
  });

  it("behind a serial server is spoken to as on a line", async () => {
    const place = new Place();
    place.rtu = true;
    const harness = await plugged(place, { framing: "rtu" });
    await harness.advance(100);
    expect(harness.frames.map(shown)).toEqual(["inverter.lan/1 3:0x000a=00010203 3:0x0032=2a2a"]);
  });

  it("that is not there is down, in words, and welcome when it is back", async () => {
    const place = new Place();
    place.refuse = "inverter.lan:502: nobody listens there (TCP)";
    const harness = await plugged(place);
    expect(harness.adapter.health()).toEqual({ state: "down", reason: "inverter.lan:502: nobody listens there (TCP)" });
    await harness.advance(600_000);
    expect(place.peers.length).toBeLessThan(40);
    place.refuse = undefined;
    await harness.advance(61_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("whose connection breaks is connected to again", async () => {
    const place = new Place();
    const harness = await plugged(place);
    await place.connections[0]?.close();
    await harness.advance(0);
    expect(harness.adapter.health()).toMatchObject({ state: "down" });
    await harness.advance(2_000);
    expect(harness.frames).toHaveLength(2);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("that says nothing is named with its time-out, and gets a fresh connection", async () => {
    const place = new Place();
    place.slave.mute = true;
    const harness = await plugged(place, { timeout: "1s" });
    await harness.advance(80_000);
    expect(JSON.stringify(harness.adapter.health())).toContain("unit 1 does not answer within 1s");
    await harness.advance(600_000);
    expect(place.connections.length).toBeGreaterThan(1);
    expect(place.connections.length).toBeLessThan(10);
    place.slave.mute = false;
    await harness.advance(61_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("that refuses everything is named with the exception", async () => {
    const place = new Place();
    place.slave.refuses.set(10, 2).set(50, 2);
    const harness = await plugged(place);
    expect(harness.frames).toEqual([]);
    expect(JSON.stringify(harness.adapter.health())).toContain(
      "unit 1 answers exception 2 (illegal data address): it has no such register",
    );
  });
});

describe("a device that no definition knows", () => {
  const scan = (settings: object) => ({ devices: [{ unit: 1, ...settings }] });

  it("is read as the settings say, and belongs to nobody, so that it can be recorded", async () => {
    const place = new Place();
    const reads = ["3:0x000a+2", "3:0x32+1"];
    const harness = await plugged(place, scan({ reads, poll: "5s" }));
    expect(harness.frames.map(shown)).toEqual(["inverter.lan/1 3:0x000a=00010203 3:0x0032=2a2a"]);
    expect(harness.frames[0]?.payload).not.toHaveProperty("device");
    await harness.advance(5_000);
    expect(harness.frames).toHaveLength(2);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it.each([
    [{}, "Expected definition, or reads for a device that none is written for yet"],
    [{ definition: "acme.inverter", reads: ["3:0x0000+1"] }, "Expected definition, or reads"],
    [{ definition: "acme.inverter", poll: "5s" }, "how often is said by the definition"],
    [{ reads: ["5:0x0000+1"] }, 'such as \\"4:0x0000+40\\"'],
    [{ reads: ["3:0x0000"] }, 'such as \\"4:0x0000+40\\"'],
    [{ reads: ["3:0x0000+126"] }, "Expected 1 to 125 registers"],
    [{ reads: ["3:0x0000+0"] }, "Expected 1 to 125 registers"],
    [{ reads: ["3:0x0000+1"], poll: "10ms" }, "Expected a duration of 1s to 1d"],
  ])("%j is refused in words", (settings, words) => {
    const { error } = configSchema.safeParse({ host: "inverter.lan", ...scan(settings) });
    expect(error?.message).toContain(words);
  });
});

describe("a register that a device refuses", () => {
  it("is not available, alone", async () => {
    const place = new Place();
    const harness = await plugged(place);
    place.slave.refuses.set(50, 2);
    await harness.advance(10_000);
    expect(harness.frames.map(shown).at(-1)).toBe("inverter.lan/1 3:0x000a=00010203 3:0x0032+1=");
    expect(harness.logged).toContainEqual([
      "warn",
      "register-refused",
      expect.objectContaining({ address: 50, why: "exception 2 (illegal data address): it has no such register" }),
    ]);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("for now keeps its value", async () => {
    const place = new Place();
    const harness = await plugged(place);
    place.slave.refuses.set(50, 6);
    await harness.advance(10_000);
    expect(harness.frames.map(shown).at(-1)).toBe("inverter.lan/1 3:0x000a=00010203");
  });

  it("by a gateway whose device is silent counts as no answer", async () => {
    const place = new Place();
    const harness = await plugged(place);
    place.slave.refuses.set(10, 11).set(50, 11);
    await harness.advance(200_000);
    expect(harness.frames).toHaveLength(1);
    expect(JSON.stringify(harness.adapter.health())).toContain("does not answer");
  });
});

describe("what servers want", () => {
  const reads = (place: Place) => place.slave.asked.filter((each) => each === "3:10").length;

  it.each([
    ["no sooner than each minute", { minSeconds: 60 }, 2],
    ["every other second", { maxSeconds: 2 }, 60],
    ["more often than a line can bear", { maxSeconds: 0.01 }, 120],
    ["nothing in particular", {}, 12],
  ])("is followed: %s", async (_name, wish, about) => {
    const place = new Place();
    const harness = await plugged(place);
    const before = reads(place);
    harness.adapter.interest?.("inverter.lan/1", wish);
    await harness.advance(120_000);
    expect(Math.abs(reads(place) - before - about)).toBeLessThanOrEqual(1);
  });

  it("of a unit that is not there changes nothing", async () => {
    const place = new Place();
    const harness = await plugged(place);
    expect(() => harness.adapter.interest?.("9", { maxSeconds: 1 })).not.toThrow();
  });
});

describe("settings", () => {
  const complaint = (settings: object) => {
    const result = configSchema.safeParse({ devices: DEVICES, ...settings });
    return result.success ? undefined : result.error.issues[0]?.message;
  };

  it.each([
    [{}, "path (a serial line) or host"],
    [{ path: "/dev/x", host: "y" }, "path (a serial line) or host"],
    [{ host: "http://y" }, "Expected a name or an address"],
    [{ path: "/dev/x", framing: "tcp" }, "a serial line knows no other"],
    [{ path: "/dev/x", devices: [{ unit: 255, definition: "a" }] }, "units from 1 to 254"],
    [{ host: "y", devices: [...DEVICES, ...DEVICES] }, "each unit once"],
  ])("%j are refused", (settings, words) => {
    expect(complaint(settings)).toContain(words);
  });

  it.each([{ path: "/dev/x" }, { host: "fe80::1%eth0" }, { host: "y", devices: [{ unit: 0, definition: "a" }] }])(
    "%j are taken",
    (settings) => {
      expect(complaint(settings)).toBeUndefined();
    },
  );
});
