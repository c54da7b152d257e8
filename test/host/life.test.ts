import { describe, expect, it } from "vitest";
import { type Life, type LifeEvent, type LifeTimes, next, OFF } from "../../src/host/life.ts";

const times: LifeTimes = {
  retryMs: (failures) => Math.min(60_000, 1_000 * 2 ** failures),
  crashes: 5,
  withinMs: 600_000,
  quarantineMs: 600_000,
  settledMs: 60_000,
};

/** Lives through the events; gives the last state and all effects as words. */
function live(...events: LifeEvent[]): { life: Life; effects: string[] } {
  let life = OFF;
  const effects: string[] = [];
  for (const event of events) {
    const [after, ...done] = next(life, event, times);
    life = after;
    effects.push(...done.map((effect) => (effect.do === "set-timer" ? `wait ${effect.ms}` : effect.do)));
  }
  return { life, effects };
}

const start = { type: "start" } as const;
const timer = { type: "timer" } as const;
const stop = { type: "stop" } as const;
const failed = { type: "failed", reason: "no such port" } as const;
const started = (at = 0): LifeEvent => ({ type: "started", at });
const crashed = (at = 0): LifeEvent => ({ type: "crashed", reason: "a bug", at });

describe("the life of an adapter", () => {
  it("begins, runs, and ends when asked to", () => {
    expect(live(start).effects).toEqual(["begin"]);
    expect(live(start, started()).life.name).toBe("running");
    expect(live(start, started(), stop)).toEqual({ life: OFF, effects: ["begin", "end"] });
  });

  it("is tried again later and later while it cannot start", () => {
    const { effects } = live(start, failed, timer, failed, timer, failed, timer, failed);
    expect(effects.filter((effect) => effect.startsWith("wait"))).toEqual([
      "wait 1000",
      "wait 2000",
      "wait 4000",
      "wait 8000",
    ]);
  });

  it("never waits longer than a minute, and never gives up on a device that is not there", () => {
    const events = Array.from({ length: 30 }, () => [failed, timer]).flat();
    const { life, effects } = live(start, ...events, failed);
    expect(effects.at(-1)).toBe("wait 60000");
    expect(life.name).toBe("waiting");
  });

  it("gives back what it held before every wait", () => {
    expect(live(start, failed).effects).toEqual(["begin", "end", "wait 1000"]);
    expect(live(start, started(), crashed(5)).effects).toEqual(["begin", "end", "wait 1000"]);
  });

  it("remembers why it waits, also while it is tried again", () => {
    const { life } = live(start, failed, timer);
    expect(life).toMatchObject({ name: "starting", past: { reason: "no such port" } });
  });

  it("forgets failures after a minute of trouble-free running", () => {
    const trouble = [start, failed, timer, failed, timer] as const;
    expect(live(...trouble, started(0), crashed(59_999)).effects.at(-1)).toBe("wait 4000");
    expect(live(...trouble, started(0), crashed(60_000)).effects.at(-1)).toBe("wait 1000");
  });

  it("goes into quarantine at the fifth crash in ten minutes", () => {
    const four = [0, 1, 2, 3].flatMap((minute) => [started(minute * 60_000), crashed(minute * 60_000 + 1), timer]);
    const { life, effects } = live(start, ...four, started(240_000), crashed(599_000));
    expect(life).toMatchObject({ name: "quarantined", past: { reason: "a bug" } });
    expect(effects.slice(-2)).toEqual(["end", "wait 600000"]);
  });

  it("is not put into quarantine for five crashes in eleven minutes", () => {
    const four = [0, 1, 2, 3].flatMap((minute) => [started(minute * 60_000), crashed(minute * 60_000 + 1), timer]);
    expect(live(start, ...four, started(240_000), crashed(660_000)).life.name).toBe("waiting");
  });

  it("has one try when let out of quarantine, however long ago the crashes were", () => {
    const five = [0, 1, 2, 3, 4].flatMap((second) => [started(second), crashed(second), timer]);
    expect(live(start, ...five, started(900_000), crashed(900_001)).life.name).toBe("quarantined");
    expect(live(start, ...five, failed, timer, started(900_000), crashed(900_001)).life.name).toBe("quarantined");
  });

  it("is trusted again after a minute of good conduct", () => {
    const five = [0, 1, 2, 3, 4].flatMap((second) => [started(second), crashed(second), timer]);
    expect(live(start, ...five, started(900_000), crashed(960_000)).life.name).toBe("waiting");
  });

  it("does not mistake a device that is missing for an adapter that crashes", () => {
    const many = Array.from({ length: 10 }, () => [failed, timer]).flat();
    expect(live(start, ...many).life).toMatchObject({ name: "starting", past: { crashes: [] } });
  });

  it("ignores events that come too late", () => {
    expect(live(started())).toEqual({ life: OFF, effects: [] });
    expect(live(timer).life).toBe(OFF);
    expect(live(stop)).toEqual({ life: OFF, effects: [] });
    expect(live(start, started(), timer, failed).life.name).toBe("running");
    expect(live(start, failed, crashed(1), started()).life.name).toBe("waiting");
  });

  it("can be stopped in every state", () => {
    for (const before of [[start], [start, failed], [start, started()]])
      expect(live(...before, stop)).toMatchObject({ life: OFF });
  });
});
