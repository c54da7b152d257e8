/** Wishes on their way to an adapter: handed on, remembered for its next start, and never its death. */

import { describe, expect, it } from "vitest";
import { AdapterHost } from "../../src/host/index.ts";
import { type Adapter, defineAdapter, type Host } from "../../src/sdk/adapter.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** An adapter that a test can let crash, and what it was told: a line for each start and each wish. */
function stage(interest?: Adapter["interest"]) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const told: unknown[] = [];
  const crash: { now(): void } = { now: () => undefined };
  const plugin = defineAdapter<unknown>({
    id: "asked",
    sdk: 1,
    config: { parse: (input) => input },
    start: (host: Host) => {
      told.push("started");
      crash.now = () =>
        host.clock.after(0, () => {
          throw new Error("broken");
        });
      return Promise.resolve({
        health: () => ({ state: "ok" }),
        stop: () => Promise.resolve(),
        ...(interest && { interest }),
      });
    },
  });
  const host = new AdapterHost({
    plugins: new Map([["asked", plugin]]),
    sections: [{ name: "a", type: "asked", settings: {} }],
    clock,
    random: new SeededRandom(),
    log,
  });
  return { host, clock, log, told, crash };
}

function listening() {
  const all = stage((source, wish) => all.told.push([source, wish]));
  return all;
}

describe("a wish for new values", () => {
  it("reaches the adapter that runs", async () => {
    const { host, clock, told } = listening();
    host.start();
    await clock.advance(10);
    host.interest("a", "sensor", { minSeconds: 5 });
    expect(told).toEqual(["started", ["sensor", { minSeconds: 5 }]]);
    await host.stop();
  });

  it("waits for an adapter that does not run yet, and comes again to one that starts again", async () => {
    const { host, clock, told, crash } = listening();
    host.interest("a", "one", { maxSeconds: 2 });
    host.interest("a", "two", { maxSeconds: 3 });
    host.start();
    await clock.advance(10);
    expect(told).toEqual(["started", ["one", { maxSeconds: 2 }], ["two", { maxSeconds: 3 }]]);
    host.interest("a", "two", {});
    told.length = 0;
    crash.now();
    await clock.advance(5_000);
    expect(told).toEqual(["started", ["one", { maxSeconds: 2 }]]);
    await host.stop();
  });

  it("is nobody's business where the adapter takes none, or is not there", async () => {
    const { host, clock } = stage();
    host.start();
    await clock.advance(10);
    host.interest("a", "sensor", { minSeconds: 5 });
    host.interest("nobody", "sensor", { minSeconds: 5 });
    expect(host.health().get("a")?.state).toBe("ok");
    await host.stop();
  });

  it("that an adapter cannot bear is said, and the adapter works on", async () => {
    const { host, clock, log } = stage(() => {
      throw new Error("not that");
    });
    host.start();
    await clock.advance(10);
    host.interest("a", "sensor", { minSeconds: 5 });
    expect(host.health().get("a")?.state).toBe("ok");
    expect(log.events("error")).toEqual(["interest-failed"]);
    await host.stop();
  });
});
