/** Files that come with the program, and files that people name: read whole, and no further than a bound. */

import { readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { isMissing } from "../base/errors.ts";

/** The package root is two floors up, from src/ and from dist/ alike. */
const ROOT = new URL("../../", import.meta.url);
const MAX_TEXT = 4_194_304;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webmanifest": "application/manifest+json",
};

export interface Asset {
  /** Media type. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** The path of something that comes with the program, such as `package.json`. */
export function assetPath(name: string): string {
  return fileURLToPath(new URL(name, ROOT));
}

/** A text file. @throws Error of the file system, or if it is too long to be what it should be. */
export async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_TEXT) throw new Error(`${path} has ${size} bytes: too many`);
  return readFile(path, "utf8");
}

/** A small file that comes with the program, read where it stands because nobody needs it before; empty if it is gone. */
export function bytesNow(name: string): Uint8Array {
  try {
    return readFileSync(assetPath(name));
  } catch (error) {
    if (isMissing(error)) return new Uint8Array(0);
    throw error;
  }
}

/** The version of this program. */
export async function ownVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readText(assetPath("package.json")));
  const has = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return has && typeof manifest.version === "string" ? manifest.version : "unknown";
}

/**
 * The files of the web page by their path on the server, such as `/style.css`. What is compiled lies in dist/, what is
 * not in src/; before the first build there is nothing compiled, and the map is that much smaller.
 */
export async function pageFiles(): Promise<Map<string, Asset>> {
  const files = new Map<string, Asset>();
  for (const folder of ["src/http/page/", "dist/http/page/"]) {
    for (const name of await namesIn(new URL(folder, ROOT))) {
      const type = TYPES[extname(name)];
      if (type !== undefined) files.set(`/${name}`, { type, body: await readFile(new URL(folder + name, ROOT)) });
    }
  }
  return files;
}

async function namesIn(folder: URL): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
