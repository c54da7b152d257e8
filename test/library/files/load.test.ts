/** Definitions from disk: whatever lies in a folder, each sound file of it is taken, and each other named. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Library, readDefinitions, standardModels } from "../../../src/library/index.ts";

const SOUND = `schema: device/v1
id: pool.p1
version: 0.1.0
vendor: Pool
model: P1
match: { serial: { line: "^P1," } }
identity: { endpoint: "pool-{source}" }
frame: { csv: { columns: [name, temperature] } }
alive: { expect: 30s, stale: 5m, gone: 1h }
fields:
  temperature: { type: number, unit: Cel, range: [-10, 60] }
objects:
  3/0: { 0: { const: Pool }, 1: { const: P1 } }
  3303/0: { value: temperature }
tests:
  - { name: warm, text: "P1,21.5", expect: { temperature: 21.5 } }
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "definitions-"));
  writeFileSync(join(folder, "sound.yaml"), SOUND);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);

function load() {
  const { library, problems } = Library.load(readDefinitions(folder), standardModels());
  const told = problems.map(({ file, line, column, message, hint }) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    return `${name}:${line}:${column} ${message} (${hint ?? ""})`;
  });
  return { ids: [...library.devices()].map(({ id }) => id), told };
}

describe("A folder with a sound definition and", () => {
  test("a link to nothing names the link, and takes the definition", () => {
    symlinkSync(join(folder, "nothing"), join(folder, "link.yaml"));
    const { ids, told } = load();
    expect(ids).toEqual(["pool.p1"]);
    expect(told).toEqual([
      expect.stringMatching(/^link\.yaml:1:1 cannot be read: .+ \(allow it to be read, or take it away\)$/),
    ]);
  });

  test("folders that lead in circles, or twice to one place, reads each folder once", () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "other.yaml"), SOUND.replaceAll("P1", "P2").replace("pool.p1", "pool.p2"));
    for (const name of ["a", "b", "c"]) symlinkSync(".", join(folder, name));
    symlinkSync("..", join(folder, "sub", "up"));
    symlinkSync("sub", join(folder, "zsub"));
    expect(load()).toEqual({ ids: ["pool.p1", "pool.p2"], told: [] });
  });

  test("a linked folder reads what is in it", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "linked-"));
    writeFileSync(join(elsewhere, "other.yaml"), SOUND.replaceAll("P1", "P2").replace("pool.p1", "pool.p2"));
    symlinkSync(elsewhere, join(folder, "linked"));
    expect(load().ids).toEqual(["pool.p2", "pool.p1"]);
    rmSync(elsewhere, { recursive: true });
  });

  test("a link to itself names the link, and takes the definition", () => {
    symlinkSync("round.yaml", join(folder, "round.yaml"));
    const { ids, told } = load();
    expect(ids).toEqual(["pool.p1"]);
    expect(told).toEqual([expect.stringMatching(/^round\.yaml:1:1 cannot be read: /)]);
  });

  test("a folder that is called like a file takes what is in both", () => {
    mkdirSync(join(folder, "more.yaml"));
    put("more.yaml/second.yaml", SOUND.replace("pool.p1", "pool.p2").replaceAll("P1", "P2"));
    expect(load()).toEqual({ ids: ["pool.p2", "pool.p1"], told: [] });
  });

  test("a pipe does not wait for who may write into it", () => {
    execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
    const { ids, told } = load();
    expect(ids).toEqual(["pool.p1"]);
    expect(told).toEqual(["pipe.yaml:1:1 no file, but a pipe, a socket or a device (put a file of text there)"]);
  });

  test("a file that is no UTF-8 says so, instead of what is missing in it", () => {
    put("latin.yaml", Uint8Array.from([...Buffer.from("schema: device/v1\nmodel: "), 0xe9, 0x0a]));
    expect(load()).toEqual({
      ids: ["pool.p1"],
      told: ["latin.yaml:1:1 no text in UTF-8 (save it as UTF-8 in an editor)"],
    });
  });

  test("a file of megabytes is refused unread", () => {
    put("long.yaml", Buffer.alloc(2_000_000, 0x61));
    expect(load()).toEqual({
      ids: ["pool.p1"],
      told: ["long.yaml:1:1 longer than 600000 bytes (one file holds one definition)"],
    });
  });

  test("a file of too many characters is refused", () => {
    put("long.yaml", "a".repeat(200_001));
    expect(load().told).toEqual(["long.yaml:1:1 longer than 200000 characters (one file holds one definition)"]);
  });

  test("aliases that would fill the memory are refused", () => {
    const row = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(", ")}]\n`;
    const text = row("a", "x") + row("b", "*a") + row("c", "*b") + row("d", "*c") + row("e", "*d") + row("f", "*e");
    put("bomb.yaml", text);
    expect(load()).toEqual({
      ids: ["pool.p1"],
      told: ["bomb.yaml:1:1 aliases (*) that repeat too much (write it out)"],
    });
  });

  test("another of the same id says which file has it", () => {
    put("zweite.yaml", SOUND);
    const { ids, told } = load();
    expect(ids).toEqual(["pool.p1"]);
    expect(told).toEqual([
      expect.stringMatching(/^zweite\.yaml:2:1 "pool\.p1" is already taken \(by .*sound\.yaml: rename one of them\)$/),
    ]);
  });
});

test("A file alone is refused in the same words", () => {
  put("latin.yaml", Uint8Array.of(0xe9));
  const path = join(folder, "latin.yaml");
  expect(Library.load(readDefinitions(path), standardModels()).problems).toMatchObject([
    { file: path, line: 1, column: 1, message: "no text in UTF-8" },
  ]);
});

test("A path that is not there is an error of that path", () => {
  expect(() => readDefinitions(join(folder, "none"))).toThrow("ENOENT");
});
