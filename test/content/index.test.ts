import { describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";

describe("the table of content formats", () => {
  it("knows each codec by its CoAP Content-Format", () => {
    const formats = [Format.Text, Format.Opaque, Format.Cbor, Format.SenmlJson, Format.SenmlCbor, Format.Tlv];
    expect(formats.map((format) => codecOf(format)?.format)).toEqual([0, 42, 60, 110, 112, 11542]);
  });

  it("says which can carry more than one value", () => {
    const structured = Object.values(Format).filter((format) => codecOf(format)?.structured);
    expect(structured).toEqual([110, 112, 11542]);
  });

  it("has no codec for link-format, which carries no values, nor for what it does not know", () => {
    expect(codecOf(Format.LinkFormat)).toBeUndefined();
    for (const format of [-1, 1, 41, 50, 1541, 1542, 11543, 11544, 65_535, NaN])
      expect(codecOf(format)).toBeUndefined();
  });
});
