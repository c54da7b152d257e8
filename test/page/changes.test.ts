/** Whatever events come in whatever order, the page shows what the last of them said, and forgets what is gone. */

import { describe, expect, it } from "vitest";
import { History, WINDOW_MS } from "../../src/http/page/history.ts";
import { sparkline, track } from "../../src/http/page/sparkline.ts";
import {
  byInstance,
  byLabel,
  byNeed,
  comparePaths,
  instanceOf,
  longitudeOf,
  matches,
  Store,
} from "../../src/http/page/store.ts";
import type { LabClient, Liveness, Sensor } from "../../src/http/page/types.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const START = Date.UTC(2026, 5, 1, 12);
const PATH = "/3303/0/5700";
const iso = (ms: number) => new Date(ms).toISOString();

function sensor(endpoint: string, value: number, ms = START, rest: Partial<Sensor> = {}): Sensor {
  return {
    endpoint,
    label: endpoint,
    source: `radio/${endpoint}`,
    definition: "d",
    liveness: "live",
    registration: { state: "registered", server: "", lifetimeSeconds: 300, observations: 1 },
    values: { [PATH]: { value, name: "Temperature", time: iso(ms) } },
    main: [PATH],
    writable: [],
    executable: [],
    ...rest,
  };
}

const client = (endpoint: string): LabClient => ({
  endpoint,
  address: "127.0.0.1:1",
  version: "1.1",
  lifetime: 300,
  registeredAt: iso(START),
  lastSeenAt: iso(START),
  expiresAt: iso(START + 300_000),
  objects: [],
  observations: [],
  values: {},
});

describe("ten thousand events in any order", () => {
  it("leave the sensors that were told of last and not removed since", () => {
    const random = new SeededRandom(11);
    const store = new Store();
    const expected = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const endpoint = `s-${random.below(40)}`;
      switch (random.below(4)) {
        case 0:
          store.removeSensor(endpoint);
          expected.delete(endpoint);
          break;
        case 1: {
          const kept = new Set([...expected.keys()].filter(() => random.below(10) > 0));
          if (random.below(50) > 0) break;
          store.keepOnly(kept);
          for (const each of [...expected.keys()]) if (!kept.has(each)) expected.delete(each);
          break;
        }
        default:
          store.takeSensors([sensor(endpoint, i, START + i * 10)]);
          expected.set(endpoint, i);
      }
    }
    const shown = [...store.sensors.values()].map(({ endpoint, values }) => [endpoint, values[PATH]?.value]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(expected));
    for (let i = 0; i < 40; i++) if (!expected.has(`s-${i}`)) expect(store.history.points(`s-${i}`, PATH)).toEqual([]);
  });

  it("leave the lab's clients that registered last", () => {
    const random = new SeededRandom(12);
    const store = new Store();
    store.resetLab([]);
    const expected = new Set<string>();
    for (let i = 0; i < 5_000; i++) {
      const endpoint = `c-${random.below(20)}`;
      if (random.below(3) === 0) {
        store.removeLabClient(endpoint);
        expected.delete(endpoint);
      } else if (random.below(2)) {
        store.takeLabClient(client(endpoint));
        expected.add(endpoint);
      } else store.takeLabValues(endpoint, { [PATH]: { value: i, name: "x", time: iso(START) } });
    }
    expect(new Set(store.lab?.keys())).toEqual(expected);
    store.resetLab(undefined);
    store.takeLabClient(client("late"));
    store.removeLabClient("late");
    expect(store.lab).toBeUndefined();
  });

  it("are told to every listener, each with what changed", () => {
    const store = new Store();
    const heard: string[] = [];
    store.subscribe((changes) => heard.push(`1 ${[...changes].join()}`));
    store.subscribe((changes) => heard.push(`2 ${[...changes].join()}`));
    store.lock(true);
    store.takeSensors([]);
    store.removeSensor("nobody");
    expect(heard).toEqual(["connection", "sensors", "sensors"].flatMap((kind) => [`1 ${kind}`, `2 ${kind}`]));
  });
});

describe("a sensor that was removed and is back", () => {
  it("begins with a history of its own", () => {
    const store = new Store();
    for (let i = 0; i < 5; i++) store.takeSensors([sensor("a", i, START + i * 1_000)]);
    store.removeSensor("a");
    store.takeSensors([sensor("a", 9, START + 9_000)]);
    expect(store.history.points("a", PATH).map(({ value }) => value)).toEqual([9]);
  });

  it("is seen by the lab when the event says so, later than its own clock says", () => {
    const store = new Store();
    store.lastEventAt = START + 60_000;
    store.resetLab([client("a")]);
    store.takeLabValues("a", {});
    expect(store.lab?.get("a")?.lastSeenAt).toBe(iso(START + 60_000));
    store.lastEventAt = START - 60_000;
    store.takeLabValues("a", {});
    expect(store.lab?.get("a")?.lastSeenAt).toBe(iso(START + 60_000));
  });
});

describe("the last minutes", () => {
  const points = (history: History) => history.points("a", PATH).map(({ value }) => value);
  const take = (history: History, value: number, ms: number) => history.record(sensor("a", value, ms), [PATH]);

  it("go on after a gap, without what is older than the window", () => {
    const history = new History();
    take(history, 1, START);
    take(history, 2, START + WINDOW_MS);
    expect(points(history)).toEqual([1, 2]);
    take(history, 3, START + WINDOW_MS + 1);
    expect(points(history)).toEqual([2, 3]);
    take(history, 4, START + 10 * WINDOW_MS);
    expect(points(history)).toEqual([4]);
  });

  it("begin anew when the gateway's clock, wrong until now, is set back", () => {
    const history = new History();
    take(history, 1, START + 365 * 86_400_000);
    take(history, 2, START);
    take(history, 3, START + 1_000);
    expect(points(history)).toEqual([2, 3]);
  });

  it("take no value twice, none out of order, and none whose time is no time", () => {
    const history = new History();
    for (const [value, ms] of [
      [1, START],
      [2, START],
      [3, START - 5_000],
      [4, START + 1],
    ] as const)
      take(history, value, ms);
    history.record({ ...sensor("a", 5), values: { [PATH]: { value: 5, name: "x", time: "now" } } }, [PATH, "/9/9/9"]);
    expect(points(history)).toEqual([1, 4]);
  });
});

describe("a drawing", () => {
  const frame = { width: 160, height: 56, pad: 4 };
  const coordinates = (line: string) => (line.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);

  it("of anything stays within its frame, and has no hole", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 300; round++) {
      const scale = 10 ** (random.below(40) - 20);
      let at = START;
      const points = Array.from({ length: 2 + random.below(100) }, () => {
        at += 1 + random.below(60_000);
        return { at, value: (random.unit() - 0.5) * scale };
      });
      const { line, area, end } = sparkline(points, frame);
      expect(line).not.toMatch(/NaN|Infinity|e/);
      expect(area.startsWith(line)).toBe(true);
      const all = coordinates(line);
      expect(all).toHaveLength(points.length * 2);
      for (let i = 0; i < all.length; i += 2) {
        expect(all[i]).toBeGreaterThanOrEqual(4);
        expect(all[i]).toBeLessThanOrEqual(156);
        expect(all[i + 1]).toBeGreaterThanOrEqual(4);
        expect(all[i + 1]).toBeLessThanOrEqual(52);
      }
      expect(end?.x).toBe(156);
    }
  });

  it.each([0, -5, 1e9, 1e-12])("of a series that stays at %d is a line in the middle", (value) => {
    const points = [0, 1, 2].map((i) => ({ at: START + i, value }));
    expect(coordinates(sparkline(points, frame).line).filter((_, i) => i % 2)).toEqual([28, 28, 28]);
  });

  it("of a switch has only corners", () => {
    const points = [0, 1, 0].map((value, i) => ({ at: START + i * 1_000, value }));
    expect(sparkline(points, { ...frame, steps: true }).line).toMatch(/^M[\d. ]+(?:H[\d.]+V[\d.]+)+$/);
  });

  it("of a way stays within its frame, at the pole and on the spot too", () => {
    for (const [north, east] of [
      [0, 0],
      [89.9, 179.9],
      [-45, -170],
    ] as const)
      for (const step of [0, 1e-9, 0.001, 1]) {
        const way = (from: number) => [0, 1, 2].map((i) => ({ at: START + i, value: from + i * step }));
        const { line } = track(way(north), way(east), frame);
        expect(line).not.toMatch(/NaN|Infinity/);
        const all = coordinates(line);
        expect(Math.min(...all)).toBeGreaterThanOrEqual(3.9);
        expect(Math.max(...all.filter((_, i) => i % 2))).toBeLessThanOrEqual(52.1);
        expect(Math.max(...all)).toBeLessThanOrEqual(156.1);
      }
  });
});

describe("the order of many", () => {
  const lives: readonly Liveness[] = ["live", "stale", "gone", "waiting"];

  it("by need is the same however they came, and by label within each need", () => {
    const random = new SeededRandom(6);
    const all = Array.from({ length: 60 }, (_, i) =>
      sensor(`s-${i}`, i, START, { liveness: lives[i % 4]!, label: `Room ${i}` }),
    );
    const sorted = byNeed(all).map(({ endpoint }) => endpoint);
    for (let round = 0; round < 20; round++) {
      const shuffled = all.map((each) => [random.unit(), each] as const).sort(([a], [b]) => a - b);
      expect(byNeed(shuffled.map(([, each]) => each)).map(({ endpoint }) => endpoint)).toEqual(sorted);
    }
    expect(sorted.slice(0, 3)).toEqual(["s-2", "s-6", "s-10"]);
  });

  it("by label does not mind letters of any alphabet, or none", () => {
    const labels = ["", "ä", "Z", "a", "Ω", "10", "9", "🌡"];
    expect(byLabel(labels.map((label) => sensor(label, 1)))).toHaveLength(labels.length);
  });

  it("of paths is by number at every level", () => {
    expect(["/10/0", "/9/0", "/9/0/10", "/9/0/9", "/9"].sort(comparePaths)).toEqual([
      "/9",
      "/9/0",
      "/9/0/9",
      "/9/0/10",
      "/10/0",
    ]);
    expect(instanceOf("/3/0/11/0")).toBe("/3/0");
    expect(byInstance(["/3/0/11/0", "/3/0/11/1"], []).get("/3/0")).toEqual(["/3/0/11/0", "/3/0/11/1"]);
    expect(byInstance([], ["/3/0"]).size).toBe(0);
  });

  it("finds by words, and everything by none", () => {
    expect(matches(sensor("a", 1), "")).toBe(true);
    expect(matches(sensor("a", 1), "  A   live ")).toBe(true);
    expect(matches({ ...sensor("a", 1), label: "(.*)" }, "(.")).toBe(true);
    expect([longitudeOf("/6/3/0"), longitudeOf("/6/3/1"), longitudeOf("/3303/0/0")]).toEqual([
      "/6/3/1",
      undefined,
      undefined,
    ]);
  });
});
