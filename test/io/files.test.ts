import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GENERATIONS, replaceFile, StateFolder, type StateFolderOptions } from "../../src/io/files.ts";
import type { ProcessTable } from "../../src/io/lock.ts";
import { MemoryLog } from "../support/memory-log.ts";

let folder: string;
const opened: StateFolder[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-files-"));
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await rm(folder, { recursive: true });
});

async function open(options: StateFolderOptions = {}, path = folder): Promise<StateFolder> {
  const result = await StateFolder.open(path, options);
  if (result.status === "held") throw new Error(`held by ${result.pid}`);
  opened.push(result.folder);
  return result.folder;
}

/** Another process, as this one would see it. */
const processes = (pid: number, alive: Record<number, string>, boot = "boot-1"): ProcessTable => ({
  pid,
  started: async (asked) => alive[asked],
  boot: async () => boot,
});

describe("a file replaced whole", () => {
  it("has the new content, is private, and leaves nothing beside it", async () => {
    const path = join(folder, "page.html");
    await replaceFile(path, "old");
    await replaceFile(path, new TextEncoder().encode("new"));
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["page.html"]);
  });

  it("keeps the old content if the new one cannot be written", async () => {
    await expect(replaceFile(join(folder, "nowhere", "page.html"), "x")).rejects.toThrow(/ENOENT/);
  });
});

describe("a folder of state", () => {
  it("is made if need be, for its owner alone, and so are its files", async () => {
    const path = join(folder, "deep", "state");
    const state = await open({}, path);
    await state.write("roster.json", "{}");
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, "roster.json"))).mode & 0o777).toBe(0o600);
  });

  it("takes away what others could read of it", async () => {
    const path = join(folder, "open");
    await mkdir(path, { mode: 0o755 });
    await open({}, path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it("gives back what was written, newest first, also after it was closed", async () => {
    const state = await open();
    expect(await state.read("roster.json")).toBeUndefined();
    await state.write("roster.json", "one");
    await state.write("roster.json", "zwei\nlines: äöü");
    expect(await state.read("roster.json")).toBe("zwei\nlines: äöü");
    await state.close();
    expect(await (await open()).read("roster.json")).toBe("zwei\nlines: äöü");
  });

  it("keeps three generations, and no more", async () => {
    const state = await open();
    for (let i = 0; i < 10; i++) await state.write("roster.json", `text ${i}`);
    const files = (await readdir(folder)).filter((name) => name.startsWith("roster"));
    expect(files.toSorted()).toEqual(["roster.json", "roster.json.1", "roster.json.2"]);
    expect(files).toHaveLength(GENERATIONS);
  });

  it("has only names that can do no harm", async () => {
    const state = await open();
    for (const name of ["../x", "", ".hidden", "a/b", "A", "lock"])
      await expect(async () => state.write(name, "")).rejects.toThrow(RangeError);
  });

  it("is empty of what a crash left half written", async () => {
    await writeFile(join(folder, ".roster.json.1234.tmp"), "half");
    await open();
    expect(await readdir(folder)).toEqual(["lock"]);
  });
});

describe("damage", () => {
  async function written(log: MemoryLog): Promise<StateFolder> {
    const state = await open({ log });
    for (const text of ["first", "second", "third"]) await state.write("roster.json", text);
    return state;
  }
  const path = (generation = "") => join(folder, `roster.json${generation}`);

  it.each([
    ["a file cut short by a power cut", () => truncate(path(), 90)],
    ["an empty file", () => truncate(path(), 0)],
    ["zeros where there was content", () => writeFile(path(), Buffer.alloc(200))],
    ["a file that is gone", () => rm(path())],
    [
      "a folder in its place",
      async () => {
        await rm(path());
        await mkdir(path());
      },
    ],
  ])("is noticed, logged, and the generation before is used: %s", async (_what, damage) => {
    const log = new MemoryLog();
    const state = await written(log);
    await damage();
    expect(await state.read("roster.json")).toBe("second");
    expect(log.events("warn")).toEqual(["state-recovered"]);
  });

  it("of one bit is noticed", async () => {
    const log = new MemoryLog();
    const state = await written(log);
    const content = await readFile(path());
    content[content.length - 1]! ^= 1;
    await writeFile(path(), content);
    expect(await state.read("roster.json")).toBe("second");
    expect(log.events("error")).toEqual(["state-damaged"]);
  });

  it("of two generations still leaves the third, and of all of them nothing", async () => {
    const state = await written(new MemoryLog());
    await truncate(path(), 3);
    await truncate(path(".1"), 3);
    expect(await state.read("roster.json")).toBe("first");
    await truncate(path(".2"), 3);
    expect(await state.read("roster.json")).toBeUndefined();
  });

  it("is healed by the next write", async () => {
    const state = await written(new MemoryLog());
    await truncate(path(), 3);
    await state.write("roster.json", "fourth");
    expect(await state.read("roster.json")).toBe("fourth");
  });
});

describe("many writes at once", () => {
  it("follow each other, and the last one wins", async () => {
    const state = await open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => state.write("roster.json", `text ${i}`)));
    expect(await state.read("roster.json")).toBe("text 199");
  });

  it("cost no more than two: what waits is replaced by what is newer", async () => {
    const state = await open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => state.write("roster.json", `text ${i}`)));
    expect((await readdir(folder)).includes("roster.json.2")).toBe(false);
  });

  it("to different names do not wait for each other's content", async () => {
    const state = await open();
    await Promise.all([state.write("a", "1"), state.write("b", "2")]);
    expect([await state.read("a"), await state.read("b")]).toEqual(["1", "2"]);
  });

  it("are finished before the folder is given away", async () => {
    const state = await open();
    void state.write("roster.json", "one");
    void state.write("roster.json", "two");
    await state.close();
    expect(await (await open()).read("roster.json")).toBe("two");
  });

  it("go on after one has failed", async () => {
    const state = await open();
    await state.write("roster.json", "one");
    await mkdir(join(folder, "roster.json.2", "in-the-way"), { recursive: true });
    await state.write("roster.json", "two");
    await expect(state.write("roster.json", "three")).rejects.toThrow();
    await rm(join(folder, "roster.json.2"), { recursive: true });
    await state.write("roster.json", "four");
    expect(await state.read("roster.json")).toBe("four");
  });
});

describe("the lock", () => {
  it("keeps a second instance out, and says who has it", async () => {
    await open();
    expect(await StateFolder.open(folder)).toEqual({ status: "held", pid: process.pid });
  });

  it("is free again after closing, also when closed twice", async () => {
    const state = await open();
    await state.close();
    await state.close();
    await open();
  });

  it("of a process that was killed is taken over", async () => {
    const killed = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const table = processes(killed.pid!, { [killed.pid!]: "77" });
    const first = await StateFolder.open(folder, { processes: table });
    expect(first.status).toBe("open");
    killed.kill("SIGKILL");
    await new Promise((resolve) => killed.on("exit", resolve));
    const state = await open();
    expect(await readFile(join(folder, "lock"), "utf8")).toContain(`"pid":${process.pid}`);
    await state.close();
  });

  it("is not mistaken for that of another process with the same number", async () => {
    await StateFolder.open(folder, { processes: processes(4_711, { 4711: "100" }) });
    const held = await StateFolder.open(folder, { processes: processes(9, { 4711: "100", 9: "1" }) });
    expect(held).toEqual({ status: "held", pid: 4_711 });
    const reused = await StateFolder.open(folder, { processes: processes(9, { 4711: "200", 9: "1" }) });
    expect(reused.status).toBe("open");
  });

  it("from before the last start of the machine is stale, whatever number it names", async () => {
    await StateFolder.open(folder, { processes: processes(4_711, { 4711: "100" }, "boot-1") });
    const after = await StateFolder.open(folder, { processes: processes(9, { 4711: "100", 9: "1" }, "boot-2") });
    expect(after.status).toBe("open");
  });

  it("that nobody can read is stale", async () => {
    await writeFile(join(folder, "lock"), "\0\0\0");
    await open();
  });

  it("belongs to one of many who want it at the same moment", async () => {
    const alive = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 100, `${i}`]));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => StateFolder.open(folder, { processes: processes(i + 100, alive) })),
    );
    expect(results.filter(({ status }) => status === "open")).toHaveLength(1);
  });

  it("knows a living process from a dead one by the system's own table", async () => {
    const dead = spawnSync(process.execPath, ["-e", ""]);
    await writeFile(join(folder, "lock"), JSON.stringify({ pid: dead.pid, started: "1" }));
    await open();
  });

  it.skipIf(process.platform !== "linux")("of a killed process that nobody waited for is stale", async () => {
    // The shell's child outlives the shell; what that turns into never asks how the child ended.
    const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"]);
    try {
      const pid = await new Promise<number>((resolve) => {
        parent.stdout.once("data", (text: Buffer) => resolve(Number(text.toString())));
      });
      const state = await vi.waitUntil(async () => {
        const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]!.split(" ");
        return fields[0] === "Z" && fields;
      });
      await writeFile(join(folder, "lock"), JSON.stringify({ pid, started: state[19] }));
      await open();
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
