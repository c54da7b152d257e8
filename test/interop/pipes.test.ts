/** The compiled command between other programs: whole output to a slow reader, silence when the reader has gone. */

import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const LINES = 50_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-pipes-"));
  await writeFile(join(folder, "lines"), `${JSON.stringify({ kind: "text", text: "hello" })}\n`.repeat(LINES));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a line of shell in which `isthmus` is the compiled command. */
function shell(line: string): { out: string; err: string; status: number | null } {
  const script = `isthmus() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
  return { out: stdout, err: stderr, status };
}

describe("isthmus in a pipe", () => {
  it("says everything before it ends, however slowly it is read", () => {
    const { out, err } = shell("isthmus decode < lines | (sleep 0.5; wc -l)");
    expect([Number(out), err]).toEqual([LINES, ""]);
  }, 30_000);

  it.each(["decode < lines", "config schema", "--help"])(
    "is quiet when nobody reads any more: %s",
    (command) => {
      const { err, status } = shell(`isthmus ${command} | head -c 1 > /dev/null; exit "\${PIPESTATUS[0]}"`);
      expect([err, status]).toEqual(["", 0]);
    },
    30_000,
  );

  it("keeps its number at the end also where nobody can hear it", () => {
    expect(shell("isthmus config check /nowhere/at/all 2>&-").status).toBe(78);
    expect(shell("isthmus --nonsense 2> /dev/null").status).toBe(2);
  }, 30_000);
});
