/** docs/devices is made from devices/, and up to date: `isthmus device pages docs/devices` makes it anew. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownPages } from "../../src/cli/device/write-pages.ts";

const FOLDER = new URL("../../docs/devices", import.meta.url).pathname;

describe("docs/devices", () => {
  const pages = ownPages();

  it("has a page for each family, and no others", () => {
    expect(readdirSync(FOLDER).sort()).toEqual(pages.map(({ file }) => file).sort());
  });

  it("says what the definitions say", () => {
    const old = pages.filter(({ file, text }) => readFileSync(join(FOLDER, file), "utf8") !== text);
    expect(old.map(({ file }) => file)).toEqual([]);
  });
});
