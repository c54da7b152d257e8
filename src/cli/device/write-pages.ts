/** Writes docs/devices, and takes away the pages of families that are no more. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
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

interface Written {
  /** Path below devices/, such as `govee/probes/h5055.yaml`. */
  readonly file: string;
  readonly comment: string;
}

/** The pages of all definitions that come with Isthmus, each family under the name of its folder. */
export function ownPages(): Page[] {
  const written = new Map<string, Written>();
  for (const { name, text } of readDefinitions(devicesFolder)) {
    const id = /^id:\s*["']?([\w.-]+)/m.exec(text)?.[1];
    if (id === undefined) continue;
    written.set(id, { file: relative(devicesFolder, name).split(sep).join("/"), comment: firstComment(text) });
  }
  const models = standardModels();
  const portraits = [...loadDevices().library.compiled()]
    .map((device) => {
      const { file = "", comment = "" } = written.get(device.id) ?? {};
      const folder = dirname(file).replaceAll("/", "-");
      return { ...portraitOf(device, models), file, comment, folder };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return devicePages(portraits);
}

/** What a definition says of its device before all else; what it says to editors is not for readers. */
function firstComment(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const own = lines.slice(0, end).filter((line) => !line.includes("yaml-language-server"));
  return own.map((line) => line.replace(/^#\s?/, "").trim()).join(" ");
}
