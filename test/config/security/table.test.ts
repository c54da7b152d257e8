/** Tables of keys: what may stand between, and in which words they are wrong, without a word of what they hold. */

import { describe, expect, it } from "vitest";
import { keyBytes } from "../../../src/config/security/material.ts";
import { readTable } from "../../../src/config/security/table.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { mutate } from "../../support/mutate.ts";

const rows = (text: string) => {
  const read = readTable(text, "!file keys.txt");
  if ("expected" in read) throw new Error(read.expected);
  return [...read.value].map(([endpoint, { key, identity }]) => [endpoint, key.reveal(), identity]);
};
const wrong = (text: string) => {
  const read = readTable(text, "!file keys.txt");
  return "expected" in read ? read.expected : undefined;
};

describe("a table of keys", () => {
  it("has a line for each endpoint, and comments", () => {
    const text = "# endpoint key identity\n\nsim-1 00112233\r\n  sim-2,AABB,its-name\nsim-3;text:secret;\n";
    expect(rows(text)).toEqual([
      ["sim-1", "00112233", undefined],
      ["sim-2", "aabb", "its-name"],
      ["sim-3", Buffer.from("secret").toString("hex"), ""],
    ]);
  });

  it("shows its name where a key of it is printed", () => {
    const read = readTable("sim-1 00112233", "!file keys.txt");
    expect(JSON.stringify("value" in read && [...read.value])).toBe('[["sim-1",{"key":"<secret !file keys.txt>"}]]');
  });

  it.each([
    ["", "a line for each endpoint in the table: endpoint key"],
    ["# nothing", "a line for each endpoint in the table: endpoint key"],
    [
      "a 00\nb c0ffe",
      "a key (hexadecimal digits, two for each byte, or base64: or text: before anything else) in line 2",
    ],
    ["a 00\n\na 11", "each endpoint once, but that in line 3 of the table has stood before"],
    ["a", "an endpoint, a key, and at most an identity in line 1"],
    ["a 00 id more", "an endpoint, a key, and at most an identity in line 1"],
    ["a/b 00", "the name of an endpoint in line 1"],
    [`a ${"00".repeat(65)}`, "a key (1 to 64 bytes, found 65) in line 1"],
    [`a 00 ${"x".repeat(129)}`, "an identity of at most 128 bytes in line 1"],
  ])("that is %j is refused with the line, and no key in the words", (text, words) => {
    expect(wrong(text)).toContain(words);
    expect(wrong(text)).not.toContain("c0ffe");
  });

  it("holds more sensors than a gateway has, and not without end", () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `sensor-${i} 00`).join("\n");
    expect(rows(many(20_000))).toHaveLength(20_000);
    expect(wrong(many(20_001))).toBe("at most 20000 endpoints in the table");
  });

  it("may be bent anywhere: it is read, or refused in words without its keys", () => {
    const random = new SeededRandom(9);
    const text = Buffer.from("sim-1 00112233445566778899\nsim-2 text:correcthorse id\n# c\n");
    for (let i = 0; i < 5_000; i++) {
      const words = wrong(Buffer.from(mutate(text, random)).toString()) ?? "";
      expect(words).not.toContain("correct");
      expect(words).not.toContain("4455");
    }
  });
});

describe("a key in text", () => {
  const size = { least: 0, most: 64 };

  it.each([
    ["00ff", "00ff"],
    ["00:FF", "00ff"],
    ["00 ff\n11\n", "00ff11"],
    ["hex:0a", "0a"],
    ["base64:AP8=", "00ff"],
    ["base64:_-8", "ffef"],
    ["text:00ff", "30306666"],
    ["", ""],
  ])("%j is the bytes %s", (text, bytes) => {
    const read = keyBytes(text, size);
    expect("value" in read && Buffer.from(read.value).toString("hex")).toBe(bytes);
  });

  it.each(["0", "0g", "secret", "base64:?", "hex:xy", "TEXT:a"])(
    "%j is none: it could be meant in two ways",
    (text) => {
      expect(keyBytes(text, size)).toHaveProperty("expected");
    },
  );
});
