/** YAML with places: where every value and key stands, and what is no YAML of ours. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { readSource } from "../../src/config/source.ts";

const SECRETS = {
  env: (name: string) => (name === "GIVEN" ? "value" : undefined),
  file: (path: string) => {
    if (path === "/long") return "x".repeat(70_000);
    if (path === "/empty") return "\n";
    if (path === "/lines") return "one\ntwo\r\n";
    throw new Error("ENOENT: no such file");
  },
};
const read = (text: string) => readSource(text, SECRETS);

describe("a place", () => {
  const source = read("a: 1\nlist:\n  - x: one\n    y: two\n  - {x: three, z: [4, 55]}\n");

  it.each<[(string | number)[], [number, number, number]]>([
    [["a"], [1, 4, 1]],
    [
      ["list", 0, "y"],
      [4, 8, 3],
    ],
    [
      ["list", 1, "x"],
      [5, 9, 5],
    ],
    [
      ["list", 1, "z", 1],
      [5, 23, 2],
    ],
  ])("of the value at %j is %j", (path, [line, column, length]) => {
    expect(source.placeOf(path)).toMatchObject({ line, column, length });
  });

  it("of a key is where the key stands, and of what is absent what stands around it", () => {
    expect(source.placeOfKey(["list", 1, "z"])).toMatchObject({ line: 5, column: 16, length: 1 });
    expect(source.placeOf(["list", 1, "nothing", "deeper"])).toMatchObject({ line: 5, column: 5 });
    expect(source.placeOf(["list", 9])).toMatchObject({ line: 3, column: 3 });
    expect(source.placeOfKey(["list", 0, "nothing"])).toMatchObject({ line: 3 });
  });

  it("shows the line it is in, tabs as blanks", () => {
    expect(read("a: [1,\t2]\n").placeOf(["a", 1])).toMatchObject({ column: 8, excerpt: "a: [1, 2]" });
  });

  it("survives Windows line ends and a file without an end", () => {
    expect(read("a: 1\r\nb: 22").placeOf(["b"])).toEqual({ line: 2, column: 4, length: 2, excerpt: "b: 22" });
  });

  it("of anything in an empty file is its beginning", () => {
    expect(read("").placeOf(["a"])).toMatchObject({ line: 1, column: 1, excerpt: "" });
  });

  it("behind an alias is where the anchor stands", () => {
    expect(read("a: &x {b: 1}\nc: *x\n").placeOf(["c", "b"])).toMatchObject({ line: 1, column: 11 });
  });
});

describe("a value", () => {
  it("is plain, and absent where nothing stands", () => {
    const { value, problems } = read("a: 1\nb: 1.5\nc: yes\nd: true\ne:\nf: null\ng: [1, null]\nh: 0x10\n");
    expect(problems).toEqual([]);
    expect(value).toEqual({ a: 1, b: 1.5, c: "yes", d: true, g: [1, undefined], h: 16 });
  });

  it("is a secret where a tag says so, whose last line end is not meant", () => {
    const { value, problems } = read("a: !env GIVEN\nb: !file /lines\n");
    expect(problems).toEqual([]);
    if (typeof value !== "object" || value === null || !("a" in value) || !("b" in value)) throw new Error("no object");
    if (!(value.a instanceof Secret) || !(value.b instanceof Secret)) throw new Error("no secrets");
    expect([value.a.reveal(), value.b.reveal()]).toEqual(["value", "one\ntwo"]);
    expect(String(value.a)).toBe("<secret !env GIVEN>");
  });

  it("cannot reach what all objects share", () => {
    const { value } = read("__proto__: { polluted: true }\n");
    expect({}).not.toHaveProperty("polluted");
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("a secret that cannot be had", () => {
  it.each([
    ["!env MISSING", "the environment variable MISSING is not set"],
    ["!file /none", "the file /none cannot be used: ENOENT: no such file"],
    ["!file /empty", "the file /empty cannot be used: empty"],
    ["!file /long", "the file /long cannot be used: longer than 64000 characters"],
  ])("%s is a problem with its path and place", (text, message) => {
    const { problems, readable } = read(`a: { b: ${text} }\n`);
    expect(problems).toMatchObject([{ message, path: ["a", "b"], place: { line: 1 } }]);
    expect(readable).toBe(true);
  });
});

describe("an alias", () => {
  it("to nothing is a problem where it stands", () => {
    expect(read("a: { b: *nowhere }\n").problems).toMatchObject([
      { message: "no anchor is called nowhere", path: ["a", "b"], place: { line: 1, column: 9 } },
    ]);
  });

  it.each(["a: &x [*x]\n", "a: &x { b: { c: *x } }\n", "a: &x [[[[*x, *x]]]]\n"])("%j to itself ends", (text) => {
    const { problems, readable } = read(text);
    expect(readable).toBe(false);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(5);
  });
});

describe("what is no YAML of ours", () => {
  it.each([
    ["a: [1, 2\n", /^not YAML: /],
    ["a: 1\n b: 2\n", /^not YAML: /],
    ["a: !secret x\n", /^unknown tag !secret/],
    ['a: "open\n', /^not YAML: /],
  ])("%j is not readable", (text, message) => {
    const { problems, readable, value } = read(text);
    expect(readable).toBe(false);
    expect(value).toBeUndefined();
    expect(problems[0]?.message).toMatch(message);
  });
});
