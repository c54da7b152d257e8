/** Definitions and the registry from disk: the only file of this room that reads files. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { ObjectRegistry } from "../model/objects.ts";
import { loadRegistry } from "../model/registry.ts";
import { type DefinitionFile, Library, type Loaded } from "./library.ts";

/** The package root is two floors up, from src/ and from dist/ alike. */
const ROOT = new URL("../../", import.meta.url);

/** The definitions that come with Isthmus. */
export const devicesFolder = fileURLToPath(new URL("devices/", ROOT));

/** The Objects that come with Isthmus. @throws DecodeError if the file is damaged. */
export function standardModels(): ObjectRegistry {
  return loadRegistry(JSON.parse(readFileSync(new URL("src/model/registry.json", ROOT), "utf8")));
}

/** All definitions below a folder, or the one file. Throws what the file system throws. */
export function readDefinitions(path: string): DefinitionFile[] {
  if (statSync(path).isFile()) return [{ name: path, text: readFileSync(path, "utf8") }];
  const names = readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
  return names.map((name) => ({ name: shown(join(path, name)), text: readFileSync(join(path, name), "utf8") }));
}

/** The library of a folder, with what is wrong in it. */
export function loadDevices(folder: string = devicesFolder, models: ObjectRegistry = standardModels()): Loaded {
  return Library.load(readDefinitions(folder), models);
}

/** As one would type it from here. */
function shown(path: string): string {
  const near = relative("", path);
  return near.startsWith("..") ? path : near;
}
