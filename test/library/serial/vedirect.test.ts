/** VE.Direct blocks: published ones are read as published, broken ones are refused. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { parseBlock } from "../../../src/library/framing/vedirect.ts";
import { latin1, refusesAllButWhole, survives, vectorsOf } from "./telegrams.ts";

/** A block with these lines and its checksum. */
function block(...lines: readonly string[]): Uint8Array {
  const text = `${lines.map((line) => `\r\n${line}`).join("")}\r\nChecksum\t`;
  const sum = latin1(text).reduce((total, byte) => total + byte, 0);
  return latin1(text + String.fromCharCode((256 - (sum % 256)) % 256));
}

describe.each(vectorsOf("VE.Direct").map((vector) => [vector.source ?? vector.protocol, vector] as const))(
  "%s",
  (_source, vector) => {
    const bytes = fromHex(vector.frame_hex ?? "");

    it("has the published values by their labels", () => {
      const values = Object.fromEntries([...parseBlock(bytes)].map(([label, { value }]) => [label, value]));
      expect(values).toEqual(vector.fields);
    });

    it("is refused wherever it is cut and with any bit changed", () => {
      refusesAllButWhole(parseBlock, bytes);
    });

    it("is read through messages of the other protocol in its middle", () => {
      const text = Buffer.from(bytes).toString("latin1");
      const mixed = text.replace("\r\nI\t", "\r\nI:A0002000148\n\t").replace("\r\nP\t", ":7190001300084\n\r\nP\t");
      expect(mixed).not.toBe(text);
      expect([...parseBlock(latin1(mixed))]).toEqual([...parseBlock(bytes)]);
    });
  },
);

describe("a block", () => {
  it.each(["\r", "\n", "\t", " ", ":", "\0", "ÿ"])("may end with the checksum %j", (wanted) => {
    // Some text makes the sum come out right.
    for (let i = 0; i < 9_400; i++) {
      const serial =
        String.fromCharCode(33 + (i % 94)) + "~".repeat(Math.floor(i / 94) % 10) + "!".repeat(Math.floor(i / 940));
      const bytes = block("PID\t0x203", `SER#\t${serial}`);
      if (bytes.at(-1) !== wanted.charCodeAt(0)) continue;
      expect(parseBlock(bytes).get("SER#")?.value).toBe(serial);
      return;
    }
    expect.unreachable();
  });

  it("that has no value for a label says that it has none", () => {
    expect(parseBlock(block("T\t---", "V\t12000")).get("T")).toEqual({ value: null });
  });

  it.each([
    ["", "no VE.Direct block"],
    ["V\t12000\r\nChecksum\t", "no VE.Direct block"],
    ["\r\nV\t12000", "no VE.Direct block"],
  ])("that is none is refused: %j", (text, words) => {
    expect(() => parseBlock(latin1(text))).toThrow(words);
  });

  it("with a line that is none is refused", () => {
    expect(() => parseBlock(block("V 12000"))).toThrow("is no line of a VE.Direct block");
    expect(() => parseBlock(latin1("x".repeat(5_000)))).toThrow(DecodeError);
  });

  it("of meaningless bytes is refused in words", () => {
    survives(parseBlock, latin1("\r\nPID\t0x203\r\n"));
  });
});
