/** A serial port whose settings say that it brings telegrams or packets, or that its device wants to be asked. */

import { describe, expect, it } from "vitest";
import { serialAdapter } from "../../../src/adapters/serial.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { Frame } from "../../../src/sdk/adapter.ts";
import { createHarness } from "../../../src/sdk/testing.ts";
import { FakeSocket } from "../../support/fake-serial.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const path = "/dev/serial/by-id/usb-x";

async function plugged(settings: object, socket = new FakeSocket()) {
  const drivers = { random: new SeededRandom(2), openSerial: socket.open, deviceExists: socket.exists };
  const harness = await createHarness(serialAdapter(drivers), { path, ...settings });
  await harness.advance(0);
  return { socket, harness };
}

const shown = ({ payload }: Frame) =>
  payload.kind === "bytes" ? toHex(payload.bytes) : payload.kind === "text" ? payload.text : payload.kind;

const SDS011 = { frames: { start: "AAC0", end: "AB", length: 10 } };

describe("a port", () => {
  it("opens as its device wants it", async () => {
    const { socket } = await plugged({ baud: 2_400, parity: "even", data_bits: 8, stop_bits: 1 });
    expect(socket.asked).toEqual([{ path, baud: 2_400, parity: "even", dataBits: 8, stopBits: 1 }]);
  });

  it("of binary packets emits bytes", async () => {
    const { socket, harness } = await plugged(SDS011);
    socket.line.hear(fromHex("ffaac0d4043a0a"));
    expect(harness.frames).toEqual([]);
    socket.line.hear(fromHex("a1601dab"));
    expect(harness.frames.map(shown)).toEqual(["aac0d4043a0aa1601dab"]);
  });

  it("of telegrams of text emits them whole", async () => {
    const { socket, harness } = await plugged({ frames: "dsmr" });
    const telegram = "/ISK5\r\n\r\n1-0:1.8.1(000001.000*kWh)\r\n!0000\r\n";
    for (const piece of [telegram.slice(0, 20), telegram.slice(20)]) socket.line.hear(piece);
    expect(harness.frames.map(shown)).toEqual([telegram]);
  });

  it("that is opened again begins anew", async () => {
    const { socket, harness } = await plugged(SDS011);
    socket.line.hear(fromHex("aac0d4043a0a"));
    socket.line.unplug();
    await harness.advance(1_000);
    socket.line.hear(fromHex("a1601dab"));
    expect(harness.frames).toEqual([]);
    socket.line.hear(fromHex("aac0d4043a0aa1601dab"));
    expect(harness.frames).toHaveLength(1);
  });

  it("that brings no telegram at all says that its speed must be wrong", async () => {
    const { socket, harness } = await plugged({ frames: "sml" });
    for (let i = 0; i < 30; i++) socket.line.hear(new Uint8Array(256).fill(0x55));
    expect(JSON.stringify(harness.adapter.health())).toMatch(/nothing readable.*baud/);
    expect(harness.logged.filter(([, event]) => event === "line-unreadable").length).toBeGreaterThan(0);
  });

  it("gives the answer to a command in hex", async () => {
    const { socket, harness } = await plugged({ frames: { start: "FF", length: 9 } });
    socket.line.onWrite = () => socket.line.hear(fromHex("ff86026047000000d1"));
    const payload = { kind: "bytes", bytes: fromHex("ff0186000000000079") } as const;
    const outcome = await harness.command({ source: path, payload, expect: "^ff86", timeoutMs: 1_000 });
    expect(outcome).toEqual({ status: "done", readBack: "ff86026047000000d1" });
  });
});

describe("a device that wants to be asked", () => {
  const co2 = { frames: { start: "FF", length: 9 }, ask: [{ every: "10s", hex: "FF 01 86 00 00 00 00 00 79" }] };

  it("is asked at once, and then as often as the settings say", async () => {
    const { socket, harness } = await plugged(co2);
    socket.line.onWrite = () => socket.line.hear(fromHex("ff86026047000000d1"));
    expect(socket.line.writtenHex()).toEqual(["ff0186000000000079"]);
    await harness.advance(30_000);
    expect(socket.line.writtenHex()).toHaveLength(4);
    expect(harness.frames).toHaveLength(3);
  });

  it("may be asked several things, one after the other, in lines as well", async () => {
    const { socket, harness } = await plugged({
      end: "\r\n",
      ask: [
        { every: "1m", text: "SI" },
        { every: "1m", text: "T" },
      ],
    });
    expect(socket.line.writtenText()).toEqual(["SI\r\n"]);
    await harness.advance(500);
    expect(socket.line.writtenText()).toEqual(["SI\r\n", "T\r\n"]);
  });

  it("is not asked while somebody waits for the answer to a command", async () => {
    const { socket, harness } = await plugged(co2);
    const payload = { kind: "bytes", bytes: Uint8Array.of(1) } as const;
    const outcome = harness.command({ source: path, payload, expect: "^aa", timeoutMs: 15_000 });
    await harness.advance(12_000);
    expect(socket.line.writtenHex()).toEqual(["ff0186000000000079", "01"]);
    await harness.advance(5_000);
    expect(await outcome).toEqual({ status: "timeout" });
  });

  it("is asked again when it is back, and never by a port that was closed", async () => {
    const { socket, harness } = await plugged(co2);
    const first = socket.line;
    first.unplug();
    await harness.advance(25_000);
    expect(first.writtenHex()).toHaveLength(1);
    expect(socket.line.writtenHex().length).toBeGreaterThanOrEqual(2);
    await harness.stop();
    const asked = socket.line.writtenHex().length;
    await harness.advance(60_000);
    expect(socket.line.writtenHex()).toHaveLength(asked);
  });

  it("that cannot be written to does not stop the port", async () => {
    const { socket, harness } = await plugged(co2);
    socket.line.failWrites = "write EIO";
    await harness.advance(20_000);
    socket.line.hear(fromHex("ff86026047000000d1"));
    expect(harness.frames).toHaveLength(1);
  });

  it("with a question that is none is refused", async () => {
    await expect(plugged({ ask: [{ every: "10s" }] })).rejects.toThrow();
    await expect(plugged({ ask: [{ every: "1ms", hex: "00" }] })).rejects.toThrow();
  });
});
