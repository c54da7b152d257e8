/** Text becomes the bytes that the platform's own encoder makes of it, whatever is in it. */

import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../src/base/utf8.ts";

const encoder = new TextEncoder();

describe("text as UTF-8", () => {
  for (const text of ["", "0", "21.5", "Cel", "a".repeat(64), "a".repeat(65), "x".repeat(5_000)])
    it(`writes ASCII of ${text.length} characters as it is`, () => {
      expect(toUtf8(text)).toEqual(encoder.encode(text));
    });

  for (const text of ["°C", "Grüße", "\u{1f321}", `${"a".repeat(70)}é`, "\x7f\x80", "half a pair: \ud83c"])
    it(`writes ${JSON.stringify(text.slice(-12))} as the platform does`, () => {
      expect(toUtf8(text)).toEqual(encoder.encode(text));
    });

  it("gives each text bytes of its own", () => {
    const first = toUtf8("a".repeat(80));
    const second = toUtf8("b".repeat(80));
    expect(first).toEqual(encoder.encode("a".repeat(80)));
    expect(second).toEqual(encoder.encode("b".repeat(80)));
  });
});
