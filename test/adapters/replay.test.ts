import { describe, expect, it } from "vitest";
import { readRecordedLine } from "../../src/adapters/recording.ts";
import { recordLine } from "../../src/sdk/recording.ts";
import { replay } from "../../src/adapters/replay.ts";
import { DecodeError } from "../../src/base/bytes.ts";
import type { ReadLines } from "../../src/io/lines-file.ts";
import type { Frame, Payload } from "../../src/sdk/adapter.ts";
import { createHarness } from "../../src/sdk/testing.ts";
import { describeAdapter } from "../contract/adapter.ts";

const START = Date.UTC(2025, 10, 1);

function frame(ms: number, payload: Payload = { kind: "text", text: `at ${ms}` }, source = "/dev/x"): Frame {
  return { source, at: { ms: START + ms, trusted: true }, payload };
}

const lines = (texts: readonly string[]): ReadLines =>
  async function* () {
    for (const text of texts) yield await Promise.resolve(text);
  };
const recorded = (...times: number[]) => times.map((ms) => recordLine(frame(ms)));

const play = (texts: readonly string[], settings: object = {}) =>
  createHarness(replay(lines(texts)), { file: "frames.jsonl", ...settings });

describeAdapter("replay", { plugin: replay(lines(recorded(0, 100, 200))), config: { file: "x", loop: true } });

const KINDS: readonly Payload[] = [
  {
    kind: "advert",
    name: "Ruuvi 884F",
    manufacturer: [
      [0x004c, Uint8Array.of(2, 0x15)],
      [0x0499, Uint8Array.of(5, 0x12, 0xfc)],
    ],
    services: new Map([["0000fcd2-0000-1000-8000-00805f9b34fb", Uint8Array.of(0x40)]]),
    serviceUuids: ["0000fcd2-0000-1000-8000-00805f9b34fb"],
  },
  { kind: "advert", manufacturer: [], services: new Map(), serviceUuids: [] },
  { kind: "bytes", bytes: Uint8Array.of(0, 255) },
  { kind: "text", text: "$GPGGA,°" },
  { kind: "message", topic: "tele/plug/SENSOR", body: Uint8Array.of(0x7b, 0x7d) },
  { kind: "message", topic: "t", body: new Uint8Array(0), retained: true },
  { kind: "registers", values: new Map([["4:0x0000", Uint8Array.of(0x43, 0x66, 0x33, 0x33)]]) },
  { kind: "fields", fields: { model: "relay", state: true, value: 1.5 } },
];

describe("a recorded line", () => {
  it.each(KINDS)("reads back as it was: %j", (payload) => {
    const before = frame(7, payload);
    expect(readRecordedLine(recordLine(before))).toEqual(before);
  });

  it("keeps the signal strength", () => {
    expect(readRecordedLine(recordLine({ ...frame(0), rssi: -70 })).rssi).toBe(-70);
    expect(readRecordedLine(recordLine(frame(0)))).not.toHaveProperty("rssi");
  });

  it("is one line, and its bytes are hex", () => {
    const line = recordLine(frame(0, { kind: "bytes", bytes: Uint8Array.of(1, 0xab) }));
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({ at: START, source: "/dev/x", payload: { kind: "bytes", hex: "01ab" } });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "42"],
    ["no payload", '{"at":1,"source":"x"}'],
    ["no source", '{"at":1,"source":"","payload":{"kind":"text","text":""}}'],
    ["an unknown kind", '{"at":1,"source":"x","payload":{"kind":"smell"}}'],
    ["hex that is none", '{"at":1,"source":"x","payload":{"kind":"bytes","hex":"0"}}'],
    ["a key nobody knows", '{"at":1,"source":"x","extra":1,"payload":{"kind":"text","text":""}}'],
  ])("is refused with %s", (_what, line) => {
    expect(() => readRecordedLine(line)).toThrow(DecodeError);
  });
});

describe("the replay adapter", () => {
  it("plays frames in the rhythm in which they were recorded, as heard now", async () => {
    const harness = await play(recorded(0, 1_000, 5_000));
    await harness.advance(0);
    expect(harness.frames).toHaveLength(1);
    expect(harness.frames[0]?.at).toEqual(harness.clock.now());
    await harness.advance(990);
    expect(harness.frames).toHaveLength(1);
    await harness.advance(20);
    expect(harness.frames).toHaveLength(2);
    await harness.advance(4_000);
    expect(harness.frames).toHaveLength(3);
  });

  it("plays faster if asked to, and as fast as it goes at speed 0", async () => {
    const twice = await play(recorded(0, 10_000), { speed: 2 });
    await twice.advance(4_900);
    expect(twice.frames).toHaveLength(1);
    await twice.advance(200);
    expect(twice.frames).toHaveLength(2);
    const times = Array.from({ length: 1_000 }, (_, i) => i * 1_000);
    const fast = await play(recorded(...times), { speed: 0 });
    await fast.advance(100);
    for (let i = 0; i < 100; i++) await fast.advance(4);
    expect(fast.frames).toHaveLength(1_000);
  });

  it("says that the recording has ended, or begins again", async () => {
    const once = await play(recorded(0));
    await once.advance(10_000);
    expect(once.adapter.health()).toEqual({ state: "degraded", reason: "the recording frames.jsonl has ended" });
    const looped = await play(recorded(0, 1_000), { loop: true });
    await looped.advance(9_000);
    expect(looped.frames.length).toBeGreaterThanOrEqual(8);
    expect(looped.adapter.health()).toEqual({ state: "ok" });
    await looped.stop();
  });

  it("leaves out lines it cannot read, naming them, and plays the rest", async () => {
    const harness = await play(["", "nonsense", ...recorded(0)]);
    await harness.advance(100);
    expect(harness.frames).toHaveLength(1);
    expect(harness.logged[0]).toMatchObject(["warn", "recording-line", { file: "frames.jsonl", line: 2 }]);
  });

  it("is down, with the reason, if there is nothing to play", async () => {
    const empty = await play(["nonsense"], { loop: true });
    await empty.advance(100);
    expect(JSON.stringify(empty.adapter.health())).toMatch(/down.*not one frame/);
    const missing: ReadLines = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("ENOENT: no such file")) }),
    });
    const harness = await createHarness(replay(missing), { file: "gone.jsonl" });
    await harness.advance(100);
    expect(JSON.stringify(harness.adapter.health())).toMatch(/down.*cannot play gone.jsonl: ENOENT/);
  });

  it("stops in the middle", async () => {
    const harness = await play(recorded(0, 1_000, 2_000));
    await harness.advance(1_500);
    await harness.stop();
    await harness.advance(10_000);
    expect(harness.frames).toHaveLength(2);
    expect(harness.clock.pending).toBe(0);
  });
});
