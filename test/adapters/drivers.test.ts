/** The real drivers, as far as they touch nothing but files. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemDrivers } from "../../src/adapters/index.ts";
import { silentLog } from "../../src/base/log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-drivers-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the real drivers", () => {
  const drivers = () => systemDrivers({ clock: new FakeClock(), random: new SeededRandom(1), log: silentLog, folder });
  const linesOf = async (path: string) => {
    const lines: string[] = [];
    for await (const line of drivers().readLines(path)) lines.push(line);
    return lines;
  };

  it("read recordings from the configuration's folder, wherever the process stands", async () => {
    await writeFile(join(folder, "recorded.jsonl"), "one\ntwo\n");
    expect(await linesOf("recorded.jsonl")).toEqual(["one", "two"]);
    expect(await linesOf(join(folder, "recorded.jsonl"))).toEqual(["one", "two"]);
  });
});
