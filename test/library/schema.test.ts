/** What editors complete from: devices/schema.json is what the code checks. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { definitionSchema, devicesFolder, readDefinitions } from "../../src/library/index.ts";
import { parseDocument } from "yaml";

describe("devices/schema.json", () => {
  // `npx vitest run test/library/schema.test.ts --update` writes it anew.
  it("is generated from the definition of the language, and up to date", async () => {
    const text = `${JSON.stringify(definitionSchema(), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot("../../devices/schema.json");
  });

  it("allows no key that the language does not know", () => {
    const schema: unknown = JSON.parse(readFileSync(`${devicesFolder}schema.json`, "utf8"));
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: { frame: { additionalProperties: false } },
    });
  });
});

describe("the files of devices/", () => {
  const files = readDefinitions(devicesFolder);

  it("begin with a comment that says what the device is", () => {
    for (const { name, text } of files) expect(text.startsWith("# "), name).toBe(true);
  });

  it("keep the order of their parts", () => {
    const order = [
      "schema",
      "id",
      "version",
      "vendor",
      "model",
      "family",
      "also",
      "link",
      "proof",
      "use",
      "instead_of",
      "match",
      "identity",
      "frame",
      "time",
      "alive",
      "fields",
      "forms",
      "objects",
      "commands",
      "report",
      "tests",
    ];
    for (const { name, text } of files) {
      const data: unknown = parseDocument(text).toJS();
      const keys = Object.keys(typeof data === "object" && data !== null ? data : {});
      expect(keys, name).toEqual(order.filter((key) => keys.includes(key)));
    }
  });

  it("have lines that a person can read, but for frames and their meaning", () => {
    for (const { name, text } of files)
      for (const line of text.split("\n"))
        if (!/^\s+(?:expect|json|text|hex|fields|advert|registers|updates|before):|^ {2}valid:/.test(line))
          expect(line.length, `${name}: ${line}`).toBeLessThanOrEqual(190);
  });
});
