/**
 * Writes the compact file that `registry.ts` reads.
 *
 * To make `registry.json` anew from OMA's XML files (github.com/OpenMobileAlliance/lwm2m-registry), compile, then:
 *
 *     import { readFileSync, writeFileSync } from "node:fs";
 *     import { registryText } from "./dist/model/compact.js";
 *     import { parseDdf } from "./dist/model/ddf.js";
 *
 *     const models = process.argv.slice(2).flatMap((file) => parseDdf(readFileSync(file, "utf8")));
 *     writeFileSync("src/model/registry.json", registryText(models));
 *
 * Leave out files without a licence of their own (10244 and 3443, Common.xml, DDF.xml) and keep NOTICE in step.
 */

import type { ObjectModel, ResourceModel } from "./objects.ts";
import { compareVersions, TYPE_LETTERS } from "./registry.ts";

const FORMAT =
  "Objects of the OMA LwM2M registry, see NOTICE. Object: [id, name, version, flags, resources]; " +
  "resource: [id, name, traits, unit?, range?]. Flags: * multiple, ! mandatory. Traits: operations, type letter, flags; " +
  "types: s string, i integer, u unsigned, f float, b boolean, o opaque, t time, l objlnk, c corelnk.";

const LETTERS: ReadonlyMap<string, string> = new Map(TYPE_LETTERS.map(([letter, type]) => [type, letter]));

/** The inverse of `loadRegistry`: Objects by id, then version; each version once, the last one given wins. */
export function compactRegistry(models: Iterable<ObjectModel>): { format: string; objects: unknown[] } {
  const unique = new Map<string, ObjectModel>();
  for (const model of models) unique.set(`${model.id}@${model.version}`, model);
  const sorted = [...unique.values()].sort((a, b) => a.id - b.id || compareVersions(a.version, b.version));
  return { format: FORMAT, objects: sorted.map(objectRow) };
}

/** The same as text, one Object a line, so that a change can be read. */
export function registryText(models: Iterable<ObjectModel>): string {
  const { format, objects } = compactRegistry(models);
  const rows = objects.map((row) => JSON.stringify(row)).join(",\n");
  return `{"format":${JSON.stringify(format)},\n"objects":[\n${rows}\n]}\n`;
}

function objectRow(model: ObjectModel): unknown[] {
  const resources = [...model.resources.values()].sort((a, b) => a.id - b.id);
  return [model.id, model.name, model.version, flags(model), resources.map(resourceRow)];
}

function resourceRow(model: ResourceModel): unknown[] {
  const row: unknown[] = [model.id, model.name, `${model.operations}${LETTERS.get(model.type) ?? "s"}${flags(model)}`];
  if (model.unit !== undefined || model.range) row.push(model.unit ?? "");
  if (model.range) row.push(model.range);
  return row;
}

const flags = (model: { readonly multiple: boolean; readonly mandatory: boolean }): string =>
  (model.multiple ? "*" : "") + (model.mandatory ? "!" : "");
