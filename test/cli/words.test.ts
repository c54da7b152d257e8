import { describe, expect, it } from "vitest";
import { CommandError, complain, reasonOf, systemCode } from "../../src/cli/command-error.ts";
import { friendlyPath, stateFolder } from "../../src/cli/state-folder.ts";
import { table } from "../../src/cli/table.ts";
import { cut, styled, terminal } from "../../src/cli/terminal.ts";
import { age, ageSince, count, megabytes, seconds } from "../../src/cli/words.ts";

describe("ages", () => {
  it.each([
    [-5, "0 s"],
    [0.4, "0 s"],
    [4, "4 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [12 * 60 + 59, "12 min"],
    [3_600, "1 h"],
    [86_399, "23 h"],
    [9 * 86_400, "9 d"],
  ])("%d seconds are %s", (given, text) => {
    expect(age(given)).toBe(text);
  });

  it("of a moment counts from it, and of no moment is absent", () => {
    const now = Date.UTC(2026, 0, 1, 12, 0, 30);
    expect(ageSince("2026-01-01T12:00:00Z", now)).toBe("30 s");
    expect(ageSince("tomorrow", now)).toBeUndefined();
  });
});

describe("figures", () => {
  it("are written with their noun", () => {
    expect(count(1, "sensor")).toBe("1 sensor");
    expect(count(0, "sensor")).toBe("0 sensors");
    expect(count(1_500, "endpoint")).toBe("1,500 endpoints");
    expect(megabytes(84_400_000)).toBe("84 MB");
    expect(seconds(430)).toBe("0.4 s");
    expect(seconds(12_300)).toBe("12 s");
  });
});

describe("a table", () => {
  it("lines its columns up and leaves no blanks at line ends", () => {
    expect(
      table(
        [
          ["a", "one"],
          ["longer", "two"],
        ],
        80,
        "  ",
      ),
    ).toBe("  a       one\n  longer  two\n");
    expect(table([["a", ""]], 80)).toBe("a\n");
  });

  it("cuts what does not fit, and shows it", () => {
    expect(table([["name", "x".repeat(50)]], 20)).toBe(`name  ${"x".repeat(13)}…\n`);
  });

  it("of nothing is nothing", () => {
    expect(table([], 80)).toBe("");
  });
});

describe("the terminal", () => {
  const stream = (isTTY: boolean) => ({ isTTY, columns: 72, write: () => true });

  it("has colour only if it is one", () => {
    expect(terminal(stream(true), stream(true), {}).color).toBe(true);
    expect(terminal(stream(false), stream(true), {}).color).toBe(false);
  });

  it("never has colour with NO_COLOR, whatever its value, or on a dumb terminal", () => {
    for (const env of [{ NO_COLOR: "1" }, { NO_COLOR: "0" }, { TERM: "dumb" }])
      expect(terminal(stream(true), stream(true), env).color).toBe(false);
    expect(terminal(stream(true), stream(true), { NO_COLOR: "" }).color).toBe(true);
  });

  it("knows its width, and takes a hundred columns where there is none", () => {
    expect(terminal(stream(true), stream(true), {}).width).toBe(72);
    expect(terminal({ write: () => true }, stream(true), {}).width).toBe(100);
  });

  it("writes results and words for people to different places", () => {
    const written: string[] = [];
    const { out, err } = terminal(
      { write: (text) => written.push(`out ${text}`) },
      { write: (text) => written.push(`err ${text}`) },
      {},
    );
    out("a");
    err("b");
    expect(written).toEqual(["out a", "err b"]);
  });

  it("styles and cuts text", () => {
    expect(styled("x", "red", { color: true })).toBe("\u001b[31mx\u001b[39m");
    expect(styled("x", "red", { color: false })).toBe("x");
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("abcd", 4)).toBe("abcd");
  });
});

describe("the state folder", () => {
  const choose = (options: Partial<Parameters<typeof stateFolder>[0]>) =>
    stateFolder({ demo: false, env: { HOME: "/h/ann" }, folder: "/cwd", ...options });

  it("is what was asked for, relative to where one stands", () => {
    expect(choose({ chosen: "st" })).toBe("/cwd/st");
    expect(choose({ chosen: "/var/st", demo: true })).toBe("/var/st");
  });

  it("is systemd's where systemd made one, the first of several", () => {
    expect(choose({ env: { STATE_DIRECTORY: "/var/lib/isthmus" } })).toBe("/var/lib/isthmus");
    expect(choose({ env: { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" } })).toBe("/var/lib/a");
  });

  it("is the user's otherwise", () => {
    expect(choose({})).toBe("/h/ann/.local/state/isthmus");
    expect(choose({ env: { HOME: "/h/ann", XDG_STATE_HOME: "/h/ann/st" } })).toBe("/h/ann/st/isthmus");
  });

  it("ignores a relative XDG_STATE_HOME, as its specification says", () => {
    expect(choose({ env: { HOME: "/h/ann", XDG_STATE_HOME: "st" } })).toBe("/h/ann/.local/state/isthmus");
  });

  it("of the demonstration is another one, so that its sensors never mix with real ones", () => {
    expect(choose({ demo: true })).toBe("/h/ann/.local/state/isthmus/demo");
    expect(choose({ demo: true, env: { STATE_DIRECTORY: "/var/lib/isthmus" } })).toBe("/var/lib/isthmus/demo");
  });

  it("is shown with a tilde", () => {
    expect(friendlyPath("/h/ann/x", { HOME: "/h/ann" })).toBe("~/x");
    expect(friendlyPath("/h/annabel/x", { HOME: "/h/ann" })).toBe("/h/annabel/x");
  });
});

describe("a complaint", () => {
  it("says what, where and what to do, a line each", () => {
    expect(complain({ what: "no such file", where: "a.yaml", next: "name it" })).toBe(
      "isthmus: no such file\n  where    a.yaml\n  to do    name it\n",
    );
    expect(complain({ what: "no such file" })).toBe("isthmus: no such file\n");
  });

  it("ends with 1 unless it says otherwise", () => {
    expect(new CommandError({ what: "x" }).exitCode).toBe(1);
    expect(new CommandError({ what: "x", exitCode: 78 }).exitCode).toBe(78);
  });

  it("finds words in whatever was thrown", () => {
    expect(reasonOf(new Error("plain"))).toBe("plain");
    expect(reasonOf(new Error("fetch failed", { cause: new Error("connect ECONNREFUSED") }))).toBe(
      "fetch failed: connect ECONNREFUSED",
    );
    expect(reasonOf(new AggregateError([new Error("first"), new Error("second")]))).toBe("first");
    expect(reasonOf("text")).toBe("text");
    expect(reasonOf(new RangeError("two\nlines"))).toBe("two");
  });

  it("finds the system's code, however deep", () => {
    const inner = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
    expect(systemCode(inner)).toBe("ECONNREFUSED");
    expect(systemCode(new Error("fetch failed", { cause: new AggregateError([inner]) }))).toBe("ECONNREFUSED");
    expect(systemCode(new Error("x"))).toBeUndefined();
    expect(systemCode(7)).toBeUndefined();
  });
});
