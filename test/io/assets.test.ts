/** Files that come with the program, and files that people name. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assetPath, pageFiles, readText } from "../../src/io/assets.ts";

describe("assets", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "isthmus-assets-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("are found from the root of the package", async () => {
    expect(JSON.parse(await readText(assetPath("package.json")))).toMatchObject({ name: "isthmus" });
  });

  it("of the page have a type, and nothing that is not meant for browsers is among them", async () => {
    const files = await pageFiles();
    expect(files.get("/index.html")?.type).toBe("text/html; charset=utf-8");
    for (const [path, { type, body }] of files) {
      expect(path).toMatch(/^\/[\w.-]+\.(html|css|js|svg|png|ico|webmanifest)$/);
      expect(type.length).toBeGreaterThan(0);
      expect(body.length).toBeGreaterThan(0);
    }
  });

  it("that people name are read whole, or not at all", async () => {
    const path = join(folder, "a.xml");
    await writeFile(path, "<a/>");
    expect(await readText(path)).toBe("<a/>");
    await writeFile(path, Buffer.alloc(5_000_000, 32));
    await expect(readText(path)).rejects.toThrow("5000000 bytes: too many");
    await expect(readText(join(folder, "none"))).rejects.toThrow("ENOENT");
  });
});
