/** What would pass in silence and mean nothing is a mistake, with its place and what would be right. */

import { describe, expect, it } from "vitest";
import { testDefinitions } from "../../src/library/index.ts";
import { changed, load, ofFields, problemsOf } from "../support/definitions.ts";

describe("a definition that means nothing by its words", () => {
  it("is told of a text that no number can be", () => {
    expect(problemsOf(changed(["invalid: -32768", 'invalid: "0x7FFF"']))).toEqual([
      '12:38 a raw value of type i16be is never the text "0x7FFF" (without quotes)',
    ]);
    expect(problemsOf(changed(["invalid: -32768", "invalid: [-32768, none]"]))).toEqual([
      '12:38 a raw value of type i16be is never the text "none"',
    ]);
  });

  it("may have a text for what can be one", () => {
    expect(
      problemsOf(
        ofFields('a: { invalid: "none" }\nb: { type: text, invalid: "-" }\nc: { type: number, invalid: "5000" }'),
      ),
    ).toEqual([]);
  });

  it("is told of two golden frames with one name", () => {
    expect(problemsOf(changed(["tests:", "tests:\n  - { name: a room, hex: 08F2 01 00 }"]))).toEqual([
      '20:5 a golden frame above is named "a room" already (give it another name)',
    ]);
  });

  it("is told which field a golden frame probably means", () => {
    const { library } = load(changed(["temperature: 22.9, ", "temprature: 22.9, "]));
    expect([...testDefinitions(library)].flatMap(({ differences }) => differences)).toEqual([
      'temprature: expected 22.9, got nothing (did you mean "temperature"?)',
    ]);
  });
});
