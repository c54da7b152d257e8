/** The machine, looked at now and then; and restarting it. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MachineWatch } from "../../src/io/machine-watch.ts";
import { rebootMachine } from "../../src/io/reboot.ts";
import type { Clock, Timer } from "../../src/base/clock.ts";

/** Timers that fire when the test says so. */
class HandClock implements Clock {
  readonly waiting: { ms: number; run: () => void }[] = [];
  now = () => ({ ms: 0, trusted: true });
  monotonic = () => 0;

  after(ms: number, run: () => void): Timer {
    const entry = { ms, run };
    this.waiting.push(entry);
    return { cancel: () => void this.waiting.splice(this.waiting.indexOf(entry), 1) };
  }
}

describe("the machine's watch", () => {
  let root: string;
  const memory = (kilobytes: number) => writeFile(join(root, "proc/meminfo"), `MemAvailable:   ${kilobytes} kB\n`);
  beforeEach(async () => {
    root = `${await mkdtemp(join(tmpdir(), "isthmus-machine-"))}/`;
    await mkdir(join(root, "proc"), { recursive: true });
    await memory(1_000);
  });
  afterEach(() => rm(root, { recursive: true }));

  it("knows the facts, and looks again every ten seconds", async () => {
    const clock = new HandClock();
    const watch = await MachineWatch.start({ root, stateDir: root, clock });
    expect(watch.facts.hostname.length).toBeGreaterThan(0);
    expect(watch.state.freeMemory).toBe(1_024_000);
    await memory(500);
    expect(watch.state.freeMemory).toBe(1_024_000);
    const [timer] = clock.waiting.splice(0);
    expect(timer?.ms).toBe(10_000);
    timer?.run();
    await expect.poll(() => clock.waiting.length).toBe(1);
    expect(watch.state.freeMemory).toBe(512_000);
    await watch.stop();
  });

  it("looks no more once it is stopped, not even after a look that was under way", async () => {
    const clock = new HandClock();
    const watch = await MachineWatch.start({ root, stateDir: root, clock });
    const [timer] = clock.waiting;
    timer?.run();
    await watch.stop();
    await expect.poll(() => clock.waiting.length).toBe(0);
  });
});

describe("a restart of the machine", () => {
  it("is asked of systemd, without a dialogue", async () => {
    const asked: (readonly string[])[] = [];
    await rebootMachine((args) => {
      asked.push(args);
      return Promise.resolve();
    });
    expect(asked).toEqual([["--no-ask-password", "reboot"]]);
  });

  it("fails with the words of systemd", async () => {
    await expect(rebootMachine(() => Promise.reject(new Error("Access denied")))).rejects.toThrow("Access denied");
  });
});
