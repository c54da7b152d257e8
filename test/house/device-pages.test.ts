/** docs/devices is made from devices/, and up to date: `isthmus device pages docs/devices` makes it anew. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownPages } from "../../src/cli/device/write-pages.ts";
import { formatProblem, readConfig } from "../../src/config/index.ts";
import { adapterSettings } from "../../src/daemon.ts";

const FOUNDATION = 'gateway: { endpoint: attic }\nserver: { uri: "coap://192.0.2.10" }\n';
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

  it("shows configurations that are good", () => {
    const nothing = () => "";
    const options = { adapters: adapterSettings(), secrets: { env: nothing, file: nothing, credential: nothing } };
    const shown = pages.flatMap(({ text }) =>
      [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml),
    );
    expect(shown.length).toBeGreaterThan(300);
    for (const yaml of new Set(shown)) {
      const { problems } = readConfig(FOUNDATION + String(yaml), "isthmus.yaml", options);
      expect(problems.map(formatProblem), yaml).toEqual([]);
    }
  });

  it("links to headings that are there", () => {
    const headings = new Map(pages.map(({ file, text }) => [file, anchorsOf(text)]));
    const links = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([\w-]+\.md)?(?:#([^)]+))?\)/g)].map(([, page = file, heading]) => ({ page, heading })),
    );
    expect(links.length).toBeGreaterThan(1_000);
    for (const { page, heading } of links) {
      expect([...headings.keys()]).toContain(page);
      if (heading !== undefined) expect(headings.get(page), `${page}#${heading}`).toContain(heading);
    }
  });
});

/** As GitHub makes them: small letters, digits and hyphens for blanks. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
