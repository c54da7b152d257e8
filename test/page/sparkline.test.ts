/** The last minutes: what is kept of them, and how they are drawn. */

import { describe, expect, it } from "vitest";
import { History, type Point, WINDOW_MS } from "../../src/http/page/history.ts";
import { sparkline, track } from "../../src/http/page/sparkline.ts";
import type { Sensor } from "../../src/http/page/types.ts";

const FRAME = { width: 100, height: 40, pad: 5 };
const at = (...values: number[]): Point[] => values.map((value, i) => ({ at: i * 1_000, value }));

const sensor = (endpoint: string, value: number | string | boolean, ms: number): Sensor => ({
  endpoint,
  label: endpoint,
  definition: "d",
  liveness: "live",
  registration: { state: "registered", server: "", lifetimeSeconds: 1, observations: 0 },
  values: { "/3303/0/5700": { value, name: "Temperature", time: new Date(ms).toISOString() } },
  main: ["/3303/0/5700"],
  writable: [],
  executable: [],
});
const PATH = "/3303/0/5700";

describe("a sparkline", () => {
  it("runs from left to right over the whole height", () => {
    const { line, end, min, max } = sparkline(at(10, 30, 20), FRAME);
    expect(line).toBe("M5 35L50 5L95 20");
    expect(end).toEqual({ x: 95, y: 20 });
    expect([min, max]).toEqual([10, 30]);
  });

  it("closes its area along the lower edge", () => {
    expect(sparkline(at(1, 2), FRAME).area).toBe("M5 35L95 5V40H5Z");
  });

  it("draws what hardly moves as a calm line in the middle", () => {
    expect(sparkline(at(1_000, 1_000.001), FRAME).line).toBe("M5 20L95 20");
    expect(sparkline(at(0, 0), FRAME).line).toBe("M5 20L95 20");
  });

  it("draws a switch in steps, off below and on above", () => {
    expect(sparkline(at(0, 1, 1), { ...FRAME, steps: true }).line).toBe("M5 35H50V5H95V5");
  });

  it("is empty until there are two points", () => {
    expect(sparkline([], FRAME).line).toBe("");
    expect(sparkline(at(1), FRAME)).toMatchObject({ line: "", area: "" });
    expect(sparkline(at(1), FRAME).end).toBeUndefined();
  });

  it("never draws beyond its frame", () => {
    const points = at(...Array.from({ length: 200 }, (_, i) => Math.sin(i) * 1e6));
    const numbers =
      sparkline(points, FRAME)
        .line.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    expect(numbers.length).toBe(400);
    expect(numbers.every((n) => n >= 5 && n <= 95)).toBe(true);
  });
});

describe("a track", () => {
  it("is drawn north up, and as far east as north at the equator", () => {
    const { line, end } = track(at(0, 0.001), at(0, 0.001), FRAME);
    expect(line).toBe("M35 35L65 5");
    expect(end).toEqual({ x: 65, y: 5 });
  });

  it("makes a degree of longitude as short as it is up north", () => {
    const { line } = track(at(60, 60.001), at(10, 10.001), FRAME);
    expect(line).toBe("M42.5 35L57.5 5");
  });

  it("takes only places of which both halves are known", () => {
    expect(track(at(1, 2, 3), at(1), FRAME).line).toBe("");
    expect(track([], [], FRAME).line).toBe("");
  });
});

describe("history", () => {
  const start = Date.UTC(2026, 5, 1);

  it("takes each measurement once, by its own time", () => {
    const history = new History();
    history.record(sensor("a", 20, start), [PATH]);
    history.record(sensor("a", 20, start), [PATH]);
    history.record(sensor("a", 19, start - 1_000), [PATH]);
    history.record(sensor("a", 21, start + 1_000), [PATH]);
    expect(history.points("a", PATH).map(({ value }) => value)).toEqual([20, 21]);
  });

  it("takes switches as 0 and 1, and no texts", () => {
    const history = new History();
    history.record(sensor("a", true, start), [PATH]);
    history.record(sensor("b", "text", start), [PATH]);
    expect(history.points("a", PATH)[0]?.value).toBe(1);
    expect(history.points("b", PATH)).toEqual([]);
  });

  it("keeps ten minutes, and a bounded number of points", () => {
    const history = new History();
    for (let i = 0; i < 2_000; i++) history.record(sensor("a", i, start + i * 100), [PATH]);
    expect(history.points("a", PATH)).toHaveLength(300);
    for (let i = 0; i < 20; i++) history.record(sensor("b", i, start + i * 60_000), [PATH]);
    const points = history.points("b", PATH);
    expect(points.at(-1)!.at - points[0]!.at).toBeLessThanOrEqual(WINDOW_MS);
  });

  it("does not grow with the number of sensors beyond a bound", () => {
    const history = new History();
    for (let i = 0; i < 2_500; i++) history.record(sensor(`s-${i}`, 1, start), [PATH]);
    expect(history.points("s-1999", PATH)).toHaveLength(1);
    expect(history.points("s-2499", PATH)).toEqual([]);
    history.forget("s-0");
    history.record(sensor("s-2499", 1, start), [PATH]);
    expect(history.points("s-2499", PATH)).toHaveLength(1);
  });

  it("forgets one sensor and not the one whose name begins alike", () => {
    const history = new History();
    history.record(sensor("sim-1", 1, start), [PATH]);
    history.record(sensor("sim-10", 1, start), [PATH]);
    history.forget("sim-1");
    expect(history.points("sim-1", PATH)).toEqual([]);
    expect(history.points("sim-10", PATH)).toHaveLength(1);
  });
});
