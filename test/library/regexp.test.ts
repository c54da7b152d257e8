/** Regular expressions of definitions: harmless ones are taken, those that could run for ever are refused. */

import { describe, expect, it } from "vitest";
import { devicesFolder, readDefinitions } from "../../src/library/index.ts";
import { literalBeginnings } from "../../src/library/language/pattern.ts";
import { endless } from "../../src/library/language/regexp.ts";
import { changed, problemsOf } from "../support/definitions.ts";

describe("a harmless expression", () => {
  it.each([
    "^T[1-9],-?[0-9.]*,[0-9.]*,[0-9]*$",
    "^(?<a>\\d+),(?<b>-?\\d+\\.\\d+),(?<c>[^,]*),(?<d>[^,]*),([^,]+)$",
    "^/[A-Za-z]{3}[0-9][^!]*![0-9A-Fa-f]{0,4}$",
    "^CPS, [0-9]+, CPM, [0-9]+, uSv/hr, [0-9.]+, (?:SLOW|FAST|INST)$",
    "^TP358(?!S)",
    "^ATC_[0-9A-F]{6}$",
    "^.*x.*$",
    "GVH5\\d+",
    "^(?:ST|US),[-+][0-9.E+]{8,9} {0,2}(?:g|kg)$",
    "^(?:\\([^()]{0,90}\\))+$",
    "^(?:[0-9A-F]{2} ?){6}$",
    "^(?:ab?c)*$",
    "^-?[0-9]{1,3}\\.[0-9]{1,3}(?:e[0-9]{1,2})?$",
    "^[\\x20-\\x2f]*[0-9]*\\w*$",
    "^[\\]\\-a-c.]+;[^\\]]\\x41\\u0042\\b$",
    "",
  ])("%s is taken", (pattern) => {
    expect(() => new RegExp(pattern)).not.toThrow();
    expect(endless(pattern)).toBeUndefined();
  });

  it("is every one that a shipped definition has", () => {
    for (const { name, text } of readDefinitions(devicesFolder))
      for (const [, pattern = ""] of text.matchAll(/(?:line|name|expect): (?:"([^"]*)"|'[^']*') \}/g))
        expect(endless(pattern.replaceAll("\\\\", "\\")), name).toBeUndefined();
  });
});

describe("an expression that could run for ever", () => {
  const APART = "repetitions that can take each other's letters: it could run for ever";
  const SEVERAL = "a repetition of what can be taken in several ways";
  it.each([
    ["^(a+)+$", "a repetition of repetitions"],
    ["^(?:a*)*$", "a repetition of repetitions"],
    ["^(?:(?:ab?c+)|d){2,}$", "a repetition of repetitions"],
    ["^(?:a+){5}$", "a repetition of repetitions"],
    ["^(\\w+\\s?)*$", "a repetition of repetitions"],
    ["^(a)\\1$", "a reference to what was matched before"],
    ["^(?<x>a)\\k<x>$", "a reference to what was matched before"],
    ["^(?=.*a)b", "a look ahead or behind that repeats something"],
    ["^.*a.*b.*c$", APART],
    ["\\d+\\d+$", APART],
    ["^\\d+\\d+\\d+$", APART],
    ["^a*(?:b|c)?a*(?:,|;)a*$", APART],
    ["^[^;]*[0-9]{0,100}\\w+$", APART],
    ["^.*[\\x00-\\x7f]*[\\t-\\r]*$", APART],
    ["^[\\x20-\\x39]*[ ]*[1-3]*[0-9]*$", APART],
    [`^${".{0,99}".repeat(4)}$`, APART],
    [`^${"a?".repeat(20)}${"a".repeat(20)}$`, APART],
    [`^${"(?:a|ab)".repeat(20)}$`, APART],
    [`^${"a?b?".repeat(12)}$`, APART],
    ["^(?=a{0,99}b?a{0,9})", "a look ahead or behind that repeats something"],
    ["^(?:a|a)*$", SEVERAL],
    ["^(?:a|b|ab)*$", SEVERAL],
    ["^(?:a|)*b$", SEVERAL],
    ["^(?:aa?)*$", SEVERAL],
    ["^(?:a?b|b)*$", SEVERAL],
    ["^[a-z]*[a-z]*[a-z]?$", APART],
    ["^(?:a{1,50})*$", SEVERAL],
    ["^(?:[ab]{2,3},?){40}$", SEVERAL],
    [`^${"a".repeat(600)}$`, "an expression of more than 500 letters"],
  ])("%s is refused", (pattern, fault) => {
    expect(endless(pattern)).toBe(fault);
  });

  it("is named with its place in a definition", () => {
    expect(problemsOf(changed(["0x1234, length: 4", "0x1234, name: '^(a+)+$'"]))).toEqual([
      "6:42 a repetition of repetitions (repeat single characters, and put others between two repetitions)",
    ]);
  });

  it("of those that are taken none takes long over hostile text", () => {
    const patterns = ["^.*x.*$", "^[0-9]*\\.?[0-9]*$", "GVH5\\d+", "\\d+x"];
    const texts = ["x", "1", "GVH5", "."].flatMap((part) => [part.repeat(2_000), `${part.repeat(2_000)}!\n`]);
    const began = performance.now();
    for (const pattern of patterns) {
      expect(endless(pattern)).toBeUndefined();
      for (const text of texts) new RegExp(pattern).test(text);
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("the beginning of an expression", () => {
  it.each([
    ["^ATC_[0-9]", ["ATC_"]],
    ["^GVH?5140", ["GV"]],
    ["^(BCPro|BC)", ["BCPro", "BC"]],
    ["^(?:a|bc)d", ["a", "bc"]],
    ["^[PC] (T|RHT)|^PUCK_T", undefined],
    ["^ab|^cd*", ["ab", "c"]],
    ["^\\$WIMWV,", ["$WIMWV,"]],
    ["abc", undefined],
    ["^ab|cd", undefined],
    ["^(?:ab)?c", undefined],
    ["^a{2}b", undefined],
    ["^\\d", undefined],
    ["^a\\|b|^c", ["a|b", "c"]],
    ["^ab[(]|cd", undefined],
    ["^ab[[]|^cd[)|]|^e", ["ab", "cd", "e"]],
    ["^", undefined],
  ])("%s is %j", (pattern, beginnings) => {
    expect(literalBeginnings(pattern)).toEqual(beginnings);
  });
});
