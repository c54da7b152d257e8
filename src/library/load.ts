/** Definitions and the registry from disk: the only file of this room that reads files. */

import { isUtf8 } from "node:buffer";
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { words } from "../base/errors.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { loadRegistry } from "../model/registry.ts";
import { hashOf, type Prebuilt, readPrebuilt } from "./files/prebuilt.ts";
import { type DefinitionFile, Library, type Loaded } from "./library.ts";

/** The package root is two floors up, from src/ and from dist/ alike. */
const ROOT = new URL("../../", import.meta.url);

/** The definitions that come with Isthmus. */
export const devicesFolder = fileURLToPath(new URL("devices/", ROOT));

/** The Objects that come with Isthmus. @throws DecodeError if the file is damaged. */
export function standardModels(): ObjectRegistry {
  return loadRegistry(JSON.parse(readFileSync(new URL("src/model/registry.json", ROOT), "utf8")));
}

/** What the build has found in the definitions that come with Isthmus: beside the compiled code, nowhere else. */
export const prebuiltFile = fileURLToPath(new URL("../devices.json", import.meta.url));

/** All definitions below a folder, or the one file. Throws what the file system throws of that path itself. */
export function readDefinitions(path: string): DefinitionFile[] {
  if (statSync(path).isFile()) {
    const file = readDefinition(path);
    return file ? [{ ...file, name: path }] : [];
  }
  const prebuilt = path === devicesFolder ? loadPrebuilt() : undefined;
  const files = readFolder(path, new Set([realpathSync(path)]));
  return files.map((file) => (file.unread ? file : { ...file, checked: prebuilt?.get(hashOf(file.text)) }));
}

/** As whole paths are sorted, so that of two definitions with one id the same one always comes first. */
const byPath = (a: Dirent, b: Dirent) => (pathOf(a) < pathOf(b) ? -1 : 1);
const pathOf = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name);

/** `seen`: real paths of folders. Each is read once, since links may lead in circles. */
function readFolder(folder: string, seen: Set<string>): DefinitionFile[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.sort(byPath).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return readFolderOnce(path, seen);
    if (/\.ya?ml$/.test(path)) return readDefinition(path) ?? readFolderOnce(path, seen);
    return entry.isSymbolicLink() ? readFolderOnce(path, seen) : [];
  });
}

/** A folder that cannot be read is said to be one, and its neighbours go on; a link to nothing is nobody's definition. */
function readFolderOnce(path: string, seen: Set<string>): DefinitionFile[] {
  try {
    const real = realpathSync(path);
    if (seen.has(real) || !statSync(real).isDirectory()) return [];
    seen.add(real);
  } catch {
    return [];
  }
  try {
    return readFolder(path, seen);
  } catch (error) {
    return [unread(shown(path), `cannot be read: ${words(error)}`, "allow it to be read, or take it away")];
  }
}

/** One file of many: what is wrong with it is said of it, and the others go on. Undefined if it is a folder. */
function readDefinition(path: string): DefinitionFile | undefined {
  const name = shown(path);
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return undefined;
    // Whoever reads a pipe waits until somebody writes.
    if (!stat.isFile()) return unread(name, "no file, but a pipe, a socket or a device", "put a file of text there");
    if (stat.size > MAX_BYTES) return unread(name, `longer than ${MAX_BYTES} bytes`, TOO_LONG);
    const bytes = readFileSync(path);
    if (!isUtf8(bytes)) return unread(name, "no text in UTF-8", "save it as UTF-8 in an editor");
    return { name, text: bytes.toString("utf8") };
  } catch (error) {
    return unread(name, `cannot be read: ${words(error)}`, "allow it to be read, or take it away");
  }
}

const unread = (name: string, message: string, hint: string): DefinitionFile => ({
  name,
  text: "",
  unread: { message, hint },
});

/** A text of as many characters as a definition may have is shorter in any case. */
const MAX_BYTES = 600_000;
const TOO_LONG = "one file holds one definition";

/** Undefined if there is none: files are read instead. */
function loadPrebuilt(): Prebuilt | undefined {
  try {
    return readPrebuilt(readFileSync(prebuiltFile, "utf8"));
  } catch {
    return undefined;
  }
}

/** The library of a folder, with what is wrong in it. */
export function loadDevices(folder: string = devicesFolder, models: ObjectRegistry = standardModels()): Loaded {
  return Library.load(readDefinitions(folder), models);
}

/** What a package of definitions has among its keywords. */
const KEYWORD = "isthmus-devices";
/** Packages that one folder may hold. */
const MAX_PACKAGES = 5_000;
const MAX_MANIFEST = 262_144;

/** Where packages are installed besides the folders that somebody names: here, and for all users. */
const usualPlaces = () => [process.cwd(), join(dirname(process.execPath), "..", "lib")];

/**
 * The folders of definitions in packages below `node_modules` of these places, of the current folder, and of those for
 * all users: packages with the keyword `isthmus-devices`, and in them the folder that `isthmus.devices` names, else
 * `devices`. A package comes once, from the first place that has it.
 */
export function packagedFolders(places: readonly string[], usual: readonly string[] = usualPlaces()): string[] {
  const found = new Map<string, string>();
  for (const place of [...places, ...usual]) {
    const modules = join(place, "node_modules");
    for (const name of packagesIn(modules)) {
      const folder = found.has(name) ? undefined : definitionsOf(join(modules, name));
      if (folder !== undefined) found.set(name, folder);
    }
  }
  return [...found.values()];
}

function packagesIn(modules: string): string[] {
  const names = foldersIn(modules).slice(0, MAX_PACKAGES);
  return names.flatMap((name) =>
    name.startsWith("@") ? foldersIn(join(modules, name)).map((each) => `${name}/${each}`) : [name],
  );
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}

/** Undefined if it is no package of definitions, or points out of itself. */
function definitionsOf(path: string): string | undefined {
  const manifest = manifestOf(join(path, "package.json"));
  const { keywords, isthmus } = manifest;
  if (!Array.isArray(keywords) || !keywords.includes(KEYWORD)) return undefined;
  const { devices } = Object.fromEntries(pairs(isthmus));
  const folder = join(path, typeof devices === "string" ? devices : "devices");
  return relative(path, folder).startsWith("..") ? undefined : folder;
}

function manifestOf(path: string): Readonly<Record<string, unknown>> {
  try {
    // Most packages are others: a look at the text is quicker than reading all of them.
    const text = statSync(path).size > MAX_MANIFEST ? "" : readFileSync(path, "utf8");
    return text.includes(KEYWORD) ? Object.fromEntries(pairs(JSON.parse(text))) : {};
  } catch {
    return {};
  }
}

function pairs(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** Groups of files, of which each gives way to those before it where they have a definition of the same id. */
export function yielding(groups: readonly (readonly DefinitionFile[])[]): DefinitionFile[] {
  return groups.flatMap((files, index) => (index === 0 ? files : files.map((file) => ({ ...file, yields: index }))));
}

/** As one would type it from here. */
function shown(path: string): string {
  const near = relative("", path);
  return near.startsWith("..") ? path : near;
}
