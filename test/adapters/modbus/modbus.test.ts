/** A Modbus line: what is asked, how often, and that a late answer is never taken for another register's. */

import { describe, expect, it } from "vitest";
import { modbusAdapter } from "../../../src/adapters/modbus/modbus.ts";
import type { RegisterRead } from "../../../src/adapters/modbus/poller.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { crc16, MODBUS } from "../../../src/base/crc16.ts";
import type { Command, Frame } from "../../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../../src/sdk/testing.ts";
import { describeAdapter } from "../../contract/adapter.ts";
import { FakeSocket } from "../../support/fake-serial.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const path = "/dev/serial/by-id/usb-rs485";

const PLANS: Readonly<Record<string, readonly RegisterRead[]>> = {
  "acme.meter": [
    { fc: 4, address: 0, count: 2, everySeconds: 10 },
    { fc: 4, address: 50, count: 2, everySeconds: 10 },
    { fc: 4, address: 90, count: 4, everySeconds: 60 },
  ],
  "acme.relay": [{ fc: 1, address: 0, count: 8, everySeconds: 5 }],
  "acme.mute": [],
  // Answers of one length to many questions: nothing in them says which is which.
  "acme.busy": [0, 20, 50, 90, 120].map((address, i) => ({ fc: 4, address, count: 2, everySeconds: 1 + i / 2 })),
};

/** With its checksum. */
function framed(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  const sum = crc16(MODBUS, bytes);
  return Uint8Array.from([...bytes, sum & 0xff, sum >> 8]);
}

/** A device that answers each register with its own address, as `late` says after which question. */
function answerTo(question: Uint8Array): Uint8Array {
  const [unit = 0, fc = 0, high = 0, low = 0, , count = 0] = question;
  if (fc >= 5) return question.slice();
  const address = high * 256 + low;
  const size = fc <= 2 ? Math.ceil(count / 8) : count * 2;
  const data = Uint8Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 0 : address + (i >> 1)));
  return framed(toHex(Uint8Array.of(unit, fc, size, ...data)));
}

const plugin = (socket: FakeSocket) =>
  modbusAdapter({
    random: new SeededRandom(2),
    openSerial: socket.open,
    deviceExists: socket.exists,
    connectTcp: () => {
      throw new Error("no network");
    },
    registerReads: (definition) => PLANS[definition],
  });

interface Bench {
  readonly socket: FakeSocket;
  readonly harness: Harness;
}

/** A line with a device that answers as `answer` says, from the first question on. */
async function plugged(
  devices: readonly { unit: number; definition: string }[],
  answer: (question: Uint8Array, line: FakeSocket["line"]) => void = (question, line) => line.hear(answerTo(question)),
): Promise<Bench> {
  const socket = new FakeSocket();
  const open = socket.open;
  const wrapped = Object.assign(socket, {
    open: async (settings: Parameters<typeof open>[0]) => {
      const line = await open(settings);
      socket.line.onWrite = (bytes) => answer(bytes, socket.line);
      return line;
    },
  });
  const harness = await createHarness(plugin(wrapped), { path, devices });
  await harness.advance(0);
  return { socket, harness };
}

const shown = ({ source, payload }: Frame) =>
  payload.kind === "registers"
    ? `${source} ${payload.device ?? "?"} ${[...payload.values].map(([key, bytes]) => `${key}=${toHex(bytes)}`).join(" ")}`
    : payload.kind;

const BUSY = [{ unit: 5, definition: "acme.busy" }];
const METER = [{ unit: 5, definition: "acme.meter" }];
const write = (unit: number, key: string, hex: string): Command => ({
  source: String(unit),
  payload: { kind: "registers", values: new Map([[key, fromHex(hex)]]) },
  timeoutMs: 2_000,
});

const contractSocket = new FakeSocket();
describeAdapter("modbus", {
  plugin: plugin(contractSocket),
  config: { path, devices: METER },
  speak: () => {
    const question = contractSocket.line.written.at(-1);
    if (question) contractSocket.line.hear(answerTo(question));
    contractSocket.line.onWrite = (bytes) => contractSocket.line.hear(answerTo(bytes));
  },
  command: write(5, "6:0x0001", "0001"),
});

describe("a device on the line", () => {
  it("is read as its definition says, and what belongs together is one frame", async () => {
    const { harness } = await plugged(METER);
    await harness.advance(1_000);
    expect(harness.frames.map(shown).toSorted()).toEqual([
      "5 acme.meter 4:0x0000=00000001 4:0x0032=00320033",
      "5 acme.meter 4:0x005a=005a005b005c005d",
    ]);
  });

  it("is read as often as its definition says", async () => {
    const { socket, harness } = await plugged(METER);
    await harness.advance(61_500);
    const asked = socket.line.writtenHex().map((hex) => Number.parseInt(hex.slice(4, 8), 16));
    expect(asked.filter((address) => address === 0)).toHaveLength(7);
    expect(asked.filter((address) => address === 90)).toHaveLength(2);
  });

  it("takes turns with the others", async () => {
    const { harness } = await plugged([...METER, { unit: 7, definition: "acme.relay" }]);
    await harness.advance(1_000);
    expect(harness.frames.map(({ source }) => source).toSorted()).toEqual(["5", "5", "7"]);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("that does not know a register is asked for the others", async () => {
    const { harness } = await plugged(METER, (question, line) =>
      line.hear(question[3] === 0 ? framed("058402") : answerTo(question)),
    );
    await harness.advance(1_000);
    // It has been read before, so that what it refuses now is not available any more.
    expect(harness.frames.map(shown)).toContain("5 acme.meter 4:0x0032=00320033 4:0x0000+2=");
    expect(harness.logged.filter(([, event]) => event === "register-refused")).toHaveLength(1);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it("that does not answer is named, asked ever less often, and welcome when it is back", async () => {
    let there = false;
    const { socket, harness } = await plugged(METER, (question, line) => {
      if (there) line.hear(answerTo(question));
    });
    await harness.advance(60_000);
    expect(JSON.stringify(harness.adapter.health())).toContain("unit 5 does not answer");
    const asked = socket.line.written.length;
    await harness.advance(600_000);
    expect(socket.line.written.length - asked).toBeLessThan(60);
    there = true;
    await harness.advance(130_000);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
    expect(harness.frames.length).toBeGreaterThan(0);
  });

  it("without a definition that reads registers is named", async () => {
    const { harness } = await plugged([{ unit: 1, definition: "acme.mute" }]);
    expect(JSON.stringify(harness.adapter.health())).toContain('no definition \\"acme.mute\\" that reads registers');
  });

  it("is read again when its line is plugged in again", async () => {
    const { socket, harness } = await plugged(METER);
    await harness.advance(1_000);
    const before = harness.frames.length;
    socket.line.unplug();
    expect(harness.adapter.health()).toMatchObject({ state: "down" });
    await harness.advance(3_000);
    expect(harness.frames.length).toBeGreaterThan(before);
  });
});

describe("a late answer", () => {
  /** Each frame must show the addresses that were asked for: the device answers with them. */
  function allTrue(frames: readonly Frame[]): void {
    for (const { payload } of frames) {
      if (payload.kind !== "registers") continue;
      for (const [key, bytes] of payload.values) {
        const address = Number.parseInt(key.slice(4), 16);
        for (let i = 1; i < bytes.length; i += 2) expect(bytes[i], key).toBe(address + (i >> 1));
      }
    }
  }

  it.each([510, 600, 900, 999, 1_001, 1_100, 1_500, 2_400])(
    "after %d ms is never taken for another register's",
    async (delay) => {
      let count = 0;
      let free = 0;
      const bench: { now?: Bench } = {};
      bench.now = await plugged(BUSY, (question, line) => {
        const clock = bench.now?.harness.clock;
        if (!clock) return;
        count += 1;
        // Every third answer is late; the device answers in the order in which it was asked.
        const now = clock.monotonic();
        free = Math.max(free, now + (count % 3 === 1 ? delay : 0));
        clock.after(free - now, () => line.hear(answerTo(question)));
      });
      await bench.now.harness.advance(300_000);
      allTrue(bench.now.harness.frames);
      expect(bench.now.harness.frames.length).toBeGreaterThan(3);
    },
  );

  it("however late, of a device that answers in order, is never taken for another register's", async () => {
    const random = new SeededRandom(11);
    let free = 0;
    const bench: { now?: Bench } = {};
    bench.now = await plugged(BUSY, (question, line) => {
      const clock = bench.now?.harness.clock;
      if (!clock) return;
      // A slow one: each answer takes its time, and the next question waits for it.
      const now = clock.monotonic();
      free = Math.max(free, now) + random.below(1_400);
      clock.after(free - now, () => line.hear(answerTo(question)));
    });
    await bench.now.harness.advance(1_800_000);
    allTrue(bench.now.harness.frames);
    expect(bench.now.harness.frames.length).toBeGreaterThan(10);
  });

  it("of noise between the answers is none", async () => {
    const random = new SeededRandom(12);
    const { harness } = await plugged(BUSY, (question, line) => {
      if (random.below(3) === 0) line.hear(random.bytes(1 + random.below(20)));
      line.hear(answerTo(question));
    });
    await harness.advance(300_000);
    allTrue(harness.frames);
    expect(harness.frames.length).toBeGreaterThan(5);
  });
});

describe("a write", () => {
  it("is done when the device says so, and its state is read at once", async () => {
    const { socket, harness } = await plugged([{ unit: 7, definition: "acme.relay" }]);
    await harness.advance(100);
    const before = harness.frames.length;
    const outcome = harness.command(write(7, "5:0x0003", "FF00"));
    await harness.advance(500);
    expect(await outcome).toEqual({ status: "done" });
    expect(socket.line.writtenHex()).toContain(toHex(framed("07050003ff00")));
    expect(harness.frames.length).toBe(before + 1);
  });

  it("that the device refuses is rejected in words", async () => {
    const { harness } = await plugged([{ unit: 7, definition: "acme.relay" }], (question, line) =>
      line.hear(question[1] === 6 ? framed("078603") : answerTo(question)),
    );
    await harness.advance(100);
    const outcome = harness.command(write(7, "6:0x0003", "0001"));
    await harness.advance(500);
    expect(await outcome).toEqual({
      status: "rejected",
      reason: "exception 3 (illegal data value): it does not take this value",
    });
  });

  it("without an answer times out", async () => {
    const { harness } = await plugged([{ unit: 7, definition: "acme.relay" }], (question, line) => {
      if ((question[1] ?? 0) < 5) line.hear(answerTo(question));
    });
    await harness.advance(100);
    const outcome = harness.command(write(7, "6:0x0003", "0001"));
    await harness.advance(3_000);
    expect(await outcome).toEqual({ status: "timeout" });
  });

  it.each([
    [write(7, "3:0x0000", "0001"), "is no write"],
    [write(7, "6:0x0000", ""), "cannot be written"],
    [{ ...write(7, "6:0x0000", "0001"), source: "x" }, "no such unit"],
    [{ source: "7", payload: { kind: "text", text: "x" }, timeoutMs: 100 } as const, "cannot write text"],
  ])("that is none is rejected: %j", async (command, words) => {
    const { harness } = await plugged([{ unit: 7, definition: "acme.relay" }]);
    const outcome = await harness.command(command);
    expect(outcome.status === "rejected" && outcome.reason).toContain(words);
  });

  it("to a line that is not there is rejected", async () => {
    const { socket, harness } = await plugged([{ unit: 7, definition: "acme.relay" }]);
    socket.present = false;
    socket.line.unplug();
    expect(await harness.command(write(7, "6:0x0003", "0001"))).toMatchObject({ status: "rejected" });
  });
});
