/** Writes docs/devices, and takes away the pages of families that are no more. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { devicesFolder, loadDevices, portraitOf, readDefinitions, standardModels } from "../../library/index.ts";
import { devicePages, type Page } from "./pages.ts";

/** How many pages there are now. */
export function writePages(folder: string): number {
  const pages = ownPages();
  mkdirSync(folder, { recursive: true });
  const names = new Set(pages.map(({ file }) => file));
  for (const name of readdirSync(folder)) if (name.endsWith(".md") && !names.has(name)) rmSync(join(folder, name));
  for (const { file, text } of pages) writeFileSync(join(folder, file), text);
  return pages.length;
}

/** The pages of all definitions that come with Isthmus, each family under the name of its folder. */
export function ownPages(): Page[] {
  const folders = new Map<string, string>();
  for (const { name, text } of readDefinitions(devicesFolder)) {
    const id = /^id:\s*["']?([\w.-]+)/m.exec(text)?.[1];
    if (id !== undefined) folders.set(id, basename(dirname(relative(devicesFolder, name))));
  }
  const models = standardModels();
  const portraits = [...loadDevices().library.compiled()]
    .map((device) => ({ ...portraitOf(device, models), folder: folders.get(device.id) ?? "others" }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return devicePages(portraits);
}
