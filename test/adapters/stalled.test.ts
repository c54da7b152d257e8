/** Serial devices that hold the flow, vanish in the middle of a question, or babble: every command ends, in time. */

import { describe, expect, it } from "vitest";
import { serialAdapter } from "../../src/adapters/serial.ts";
import type { Command } from "../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../src/sdk/testing.ts";
import { FakeSocket } from "../support/fake-serial.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const PATH = "/dev/ttyTEST";

async function plugged(socket = new FakeSocket()): Promise<{ socket: FakeSocket; harness: Harness }> {
  const drivers = { random: new SeededRandom(2), openSerial: socket.open, deviceExists: socket.exists };
  const harness = await createHarness(serialAdapter(drivers), { path: PATH });
  await harness.advance(0);
  return { socket, harness };
}

const command = (text: string, expected?: string, timeoutMs = 1_000): Command => ({
  source: PATH,
  payload: { kind: "text", text },
  timeoutMs,
  ...(expected !== undefined && { expect: expected }),
});

describe("a device that holds the flow", () => {
  it.each([undefined, "^OK"])("is a timeout in the command's own time, expecting %s", async (expected) => {
    const { socket, harness } = await plugged();
    socket.line.stall = true;
    let ended: unknown;
    void harness.command(command("ON", expected)).then((outcome) => (ended = outcome));
    await harness.advance(990);
    expect(ended).toBeUndefined();
    await harness.advance(20);
    expect(ended).toEqual({ status: "timeout" });
  });

  it("takes the next command when the flow goes on", async () => {
    const { socket, harness } = await plugged();
    socket.line.stall = true;
    const late = harness.command(command("ON"));
    await harness.advance(1_100);
    expect(await late).toEqual({ status: "timeout" });
    socket.line.stall = false;
    expect(await harness.command(command("OFF"))).toEqual({ status: "done" });
    expect(socket.line.writtenText()).toEqual(["OFF\n"]);
  });

  it("does not hold up the end of the adapter, nor leave a timer behind", async () => {
    const { socket, harness } = await plugged();
    socket.line.stall = true;
    void harness.command(command("ON"));
    await harness.stop();
    await harness.advance(5_000);
    expect(harness.clock.pending).toBe(0);
  });
});

describe("a device that is pulled out", () => {
  it("in the middle of a question rejects it with the reason, and is heard again when it is back", async () => {
    const { socket, harness } = await plugged();
    const asked = harness.command(command("READ", "^VAL"));
    await harness.advance(10);
    socket.present = false;
    socket.line.unplug();
    expect(await asked).toEqual({ status: "rejected", reason: "the device was unplugged" });
    expect(harness.adapter.health()).toMatchObject({ state: "down" });
    await harness.advance(5_000);
    socket.present = true;
    await harness.advance(2_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
    socket.line.hear("VAL 5\n");
    expect(harness.frames.at(-1)?.payload).toEqual({ kind: "text", text: "VAL 5" });
    await harness.stop();
  });

  it("a hundred times over leaves one line open, and no timers piled up", async () => {
    const { socket, harness } = await plugged();
    for (let i = 0; i < 100; i++) {
      socket.line.hear("half a li");
      socket.line.unplug();
      await harness.advance(3_000);
    }
    expect(socket.lines.filter(({ isOpen }) => isOpen)).toHaveLength(1);
    expect(harness.clock.pending).toBeLessThanOrEqual(1);
    socket.line.hear("ne\n");
    expect(harness.frames.map(({ payload }) => payload)).toEqual([{ kind: "text", text: "ne" }]);
    await harness.stop();
  });

  it("and cannot be opened is tried later and later, and at once after it was plugged in anew", async () => {
    const socket = new FakeSocket();
    socket.refuse = "in use by another program";
    const { harness } = await plugged(socket);
    await harness.advance(600_000);
    const tries = socket.asked.length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(30);
    expect(harness.adapter.health()).toEqual({ state: "down", reason: "in use by another program" });
    socket.present = false;
    await harness.advance(1_100);
    socket.present = true;
    socket.refuse = undefined;
    await harness.advance(1_100);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
    await harness.stop();
  });
});

describe("a device that babbles", () => {
  it("in a million bytes of noise, keeps memory, and its good lines are heard", async () => {
    const { socket, harness } = await plugged();
    const random = new SeededRandom(8);
    for (let i = 0; i < 1_000; i++) socket.line.hear(random.bytes(1_000));
    const before = harness.frames.length;
    socket.line.hear("\n23.5\n");
    expect(harness.frames.slice(before).at(-1)?.payload).toEqual({ kind: "text", text: "23.5" });
    expect(harness.frames.every(({ payload }) => payload.kind === "text" && payload.text.length <= 512)).toBe(true);
    expect(harness.logged.length).toBeLessThan(20);
    await harness.stop();
  });

  it("its answers to nobody settle no command, and answers to a question settle one", async () => {
    const { socket, harness } = await plugged();
    socket.line.hear("OK\nOK\n");
    const asked = harness.command(command("ON", "^OK$"));
    await harness.advance(10);
    socket.line.hear("nonsense\nOK\nOK\n");
    expect(await asked).toEqual({ status: "done", readBack: "OK" });
    expect(harness.frames).toHaveLength(5);
    await harness.stop();
  });

  it.each([
    [{ kind: "fields", fields: { on: true } } as const, /cannot send fields/],
    [{ kind: "message", topic: "t", body: new Uint8Array(0) } as const, /cannot send message/],
  ])("is not sent what no line can carry: %j", async (payload, words) => {
    const { harness } = await plugged();
    const outcome = await harness.command({ source: PATH, payload, timeoutMs: 1_000 });
    expect(outcome.status === "rejected" && outcome.reason).toMatch(words);
    await harness.stop();
  });

  it.each(["(", "[", "x".repeat(501), "(?<a>"])(
    "a pattern that is none is refused before anything is sent: %j",
    async (bad) => {
      const { socket, harness } = await plugged();
      expect((await harness.command(command("ON", bad))).status).toBe("rejected");
      expect(socket.line.written).toEqual([]);
      await harness.stop();
    },
  );
});
