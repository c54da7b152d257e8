import { describe, expect, it } from "vitest";
import { listenForStop, nextStop } from "../../src/cli/stopping.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";
import { settle } from "../support/fake-clock.ts";

async function hasSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await settle();
  return settled;
}

describe("Ctrl-C", () => {
  it("asks first and insists the second time", () => {
    expect(nextStop(undefined, 1_000)).toBe("asked");
    expect(nextStop(1_000, 1_400)).toBe("insisted");
  });

  it("is one keystroke although npm passes it on a second time", () => {
    expect(nextStop(1_000, 1_000)).toBeUndefined();
    expect(nextStop(1_000, 1_299)).toBeUndefined();
    expect(nextStop(1_000, 1_300)).toBe("insisted");
  });

  it.each(["SIGINT", "SIGTERM"])("arrives as %s", async (signal) => {
    const world = new FakeSurroundings();
    const stops = listenForStop(world);
    expect(await hasSettled(stops.asked)).toBe(false);
    world.process.emit(signal);
    expect(await hasSettled(stops.asked)).toBe(true);
    expect(await hasSettled(stops.insisted)).toBe(false);
  });

  it("may be mixed with SIGTERM: the second signal insists, whichever it is", async () => {
    const world = new FakeSurroundings();
    const stops = listenForStop(world);
    world.process.emit("SIGTERM");
    world.time = 2_000;
    world.process.emit("SIGINT");
    expect(await hasSettled(stops.insisted)).toBe(true);
  });

  it("is counted from the first one, however many npm sends", async () => {
    const world = new FakeSurroundings();
    const stops = listenForStop(world);
    for (const time of [0, 10, 20, 250]) {
      world.time = time;
      world.process.emit("SIGINT");
    }
    expect(await hasSettled(stops.insisted)).toBe(false);
  });
});

describe("a hangup", () => {
  it("ends nothing: the terminal may close, the daemon stays", async () => {
    const world = new FakeSurroundings();
    const stops = listenForStop(world);
    expect(world.process.emit("SIGHUP")).toBe(true);
    expect(await hasSettled(stops.asked)).toBe(false);
  });
});

describe("after the command", () => {
  it("nobody listens to signals any more", () => {
    const world = new FakeSurroundings();
    const stops = listenForStop(world);
    stops.forget();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) expect(world.process.listenerCount(signal)).toBe(0);
  });
});
