/** The table of docs/conformance.md says nothing that no test says: each proof it names is there, and runs. */

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

const HOUSE = new URL("../..", import.meta.url).pathname;
/** `test/file.test.ts`: name of a test. */
const PROOF = /`(test\/[^`]+\.ts)`: ([^;|]+)/g;
/** `it("name"` and `describe("name"`, also behind a table of `it.each`. */
const TITLE = /\b(?:it|describe)(?:\.\w+)?\([^\n]*\n?[^\n]*|\](?: as const)?\)\(\n?[^\n]*/g;
const STATES = ["yes", "partly", "no"];
/** Points at which servers are known to fault clients, by number. */
const POINTS = 74;

interface Row {
  readonly feature: string;
  readonly state: string;
  readonly proof: string;
}

let rows: Row[] = [];
let titles = "";

beforeAll(async () => {
  const table = await readFile(join(HOUSE, "docs/conformance.md"), "utf8");
  // What other people's servers have proved is held against the runs with them: test/interop/table.test.ts.
  rows = table
    .replace(/<!-- interop: begin.*interop: end -->/s, "")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| Feature") && !line.startsWith("| Point"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, feature = "", , state = "", proof = ""]) => ({ feature, state, proof }));
  const names = await readdir(join(HOUSE, "test"), { recursive: true });
  const files = names.filter((name) => name.endsWith(".test.ts") && !name.startsWith("house/"));
  const texts = await Promise.all(files.map((name) => readFile(join(HOUSE, "test", name), "utf8")));
  titles = texts.flatMap((text) => text.match(TITLE) ?? []).join("\n");
});

describe("the table of conformance", () => {
  it("has a state for each row, and for each that is not missing a proof", () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter(({ state }) => !STATES.includes(state)).map(({ feature }) => feature)).toEqual([]);
    const unproved = rows.filter(({ state, proof }) => state !== "no" && [...proof.matchAll(PROOF)].length === 0);
    expect(unproved.map(({ feature }) => feature)).toEqual([]);
  });

  it("names only tests that are there", async () => {
    const missing: string[] = [];
    for (const { feature, proof } of rows)
      for (const [, file = "", name = ""] of proof.matchAll(PROOF)) {
        const text = existsSync(join(HOUSE, file)) ? await readFile(join(HOUSE, file), "utf8") : "";
        if (!text.includes(name.trim())) missing.push(`${feature}: ${file}: ${name}`);
      }
    expect(missing).toEqual([]);
  });

  it("each of the points at which servers fault clients has a test that names its number", () => {
    const silent = Array.from({ length: POINTS }, (_, i) => `E${i + 1}`).filter(
      (point) => !new RegExp(`\\b${point}\\b`).test(titles),
    );
    expect(silent).toEqual([]);
  });
});
