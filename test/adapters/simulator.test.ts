import { describe, expect, it } from "vitest";
import { encodeRuuvi, strangerAddress } from "../../src/adapters/simulated-ruuvi.ts";
import { simulator } from "../../src/adapters/simulator.ts";
import { toHex } from "../../src/base/bytes.ts";
import type { Command, Frame, Scalar } from "../../src/sdk/adapter.ts";
import { createHarness, type Harness } from "../../src/sdk/testing.ts";
import { describeAdapter } from "../contract/adapter.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const plugin = simulator(new SeededRandom(4));
const simulate = (settings: object = {}): Promise<Harness> => createHarness(plugin, settings);

const fieldsOf = ({ payload }: Frame): Readonly<Record<string, Scalar>> =>
  payload.kind === "fields" ? payload.fields : {};
const of = (harness: Harness, source: string) => harness.frames.filter((frame) => frame.source === source);
const numbers = (frames: readonly Frame[], field: string) => frames.map((frame) => Number(fieldsOf(frame)[field]));

const turn = (source: string, fields: Readonly<Record<string, Scalar>>): Command => ({
  source,
  payload: { kind: "fields", fields },
  timeoutMs: 1_000,
});

describeAdapter("simulator", {
  plugin,
  config: { sensors: 6, interval: "2s" },
  speak: () => undefined,
  command: turn("sim-3", { state: true }),
});

describe("the simulator", () => {
  it("plays six sensors of five kinds, every two seconds, if nothing is said", async () => {
    const harness = await simulate();
    await harness.advance(1_999);
    expect(harness.frames.map((frame) => `${frame.source} ${fieldsOf(frame)["model"]}`)).toEqual([
      "sim-1 climate",
      "sim-2 meter",
      "sim-3 relay",
      "sim-4 gnss",
      "sim-5 quiet",
      "sim-6 climate",
    ]);
    await harness.advance(20_000);
    expect(of(harness, "sim-1")).toHaveLength(11);
  });

  it("fills up with climates", async () => {
    const harness = await simulate({ sensors: 20 });
    await harness.advance(2_000);
    expect(of(harness, "sim-20").map((frame) => fieldsOf(frame)["model"])).toEqual(["climate"]);
  });

  it("spreads the sensors over the interval, and gives each the same place in every interval", async () => {
    const harness = await simulate({ sensors: 10, interval: "1s" });
    const start = harness.clock.now().ms;
    await harness.advance(10_000);
    for (let i = 0; i < 10; i++) {
      const [, ...times] = of(harness, `sim-${i + 1}`).map(({ at }) => at.ms - start);
      expect(times[0]).toBeGreaterThanOrEqual(1_000 + i * 100);
      expect(times[0]).toBeLessThanOrEqual(1_000 + i * 100 + 20);
      for (let n = 1; n < times.length; n++) expect(times[n]! - times[n - 1]!).toBeCloseTo(1_000, -2);
    }
  });

  it("lets everybody be heard once within half a second, however rarely they speak", async () => {
    const harness = await simulate({ sensors: 1_000, interval: "1h", value: "seq" });
    await harness.advance(520);
    expect(new Set(harness.frames.map(({ source }) => source)).size).toBe(1_000);
    await harness.advance(3_599_000);
    expect(harness.frames).toHaveLength(1_000);
    await harness.advance(3_600_000);
    expect(harness.frames.length).toBeGreaterThanOrEqual(1_999);
  });

  it("needs one timer for five thousand sensors", async () => {
    const harness = await simulate({ sensors: 5_000, interval: "10s", value: "seq" });
    expect(harness.clock.pending).toBe(1);
    await harness.advance(30_000);
    expect(harness.clock.pending).toBe(1);
    expect(harness.frames.length).toBeGreaterThanOrEqual(15_000);
    expect(harness.frames.length).toBeLessThanOrEqual(15_010);
    expect(new Set(harness.frames.map(({ source }) => source)).size).toBe(5_000);
  });

  it("does not catch up after the whole process has slept", async () => {
    const harness = await simulate({ sensors: 3, interval: "1s", value: "seq" });
    await harness.advance(500);
    const before = harness.frames.length;
    // Ten minutes without a turn, then one: the wheel fires the one timer that waited.
    await harness.advance(600_000);
    expect(harness.frames.length - before).toBeLessThanOrEqual(1_810);
  });

  it("repeats itself for the same seed, and for no other", async () => {
    const run = async (seed: number) => {
      const harness = await simulate({ seed });
      await harness.advance(60_000);
      return harness.frames.map(fieldsOf);
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it("has no sensors if none are wanted", async () => {
    const harness = await simulate({ sensors: 0 });
    await harness.advance(60_000);
    expect(harness.frames).toEqual([]);
    expect(harness.adapter.health()).toEqual({ state: "ok" });
  });

  it.each([{ sensors: -1 }, { sensors: 1.5 }, { interval: 2 }, { interval: "2" }, { interval: "1ms" }, { value: "x" }])(
    "refuses %j",
    async (wrong) => {
      await expect(simulate(wrong)).rejects.toThrow();
    },
  );
});

describe("values for load tests", () => {
  it("count from zero for each sensor: seq", async () => {
    const harness = await simulate({ sensors: 3, interval: "1s", value: "seq" });
    await harness.advance(3_999);
    for (const source of ["sim-1", "sim-2", "sim-3"])
      expect(of(harness, source).map(fieldsOf)).toEqual([0, 1, 2, 3].map((value) => ({ model: "value", value })));
  });

  it("are the time of day in seconds, modulo a thousand: ts", async () => {
    const harness = await simulate({ sensors: 1, interval: "1s", value: "ts" });
    harness.clock.jump(123);
    await harness.advance(2_500);
    for (const frame of harness.frames.slice(1))
      expect(fieldsOf(frame)["value"]).toBeCloseTo((frame.at.ms / 1_000) % 1_000, 6);
    expect(fieldsOf(harness.frames.at(-1)!)["value"]).not.toBe(0);
  });
});

describe("a simulated climate sensor", () => {
  it("drifts: slowly, within reason, and never for long the same", async () => {
    const harness = await simulate({ sensors: 1, interval: "1m" });
    await harness.advance(86_400_000);
    const temperatures = numbers(harness.frames, "temperature");
    const steps = temperatures.slice(1).map((value, i) => Math.abs(value - temperatures[i]!));
    expect(Math.max(...steps)).toBeLessThan(0.3);
    expect(new Set(temperatures).size).toBeGreaterThan(100);
    expect(Math.min(...temperatures)).toBeGreaterThan(10);
    expect(Math.max(...temperatures)).toBeLessThan(32);
    for (const humidity of numbers(harness.frames, "humidity")) {
      expect(humidity).toBeGreaterThan(15);
      expect(humidity).toBeLessThan(80);
    }
  });

  it("is warmer in the afternoon than before dawn", async () => {
    const harness = await simulate({ sensors: 30, interval: "1h", seed: 5 });
    await harness.advance(3 * 86_400_000);
    const at = (hour: number) => {
      const heard = harness.frames.filter((frame) => fieldsOf(frame)["model"] === "climate");
      const values = heard.filter(({ at: { ms } }) => new Date(ms).getUTCHours() === hour);
      return numbers(values, "temperature").reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(at(15)).toBeGreaterThan(at(3) + 1.5);
  });
});

describe("a simulated meter", () => {
  it("counts the energy that its power makes, and never backwards", async () => {
    const harness = await simulate({ sensors: 2, interval: "10s" });
    await harness.advance(3_600_000);
    const frames = of(harness, "sim-2");
    const energy = numbers(frames, "energy");
    for (let i = 1; i < energy.length; i++) expect(energy[i]).toBeGreaterThanOrEqual(energy[i - 1]!);
    const mean = numbers(frames, "power").reduce((sum, watts) => sum + watts, 0) / frames.length;
    expect(energy.at(-1)! - energy[0]!).toBeCloseTo(mean / 1_000, 1);
    const { power, voltage, current } = fieldsOf(frames[0]!);
    expect(Number(current) * Number(voltage)).toBeCloseTo(Number(power), -1);
  });
});

describe("a simulated relay", () => {
  it("obeys, and confirms by its next message", async () => {
    const harness = await simulate();
    await harness.advance(2_000);
    expect(fieldsOf(of(harness, "sim-3").at(-1)!)).toEqual({ model: "relay", state: false });
    expect(await harness.command(turn("sim-3", { state: true }))).toEqual({ status: "done" });
    expect(fieldsOf(of(harness, "sim-3").at(-1)!)).toEqual({ model: "relay", state: true });
    await harness.advance(10_000);
    expect(fieldsOf(of(harness, "sim-3").at(-1)!)["state"]).toBe(true);
  });

  it.each([
    ["what it does not understand", turn("sim-3", { state: "toggle" }), /relay takes/],
    ["what is no field", { ...turn("sim-3", {}), payload: { kind: "text", text: "ON" } as const }, /not text/],
    ["what is meant for a thermometer", turn("sim-1", { state: true }), /takes no commands/],
    ["what is meant for nobody", turn("sim-99", { state: true }), /no such/],
  ])("refuses %s", async (_what, command, reason) => {
    const harness = await simulate();
    const outcome = await harness.command(command);
    expect(outcome.status === "rejected" && outcome.reason).toMatch(reason);
  });
});

describe("a simulated boat", () => {
  it("moves along the canal at its own speed, and comes back", async () => {
    const harness = await simulate({ sensors: 4, interval: "10s" });
    await harness.advance(4 * 3_600_000);
    const frames = of(harness, "sim-4");
    const [latitudes, longitudes] = [numbers(frames, "latitude"), numbers(frames, "longitude")];
    const speeds = numbers(frames, "speed");
    for (let i = 1; i < frames.length; i++) {
      const north = (latitudes[i]! - latitudes[i - 1]!) * 111_320;
      const east = (longitudes[i]! - longitudes[i - 1]!) * 111_320 * Math.cos((latitudes[i]! * Math.PI) / 180);
      const seconds = (frames[i]!.at.ms - frames[i - 1]!.at.ms) / 1_000;
      expect(Math.hypot(north, east)).toBeLessThanOrEqual(speeds[i]! * seconds * 1.02 + 0.5);
    }
    expect(Math.max(...latitudes)).toBeGreaterThan(37.95);
    expect(Math.min(...latitudes)).toBeLessThan(37.918);
    expect(Math.min(...numbers(frames, "heading"))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers(frames, "heading"))).toBeLessThan(360);
  });
});

describe("the simulated quiet one", () => {
  it("is heard for a minute, silent for minutes, and heard again", async () => {
    const harness = await simulate();
    const start = harness.clock.now().ms;
    await harness.advance(600_000);
    const heard = of(harness, "sim-5").map(({ at }) => at.ms - start);
    expect(heard.filter((ms) => ms < 60_000).length).toBeGreaterThanOrEqual(29);
    expect(heard.filter((ms) => ms >= 60_000 && ms < 300_000)).toEqual([]);
    expect(heard.filter((ms) => ms >= 300_000 && ms < 360_000).length).toBeGreaterThanOrEqual(29);
  });
});

describe("a stranger", () => {
  it("advertises as a RuuviTag of its own, with values that drift", async () => {
    const harness = await simulate({ sensors: 0, strangers: 2, interval: "1s" });
    await harness.advance(10_000);
    expect(new Set(harness.frames.map(({ source }) => source))).toEqual(
      new Set(["EE:15:74:00:00:01", "EE:15:74:00:00:02"]),
    );
    const sequences = of(harness, strangerAddress(1)).map(({ payload, rssi }) => {
      if (payload.kind !== "advert") throw new Error("no advert");
      const [company, data] = payload.manufacturer[0]!;
      expect([company, data.length, data[0]]).toEqual([0x0499, 24, 5]);
      expect(toHex(data.subarray(18))).toBe("ee1574000001");
      expect(rssi).toBeLessThan(-30);
      return (data[16]! << 8) | data[17]!;
    });
    for (let i = 1; i < sequences.length; i++) expect(sequences[i]).toBe(sequences[i - 1]! + 1);
  });

  it("writes the bytes of data format 5 as Ruuvi's own vector has them (docs.ruuvi.com)", () => {
    const bytes = encodeRuuvi({
      temperature: 24.3,
      humidity: 53.49,
      pressure: 100_044,
      acceleration: [0.004, -0.004, 1.036],
      voltage: 2.977,
      txPower: 4,
      movements: 66,
      sequence: 205,
      address: "CB:B8:33:4C:88:4F",
    });
    expect(toHex(bytes)).toBe("0512fc5394c37c0004fffc040cac364200cdcbb8334c884f");
  });
});
