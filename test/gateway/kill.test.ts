/** A gateway whose machine lost its power while the roster was written: real files, cut anywhere. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Roster, type RosterStore } from "../../src/gateway/roster.ts";
import { StateFolder } from "../../src/io/files.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";

const entry = (n: number) => ({
  source: `radio/CB:B8:33:4C:88:${n}`,
  endpoint: `ruuvi-${n}`,
  definition: "ruuvi.tag.df5",
  label: `Kühlhaus ${n}`,
  by: "api" as const,
  adoptedAt: "2026-06-01T12:00:00.000Z",
  memory: { ports: { "coap://server": 40_000 + n } },
});

describe("the roster after a sudden end", () => {
  let folder: string;
  let newest: string;
  let whole: Buffer;
  const clock = new FakeClock();

  /** What a start would find. */
  async function found(log = new MemoryLog()): Promise<string[]> {
    const opened = await StateFolder.open(folder, { log });
    if (opened.status !== "open") throw new Error("the folder is in use");
    const store: RosterStore = {
      read: () => opened.folder.read("roster"),
      write: (text) => opened.folder.write("roster", text),
    };
    const roster = await Roster.load(store, clock, log);
    const endpoints = Array.from(roster.entries(), (each) => each.endpoint);
    await opened.folder.close();
    return endpoints;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "isthmus-kill-"));
    newest = join(folder, "roster");
    const opened = await StateFolder.open(folder);
    if (opened.status !== "open") throw new Error("the folder is in use");
    const store: RosterStore = {
      read: () => opened.folder.read("roster"),
      write: (text) => opened.folder.write("roster", text),
    };
    const roster = await Roster.load(store, clock, new MemoryLog());
    for (let n = 0; n < 8; n++) {
      roster.add(entry(n));
      // Two generations: seven sensors, then eight.
      if (n >= 6) await roster.flush();
    }
    await opened.folder.close();
    whole = await readFile(newest);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const seven = Array.from({ length: 7 }, (_, n) => `ruuvi-${n}`);

  it("is whole if nothing was cut", async () => {
    expect(await found()).toEqual([...seven, "ruuvi-7"]);
  });

  it("is that of before, wherever the newest file ends", async () => {
    for (let length = 0; length < whole.length; length += 50) {
      await writeFile(newest, whole.subarray(0, length));
      const log = new MemoryLog();
      expect(await found(log)).toEqual(seven);
      expect(log.events("warn")).toContain("state-recovered");
    }
  });

  it("is that of before if any byte of the newest file has changed", async () => {
    for (let at = 0; at < whole.length; at += 97) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      await writeFile(newest, changed);
      expect(await found()).toEqual(seven);
    }
  });

  it("is that of before if the newest file was never put in its place", async () => {
    await rm(newest);
    await writeFile(join(folder, "roster.new"), whole.subarray(0, 100));
    expect(await found()).toEqual(seven);
  });

  it("has the ports that servers know", async () => {
    await writeFile(newest, whole.subarray(0, whole.length - 1));
    const opened = await StateFolder.open(folder);
    if (opened.status !== "open") throw new Error("the folder is in use");
    const text = (await opened.folder.read("roster")) ?? "";
    expect(text).toContain('"ports":{"coap://server":40006}');
    await opened.folder.close();
  });
});
