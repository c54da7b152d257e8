/** State on a disk that is full, worn, or damaged everywhere at once. */

import type * as promises from "node:fs/promises";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { replaceFile, StateFolder } from "../../src/io/files.ts";
import type { ProcessTable } from "../../src/io/lock.ts";
import { MemoryLog } from "../support/memory-log.ts";

/** What the disk does wrong, by the name of the file that is written. */
const faults = vi.hoisted(() => ({ write: "", sync: "" }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const fault = (code: string) => Promise.reject(Object.assign(new Error(`${code}: no space left`), { code }));
  const open = async (...args: Parameters<typeof real.open>): Promise<promises.FileHandle> => {
    const handle = await real.open(...args);
    if (faults.write !== "" && String(args[0]).endsWith(".tmp")) handle.writeFile = () => fault(faults.write);
    if (faults.sync !== "" && String(args[0]).endsWith(".tmp")) handle.sync = () => fault(faults.sync);
    return handle;
  };
  return { ...real, open };
});

let folder: string;
const opened: StateFolder[] = [];

beforeEach(async () => {
  Object.assign(faults, { write: "", sync: "" });
  folder = await mkdtemp(join(tmpdir(), "isthmus-disk-"));
});
afterEach(async () => {
  Object.assign(faults, { write: "", sync: "" });
  for (const each of opened.splice(0)) await each.close();
  await rm(folder, { recursive: true });
});

async function open(log = new MemoryLog(), processes?: ProcessTable): Promise<StateFolder> {
  const result = await StateFolder.open(folder, { log, ...(processes && { processes }) });
  if (result.status === "held") throw new Error(`held by ${result.pid}`);
  opened.push(result.folder);
  return result.folder;
}

const drafts = async () => (await readdir(folder)).filter((name) => name.endsWith(".tmp"));

describe("a full disk", () => {
  it.each(["write", "sync"] as const)(
    "fails the %s with its reason, keeps what was there, and is not filled",
    async (step) => {
      const state = await open();
      await state.write("roster.json", "before");
      faults[step] = "ENOSPC";
      for (let i = 0; i < 5; i++) await expect(state.write("roster.json", `${i}`)).rejects.toThrow(/ENOSPC/);
      expect(await drafts()).toEqual([]);
      expect(await state.read("roster.json")).toBe("before");
      faults[step] = "";
      await state.write("roster.json", "after");
      expect(await state.read("roster.json")).toBe("after");
    },
  );

  it("keeps the file that was to be replaced, whole", async () => {
    const path = join(folder, "page.html");
    await replaceFile(path, "old");
    faults.write = "ENOSPC";
    await expect(replaceFile(path, "new")).rejects.toThrow(/ENOSPC/);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["page.html"]);
  });

  it("fails all writes that wait, not the first alone, and closing waits for them", async () => {
    const state = await open();
    faults.write = "EDQUOT";
    const writes = Array.from({ length: 5 }, (_, i) => state.write("roster.json", `${i}`));
    const endings = await Promise.allSettled(writes);
    expect(endings.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));
    void state.write("roster.json", "last").catch(() => undefined);
    await state.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("does not fail other names for ever after", async () => {
    const state = await open();
    faults.write = "ENOSPC";
    await expect(state.write("a", "1")).rejects.toThrow();
    faults.write = "";
    await Promise.all([state.write("a", "2"), state.write("b", "3")]);
    expect([await state.read("a"), await state.read("b")]).toEqual(["2", "3"]);
  });
});

describe("a place that something else has taken", () => {
  it("leaves no draft behind when a generation cannot move", async () => {
    const state = await open();
    for (const text of ["one", "two"]) await state.write("roster.json", text);
    await mkdir(join(folder, "roster.json.2", "in-the-way"), { recursive: true });
    for (let i = 0; i < 3; i++) await expect(state.write("roster.json", "two")).rejects.toThrow();
    expect(await drafts()).toEqual([]);
  });

  it("leaves no draft behind when the file itself is a folder", async () => {
    await mkdir(join(folder, "page.html", "sub"), { recursive: true });
    await expect(replaceFile(join(folder, "page.html"), "new")).rejects.toThrow();
    expect(await drafts()).toEqual([]);
  });
});

describe("damage of every generation", () => {
  const names = ["roster.json", "roster.json.1", "roster.json.2"];
  const texts = ["third", "second", "first"];

  async function written(): Promise<{ state: StateFolder; log: MemoryLog }> {
    const log = new MemoryLog();
    const state = await open(log);
    for (const text of texts.toReversed()) await state.write("roster.json", text);
    return { state, log };
  }

  // Each bit of the number says whether that generation is damaged.
  it.each([0, 1, 2, 3, 4, 5, 6, 7])("leaves the newest that is whole: pattern %i", async (pattern) => {
    const { state, log } = await written();
    for (const [i, name] of names.entries())
      if (pattern & (1 << i)) await writeFile(join(folder, name), `isthmus-state 1 sha256=${"0".repeat(64)}\nforged`);
    const whole = texts.findIndex((_, i) => !(pattern & (1 << i)));
    expect(await state.read("roster.json")).toBe(whole < 0 ? undefined : texts[whole]);
    expect(log.events("error")).toHaveLength(whole < 0 ? 3 : whole);
    expect(log.events("warn")).toHaveLength(whole > 0 ? 1 : 0);
  });

  it.each([
    ["nothing", ""],
    ["a header alone", "isthmus-state 1 sha256="],
    ["a header without an end", `isthmus-state 1 sha256=${"a".repeat(64)}`],
    ["another program's file", '{"version":1}\n'],
    ["a later format of ours", `isthmus-state 2 sha256=${"a".repeat(64)}\nx`],
    ["a checksum in capitals", `isthmus-state 1 sha256=${"A".repeat(64)}\nx`],
    ["a very long line", "x".repeat(1_000_000)],
  ])("is told by its reason: %s", async (_what, content) => {
    const { state, log } = await written();
    await writeFile(join(folder, "roster.json"), content);
    expect(await state.read("roster.json")).toBe("second");
    expect(log.lines.find(({ level }) => level === "error")?.fields["reason"]).toMatch(/header|checksum/);
  });

  it("is not spread to the generations that are whole by the writes that follow", async () => {
    const { state } = await written();
    await writeFile(join(folder, "roster.json"), "damaged");
    await state.write("roster.json", "fourth");
    await writeFile(join(folder, "roster.json"), "damaged again");
    expect(await state.read("roster.json")).toBe("second");
  });
});

describe("a folder that was closed", () => {
  it("takes no more writes: it may be another process's by now", async () => {
    const state = await open();
    await state.write("roster.json", "mine");
    await state.close();
    await expect(state.write("roster.json", "late")).rejects.toThrow(/is closed/);
    const next = await open();
    expect(await next.read("roster.json")).toBe("mine");
  });

  it("takes what is asked while it closes, then gives the lock away", async () => {
    const state = await open();
    const first = state.write("roster.json", "one");
    const closing = state.close();
    const second = state.write("roster.json", "two");
    await Promise.all([first, second, closing]);
    expect(await readdir(folder)).not.toContain("lock");
    expect(await (await open()).read("roster.json")).toBe("two");
  });
});

describe("a lock that names", () => {
  const table = (pid: number, alive: Record<number, string>): ProcessTable => ({
    pid,
    started: (asked) => Promise.resolve(alive[asked]),
    boot: () => Promise.resolve("boot-1"),
  });

  it.each([0, -1, 1.5, 1e300])("process %d is stale: it names a group, or nobody", async (pid) => {
    await writeFile(join(folder, "lock"), `{"pid":${pid}}\n`);
    await open();
  });

  it.each(["", "{}", "null", "[]", '{"pid":"7"}', '{"pid":null}', "{", "\ufeff"])(
    "nobody is stale: %j",
    async (text) => {
      await writeFile(join(folder, "lock"), text);
      await open();
    },
  );

  it("a living process without the time of its start still holds", async () => {
    await writeFile(join(folder, "lock"), '{"pid":77}\n');
    const result = await StateFolder.open(folder, { processes: table(5, { 77: "1", 5: "2" }) });
    expect(result).toEqual({ status: "held", pid: 77 });
  });

  it("another one by the time we give it back is left alone", async () => {
    const state = await open(new MemoryLog(), table(5, { 5: "2" }));
    await writeFile(join(folder, "lock"), '{"pid":77}\n');
    await state.close();
    expect(await readFile(join(folder, "lock"), "utf8")).toBe('{"pid":77}\n');
  });

  it("leaves no drafts of its own, won or lost", async () => {
    await open(new MemoryLog(), table(5, { 5: "2", 6: "3" }));
    await StateFolder.open(folder, { processes: table(6, { 5: "2", 6: "3" }) });
    expect(await readdir(folder)).toEqual(["lock"]);
  });
});
