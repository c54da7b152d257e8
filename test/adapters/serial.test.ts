import { describe, expect, it } from "vitest";
import { serialAdapter } from "../../src/adapters/serial.ts";
import type { Command, Frame } from "../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../src/sdk/testing.ts";
import { describeAdapter } from "../contract/adapter.ts";
import { FakeSocket } from "../support/fake-serial.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const settings = { path: "/dev/serial/by-id/usb-x" };

const plugin = (socket: FakeSocket) =>
  serialAdapter({ random: new SeededRandom(2), openSerial: socket.open, deviceExists: socket.exists });

async function plugged(
  extra: object = {},
  socket = new FakeSocket(),
): Promise<{ socket: FakeSocket; harness: Harness }> {
  const harness = await createHarness(plugin(socket), { ...settings, ...extra });
  await harness.advance(0);
  return { socket, harness };
}

const texts = (frames: readonly Frame[]) => frames.map(({ payload }) => (payload.kind === "text" ? payload.text : "?"));
const ask = (text: string, expect?: string, timeoutMs = 1_000): Command => ({
  source: settings.path,
  payload: { kind: "text", text },
  timeoutMs,
  ...(expect !== undefined && { expect }),
});

const contractSocket = new FakeSocket();
describeAdapter("serial", {
  plugin: plugin(contractSocket),
  config: settings,
  speak: () => contractSocket.line.hear("1.0\n"),
  command: ask("READ", "never"),
});

describe("the serial adapter", () => {
  it("opens the port with the settings given", async () => {
    const { socket } = await plugged({ baud: 4_800 });
    expect(socket.asked).toEqual([{ path: settings.path, baud: 4_800 }]);
  });

  it("emits one frame per line, however the bytes arrive", async () => {
    const { socket, harness } = await plugged();
    for (const piece of ["23.", "5;41\r", "\n24.0;4", "0\n", "\n", "\r\n"]) socket.line.hear(piece);
    expect(texts(harness.frames)).toEqual(["23.5;41", "24.0;40"]);
    expect(harness.frames[0]).toMatchObject({ source: settings.path, at: harness.clock.now() });
  });

  it("passes NMEA sentences on as they stand: their checksum is the library's business", async () => {
    const { socket, harness } = await plugged();
    const sentence = "$GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B";
    socket.line.hear(`${sentence}\r\n!AIVDM,1,1,,A,14eG;o@034o8sd<L9i:a;WF>062D,0*7D\r\n`);
    expect(texts(harness.frames)).toEqual([sentence, "!AIVDM,1,1,,A,14eG;o@034o8sd<L9i:a;WF>062D,0*7D"]);
  });

  it("drops lines of garbage and says when nothing else comes: the speed must be wrong", async () => {
    const { socket, harness } = await plugged();
    for (let i = 0; i < 25; i++) socket.line.hear(Uint8Array.of(0x81, 0x03, 0xff, 0x00, 0x0a));
    expect(harness.frames).toEqual([]);
    const health = harness.adapter.health();
    expect(health.state === "degraded" && health.reason).toMatch(/nothing readable.*9600.*baud/);
    socket.line.hear("23.5\n");
    expect(harness.adapter.health()).toEqual({ state: "ok" });
    expect(harness.logged.filter(([, event]) => event === "line-unreadable")).toHaveLength(2);
  });

  it("reads UTF-8, and Latin-1 where it is none", async () => {
    const { socket, harness } = await plugged();
    socket.line.hear("23.5 °C\n");
    socket.line.hear(Uint8Array.of(0x32, 0xb0, 0x43, 0x0a));
    expect(texts(harness.frames)).toEqual(["23.5 °C", "2°C"]);
  });

  it("drops lines longer than allowed, whole", async () => {
    const { socket, harness } = await plugged({ max_line: 16 });
    socket.line.hear(`${"x".repeat(100)}\n1\n`);
    expect(texts(harness.frames)).toEqual(["1"]);
  });

  it("uses the line end of the instrument", async () => {
    const { socket, harness } = await plugged({ end: "\r" });
    socket.line.hear("1\r2\r");
    expect(texts(harness.frames)).toEqual(["1", "2"]);
    await harness.command(ask("GO"));
    expect(socket.line.writtenText()).toEqual(["GO\r"]);
  });
});

describe("a device that is unplugged", () => {
  it("is down with the reason, and read again within two seconds of its return", async () => {
    const { socket, harness } = await plugged();
    socket.present = false;
    socket.line.unplug();
    expect(harness.adapter.health()).toMatchObject({ state: "down" });
    await harness.advance(3_600_000);
    expect(JSON.stringify(harness.adapter.health())).toMatch(/is not there: is the device plugged in/);
    expect(socket.lines).toHaveLength(1);
    socket.present = true;
    await harness.advance(2_000);
    expect(socket.lines).toHaveLength(2);
    socket.line.hear("1\n");
    expect(texts(harness.frames)).toEqual(["1"]);
  });

  it("does not glue half a line from before to half a line from now", async () => {
    const { socket, harness } = await plugged();
    socket.line.hear("23.");
    socket.line.unplug();
    await harness.advance(1_000);
    socket.line.hear("5\n");
    expect(texts(harness.frames)).toEqual(["5"]);
  });

  it("that cannot be opened is tried again, from one second up to a minute", async () => {
    const socket = new FakeSocket();
    socket.refuse = "/dev/x is in use by another program";
    const { harness } = await plugged({}, socket);
    expect(harness.adapter.health()).toEqual({ state: "down", reason: "/dev/x is in use by another program" });
    await harness.advance(1_100);
    expect(socket.asked.length).toBe(2);
    await harness.advance(600_000);
    const tries = socket.asked.length;
    await harness.advance(600_000);
    expect(socket.asked.length - tries).toBeGreaterThanOrEqual(9);
    expect(socket.asked.length - tries).toBeLessThanOrEqual(20);
    socket.refuse = undefined;
    await harness.advance(62_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("that was in use gets a new chance at once when it is plugged in anew", async () => {
    const socket = new FakeSocket();
    socket.refuse = "busy";
    const { harness } = await plugged({}, socket);
    await harness.advance(300_000);
    socket.present = false;
    await harness.advance(2_000);
    socket.present = true;
    socket.refuse = undefined;
    await harness.advance(2_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("is closed when the adapter stops while it is being opened", async () => {
    const socket = new FakeSocket();
    const harness = await createHarness(plugin(socket), settings);
    await harness.stop();
    await harness.advance(10_000);
    expect(socket.lines.every(({ isOpen }) => !isOpen)).toBe(true);
  });
});

describe("a command over a serial line", () => {
  it("is done when it has left, if no answer is expected", async () => {
    const { socket, harness } = await plugged();
    expect(await harness.command(ask("RELAY ON"))).toEqual({ status: "done" });
    expect(socket.line.writtenText()).toEqual(["RELAY ON\n"]);
  });

  it("may be bytes, sent as they are", async () => {
    const { socket, harness } = await plugged();
    const payload = { kind: "bytes", bytes: Uint8Array.of(1, 2) } as const;
    await harness.command({ source: settings.path, payload, timeoutMs: 1_000 });
    expect(socket.line.writtenHex()).toEqual(["0102"]);
  });

  it("is done with its answer, which is a reading as well", async () => {
    const { socket, harness } = await plugged();
    socket.line.onWrite = () => socket.line.hear("busy\nRELAY=1\n");
    expect(await harness.command(ask("RELAY ON", "^RELAY="))).toEqual({ status: "done", readBack: "RELAY=1" });
    expect(texts(harness.frames)).toEqual(["busy", "RELAY=1"]);
  });

  it("times out without an answer", async () => {
    const { harness } = await plugged();
    const outcome = harness.command(ask("READ", "^V="));
    await harness.advance(1_100);
    expect(await outcome).toEqual({ status: "timeout" });
  });

  it("times out when it cannot even leave", async () => {
    const { socket, harness } = await plugged();
    socket.line.stall = true;
    const outcome = harness.command(ask("READ", "^V="));
    await harness.advance(1_100);
    expect(await outcome).toEqual({ status: "timeout" });
  });

  it("does not take a late answer for the answer to the next question", async () => {
    const { socket, harness } = await plugged();
    const first = harness.command(ask("READ 10", "^V="));
    await harness.advance(1_100);
    expect(await first).toEqual({ status: "timeout" });
    expect(await harness.command(ask("READ 50", "^V="))).toMatchObject({ reason: "busy with another question" });
    socket.line.hear("V=10\n");
    const second = harness.command(ask("READ 50", "^V="));
    await harness.advance(10);
    socket.line.hear("V=50\n");
    expect(await second).toEqual({ status: "done", readBack: "V=50" });
  });

  it("waits for a late answer no longer than for the answer itself", async () => {
    const { socket, harness } = await plugged();
    const first = harness.command(ask("READ 10", "^V="));
    await harness.advance(1_100);
    await first;
    await harness.advance(1_000);
    const second = harness.command(ask("READ 50", "^V="));
    await harness.advance(10);
    socket.line.hear("V=50\n");
    expect(await second).toMatchObject({ status: "done" });
  });

  it("is one at a time: lines carry nothing to tell two answers apart", async () => {
    const { harness } = await plugged();
    void harness.command(ask("READ 10", "^V="));
    await harness.advance(10);
    expect(await harness.command(ask("READ 50", "^V="))).toMatchObject({ reason: "busy with another question" });
    expect(await harness.command(ask("RESET"))).toMatchObject({ reason: "busy with another question" });
  });

  it("is rejected when the device is unplugged meanwhile, or is not there", async () => {
    const { socket, harness } = await plugged();
    const outcome = harness.command(ask("READ", "^V="));
    await harness.advance(10);
    socket.present = false;
    socket.line.unplug();
    expect(await outcome).toEqual({ status: "rejected", reason: "the device was unplugged" });
    expect(await harness.command(ask("READ"))).toMatchObject({ status: "rejected" });
  });

  it("is rejected when it cannot be written, or is no text", async () => {
    const { socket, harness } = await plugged();
    socket.line.failWrites = "write EIO";
    expect(await harness.command(ask("READ"))).toEqual({ status: "rejected", reason: "write EIO" });
    expect(await harness.command(ask("READ", "^V="))).toEqual({ status: "rejected", reason: "write EIO" });
    expect(await harness.command(ask("READ", "("))).toEqual({ status: "rejected", reason: '"(" is no pattern' });
    const payload = { kind: "fields", fields: {} } as const;
    expect(await harness.command({ ...ask(""), payload })).toMatchObject({ status: "rejected" });
  });
});
