import { describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";

describe("the table of content formats", () => {
  it("knows each codec by its CoAP Content-Format", () => {
    const formats = Object.values(Format).filter((format) => codecOf(format));
    expect(formats).toEqual([0, 42, 60, 110, 112, 11542, 11543, 11544]);
    for (const format of formats) expect(codecOf(format)?.format).toBe(format);
  });

  it("says which can carry more than one value", () => {
    const structured = Object.values(Format).filter((format) => codecOf(format)?.structured);
    expect(structured).toEqual([110, 112, 11542, 11543, 11544]);
  });

  it("says which can tell when a value was so", () => {
    const timed = Object.values(Format).filter((format) => codecOf(format)?.timed);
    expect(timed).toEqual([110, 112, 11543]);
  });

  it("has no codec for SenML-ETCH, in which a server asks and no client answers", () => {
    expect([Format.SenmlEtchJson, Format.SenmlEtchCbor]).toEqual([320, 322]);
    for (const format of [320, 322]) expect(codecOf(format)).toBeUndefined();
  });

  it("has no codec for link-format, which carries no values, nor for what it does not know", () => {
    expect(codecOf(Format.LinkFormat)).toBeUndefined();
    for (const format of [-1, 1, 41, 50, 1541, 1542, 1543, 11545, 65_535, NaN]) expect(codecOf(format)).toBeUndefined();
  });
});
