/** The budgets that no linter holds: sizes of files, tests per source, clauses of the specs, nothing left undone. */

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

const HOUSE = new URL("../..", import.meta.url).pathname;
const CODE = /\.(ts|js|cjs|css|html|yaml|sh)$/;
/** Where an open task would hide: text that people write. Spelled apart, so that this file does not find itself. */
const UNDONE = new RegExp(
  `\\b(${["TO", "FIX"].map((word) => `${word}${word === "TO" ? "DO" : "ME"}`).join("|")}|XXX)\\b`,
);
/** "RFC 7252 §4.2", "LwM2M Core 1.2 §6.4", or a bare "§4.2" in a file that has said which spec it follows. */
const CLAUSE = /§\s?\d|RFC \d{4}|Appendix [A-Z]|Core 1\.[012]|Vol [36]/;

interface SourceFile {
  readonly name: string;
  readonly text: string;
  readonly lines: number;
}

async function filesBelow(folder: string): Promise<SourceFile[]> {
  const names = await readdir(join(HOUSE, folder), { recursive: true });
  const files: SourceFile[] = [];
  for (const name of names.filter((name) => CODE.test(name)).sort()) {
    const text = await readFile(join(HOUSE, folder, name), "utf8");
    files.push({ name: `${folder}/${name}`, text, lines: text.split("\n").length - 1 });
  }
  return files;
}

const sum = (files: readonly SourceFile[]) => files.reduce((total, { lines }) => total + lines, 0);
const typescript = ({ name }: SourceFile) => name.endsWith(".ts");

let source: SourceFile[] = [];
let tests: SourceFile[] = [];
let rest: SourceFile[] = [];

beforeAll(async () => {
  source = await filesBelow("src");
  tests = await filesBelow("test");
  rest = [...(await filesBelow("bench")), ...(await filesBelow("devices")), ...(await filesBelow("systemd"))];
});

describe("budgets", () => {
  it("no source file has more than 400 lines", () => {
    expect(source.filter(({ lines }) => lines > 400).map(({ name, lines }) => `${name}: ${lines}`)).toEqual([]);
  });

  it("no test file has more than 600 lines", () => {
    expect(tests.filter(typescript).filter(({ lines }) => lines > 600)).toEqual([]);
  });

  it("half of all source files stay within 150 lines, nine in ten within 300", () => {
    const sizes = source
      .filter(typescript)
      .map(({ lines }) => lines)
      .sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(150);
    expect(sizes[Math.floor(sizes.length * 0.9)]).toBeLessThanOrEqual(300);
  });

  it("there are at least 1.2 lines of test for each line of source", () => {
    expect(sum(tests.filter(typescript)) / sum(source.filter(typescript))).toBeGreaterThanOrEqual(1.2);
  });

  it.each(["coap", "dtls", "oscore", "content", "lwm2m"])(
    "%s names at least four clauses of its specs per thousand lines",
    (room) => {
      const files = source.filter(({ name }) => name.startsWith(`src/${room}/`));
      const clauses = files.flatMap(({ text }) => text.split("\n").filter((line) => CLAUSE.test(line))).length;
      expect(clauses / (sum(files) / 1_000)).toBeGreaterThanOrEqual(4);
    },
  );

  it("every TypeScript file says in its first line what it is", () => {
    const silent = source.filter(typescript).filter(({ text }) => !/^(#!.*\n)?\/\*\*[ \n]/.test(text));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it("a face has at most 50 lines and names what it shows", () => {
    const faces = source.filter(({ name }) => /^src\/[a-z0-9]+\/index\.ts$/.test(name));
    expect(faces.filter(({ lines }) => lines > 50).map(({ name }) => name)).toEqual([]);
    expect(faces.filter(({ text }) => text.includes("export *")).map(({ name }) => name)).toEqual([]);
  });

  it("a room holds at most 32 files, and src at most 18 rooms", async () => {
    const rooms = (await readdir(join(HOUSE, "src"), { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(rooms.length).toBeLessThanOrEqual(18);
    for (const { name } of rooms) {
      const own = (await readdir(join(HOUSE, "src", name))).filter((file) => file.endsWith(".ts"));
      expect(own.length, `files in src/${name}`).toBeLessThanOrEqual(32);
    }
  });

  it("nothing is left undone, silenced or forced", () => {
    const marks = [UNDONE, /eslint-disable/, /@ts-(ignore|expect-error|nocheck)/, /\bas any\s*[;,).\]]/];
    const found = [...source, ...tests, ...rest].flatMap(({ name, text }) =>
      name.startsWith("test/house/") ? [] : marks.filter((mark) => mark.test(text)).map((mark) => `${name}: ${mark}`),
    );
    expect(found).toEqual([]);
  });

  it("nothing carries a path of somebody's machine", () => {
    const found = [...source, ...tests, ...rest].filter(({ text }) =>
      /["'`(\s]\/(home|root|Users|work)\/\w/.test(text),
    );
    expect(found.map(({ name }) => name).filter((name) => !name.startsWith("test/house/"))).toEqual([]);
  });
});

describe("the papers of the house", () => {
  it.each(["README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "CONTRIBUTING.md", "docs/config.md", "docs/interop.md"])(
    "%s is there",
    (name) => {
      expect(existsSync(join(HOUSE, name))).toBe(true);
    },
  );

  it("the licence is the whole Apache License 2.0", async () => {
    const text = await readFile(join(HOUSE, "LICENSE"), "utf8");
    expect(text).toContain("Version 2.0, January 2004");
    expect(text).toContain("END OF TERMS AND CONDITIONS");
  });

  it("every decision is in the list of decisions", async () => {
    const records = (await readdir(join(HOUSE, "docs/decisions"))).filter((name) => /^\d{3}-/.test(name));
    const list = await readFile(join(HOUSE, "docs/decisions/README.md"), "utf8");
    expect(records.length).toBeGreaterThanOrEqual(12);
    for (const record of records) expect(list).toContain(`(${record})`);
  });

  it("links inside the papers lead somewhere", async () => {
    const papers = ["README.md", "CONTRIBUTING.md", "docs/config.md", "docs/interop.md", "docs/decisions/README.md"];
    for (const paper of papers) {
      const text = await readFile(join(HOUSE, paper), "utf8");
      const folder = join(HOUSE, paper, "..");
      for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
        expect(existsSync(join(folder, target!)), `${paper}: ${target!}`).toBe(true);
    }
  });
});
