import { describe, expect, it } from "vitest";
import { dayCurve, rounded, seeded, Walk } from "../../src/adapters/drift.ts";
import { type Asking, pattern, QuestionLine } from "../../src/adapters/question.ts";
import { duration, milliseconds, reveal, secret } from "../../src/adapters/settings.ts";
import { Secret } from "../../src/base/secret.ts";
import { FakeClock } from "../support/fake-clock.ts";

function stage() {
  const clock = new FakeClock();
  const line = new QuestionLine(clock);
  const controller = new AbortController();
  const sent: string[] = [];
  const ask = (name: string, extra: Partial<Asking> = {}) =>
    line.ask({
      expect: /^V=/u,
      timeoutMs: 1_000,
      signal: controller.signal,
      send: async () => void sent.push(name),
      ...extra,
    });
  return { clock, line, controller, sent, ask };
}

describe("a question on a line", () => {
  it("is answered by what matches, not by what does not", async () => {
    const { line, ask, sent } = stage();
    const answer = ask("one");
    line.hear("noise");
    line.hear("V=1");
    expect(await answer).toEqual({ status: "done", readBack: "V=1" });
    expect(sent).toEqual(["one"]);
    expect(line.busy).toBe(false);
  });

  it("leaves the line taken after it has timed out, until its late answer is here", async () => {
    const { clock, line, ask, sent } = stage();
    const answer = ask("one");
    await clock.advance(1_100);
    expect(await answer).toEqual({ status: "timeout" });
    expect(await ask("two")).toMatchObject({ status: "rejected" });
    line.hear("V=1");
    expect(line.busy).toBe(false);
    expect(sent).toEqual(["one"]);
  });

  it("ends when nobody wants the answer any more, and its late answer is awaited all the same", async () => {
    const { line, controller, ask } = stage();
    const answer = ask("one");
    controller.abort();
    expect(await answer).toEqual({ status: "timeout" });
    expect(line.busy).toBe(true);
    line.hear("V=1");
    expect(line.busy).toBe(false);
    expect(await ask("two")).toEqual({ status: "timeout" });
  });

  it("is rejected when the wire is gone, and the line is free for the next", async () => {
    const { line, ask } = stage();
    const answer = ask("one");
    line.fail("unplugged");
    expect(await answer).toEqual({ status: "rejected", reason: "unplugged" });
    expect(line.busy).toBe(false);
  });

  it("that cannot be sent fails, and leaves no timer and no claim to the line", async () => {
    const { clock, line, ask } = stage();
    await expect(ask("one", { send: () => Promise.reject(new Error("EIO")) })).rejects.toThrow("EIO");
    expect(line.busy).toBe(false);
    await clock.advance(10_000);
    const answer = ask("two");
    line.hear("V=2");
    expect(await answer).toMatchObject({ status: "done" });
  });

  it("may be answered before it is known to have left", async () => {
    const { line, ask } = stage();
    const answer = ask("one", {
      send: async () => {
        line.hear("V=1");
        await Promise.resolve();
      },
    });
    expect(await answer).toEqual({ status: "done", readBack: "V=1" });
  });
});

describe("the pattern of an answer", () => {
  it("is a regular expression within measure, or a complaint", () => {
    expect(pattern("^OK$")).toEqual(/^OK$/u);
    expect(pattern("(")).toBe('"(" is no pattern');
    expect(pattern("x".repeat(501))).toMatch(/501 characters/);
  });
});

describe("settings", () => {
  it("take durations within bounds, and say which", () => {
    const schema = duration(1_000, 60_000);
    expect(schema.parse("2s")).toBe("2s");
    for (const wrong of ["500ms", "2m", "2", "two", 2])
      expect(() => schema.parse(wrong)).toThrow(/1s to 1m|expected string/);
    expect(milliseconds("1.5s")).toBe(1_500);
    expect(() => milliseconds("soon")).toThrow(RangeError);
  });

  it("take secrets as text or sealed, and unseal them only on demand", () => {
    const sealed = new Secret("x", "!env X");
    expect(secret.parse("x")).toBe("x");
    expect(secret.parse(sealed)).toBe(sealed);
    expect(() => secret.parse(5)).toThrow(/!env/);
    expect([reveal("x"), reveal(sealed)]).toEqual(["x", "x"]);
  });
});

describe("drift", () => {
  it("is even and repeats for a seed", () => {
    const [one, again, other] = [seeded(1), seeded(1), seeded(2)];
    const values = Array.from({ length: 10_000 }, () => one());
    expect(values.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => again()));
    expect(values[0]).not.toBe(other());
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("walks in small steps, within its bounds, and stays near where it began", () => {
    const walk = new Walk({ from: 20, min: 15, max: 25, step: 0.5 }, seeded(3));
    let before = 20;
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const value = walk.next();
      expect(Math.abs(value - before)).toBeLessThanOrEqual(0.5 + 0.02 * 5);
      expect(value).toBeGreaterThanOrEqual(15);
      expect(value).toBeLessThanOrEqual(25);
      before = value;
      sum += value;
    }
    expect(Math.abs(sum / 10_000 - 20)).toBeLessThan(1);
  });

  it("peaks in the afternoon, and has its low before dawn", () => {
    const hour = (at: number) => dayCurve(Date.UTC(2026, 0, 2, at));
    expect(hour(15)).toBeCloseTo(1);
    expect(hour(3)).toBeCloseTo(-1);
    expect(rounded(1.23456, 2)).toBe(1.23);
  });
});
