/** What is hidden of a file, and what is not; and how a problem is drawn. */

import { describe, expect, it } from "vitest";
import { hideSecrets, isSensitive } from "../../src/config/hidden.ts";
import { type ConfigProblem, formatProblem } from "../../src/config/problem.ts";
import { SeededRandom } from "../support/seeded-random.ts";

describe("what is hidden", () => {
  it.each([
    ["password: hunter2", "password: *******"],
    ["  token: abc def # why", "  token: ************"],
    ["{ token: abc, listen: x }", "{ token: ***, listen: x }"],
    ['{ token: "a, b", listen: x }', "{ token: ******, listen: x }"],
    ["{ 'password': 'it''s' }", "{ 'password': ******* }"],
    ['{ password: "a\\"bc", x: 1 }', "{ password: *******, x: 1 }"],
    ["psk: 00112233", "psk: ********"],
    ["{ key: 0011, mode: psk }", "{ key: ****, mode: psk }"],
    ["table: a 0011", "table: ******"],
    ["-----BEGIN EC PRIVATE KEY-----\n  MHcC\n", "-----BEGIN EC PRIVATE KEY-----\n  ****\n"],
    ["client_secret: abc", "client_secret: ***"],
    ["PASSWORD: abc", "PASSWORD: ***"],
    ['url: "mqtt://user:abc@host:1883"', 'url: "mqtt://user:***@host:1883"'],
    ['token: "open', "token: *****"],
  ])("of %j leaves %j", (text, shown) => {
    expect(hideSecrets(text)).toHaveLength(text.length);
    expect(hideSecrets(text).replaceAll(/\*+/g, "*")).toBe(shown.replaceAll(/\*+/g, "*"));
  });

  it.each([
    "token: !env NAME",
    "password: !file /run/secret",
    "password: *shared",
    "password:",
    "passwords are not written here",
    'uri: "coap://127.0.0.1:5683"',
    'url: "mqtt://host:1883"',
    "label: a token of love",
    "tokens: 5",
  ])("is nothing of %j", (text) => {
    expect(hideSecrets(text)).toBe(text);
  });

  it("never moves a line or a column, whatever the text", () => {
    const random = new SeededRandom(6);
    const pieces = [
      "token: ",
      "password:",
      '"',
      "'",
      "\n",
      "\r\n",
      "://a:b@c",
      " ",
      ",",
      "}",
      "#",
      "x",
      "ä",
      "!env ",
      "\t",
    ];
    for (let run = 0; run < 2_000; run++) {
      const text = Array.from({ length: random.below(20) }, () => random.pick(pieces)).join("");
      const shown = hideSecrets(text);
      expect(shown).toHaveLength(text.length);
      expect(shown.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length));
    }
  });

  it("is told by the last word of a key", () => {
    expect(["token", "http_token", "PASSWORD", "psk", "bind_key"].map(isSensitive)).not.toContain(false);
    expect(["tokens", "keys", "listen", undefined, Symbol("token")].map(isSensitive)).not.toContain(true);
  });
});

describe("a problem", () => {
  const problem = (change: Partial<ConfigProblem>): string =>
    formatProblem({
      file: "f.yaml",
      line: 7,
      column: 3,
      path: "a.b",
      message: "wrong",
      excerpt: "  abc: 1",
      length: 3,
      fatal: true,
      ...change,
    });

  it("is what and where, the line, and marks under the place", () => {
    expect(problem({}).split("\n")).toEqual(["f.yaml:7:3  a.b: wrong", "     7 |   abc: 1", "       |   ^^^"]);
    expect(problem({ hint: "say b" })).toMatch(/\^\^\^ say b$/);
    expect(problem({ path: "" })).toMatch(/^f\.yaml:7:3 {2}wrong\n/);
  });

  it("has marks that never leave the line, and at least one", () => {
    expect(problem({ length: 500 })).toMatch(/\| {3}\^{6}$/);
    expect(problem({ length: 0 })).toMatch(/\| {3}\^$/);
    expect(problem({ excerpt: "", column: 1 })).toMatch(/\| \^$/);
  });

  it("of a line of a thousand characters shows the place and its surroundings", () => {
    const excerpt = `${"x".repeat(700)}HERE${"y".repeat(300)}`;
    const [, shown = "", marks = ""] = problem({ excerpt, column: 701, length: 4 }).split("\n");
    expect(shown.length).toBeLessThan(140);
    expect(shown.slice(marks.indexOf("^"), marks.indexOf("^") + 4)).toBe("HERE");
  });

  it("keeps its margin also in line 100,000", () => {
    expect(
      problem({ line: 100_000 })
        .split("\n")
        .map((line) => line.indexOf("|"))
        .slice(1),
    ).toEqual([7, 7]);
  });
});
