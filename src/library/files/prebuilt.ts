/**
 * What our own build has read and checked of the definitions that come with Isthmus. Reading YAML and checking every
 * key takes most of the time of a start; a file that is still the one that was built needs neither.
 */

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { checkShape } from "../check.ts";
import { compileDevice } from "../compile.ts";
import type { Definition } from "../definition/definition.ts";
import { type Checked, type DefinitionFile, DefinitionSource, type Head } from "../source.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { JsonReader } from "../framing/json.ts";
import { Fragments } from "./fragments.ts";

/**
 * One file as the index has it. Of hundreds of definitions a gateway hears a few: all but their heads stays text, which
 * takes a fraction of the memory and of the time.
 */
type Entry = { readonly head: Head; readonly whole: string } | { readonly fragment: Data };

type Data = Readonly<Record<string, unknown>>;

/** By the hash of the file. */
export type Prebuilt = ReadonlyMap<string, Checked>;

/** What `prebuild` wrote. Nothing, if it is not that: files are read instead. */
export function readPrebuilt(text: string): Prebuilt {
  const index = parsed(text);
  const entries = isData(index) ? Object.entries(index) : [];
  const known = entries.flatMap(([hash, entry]) => (isEntry(entry) ? [[hash, checkedOf(entry)] as const] : []));
  return new Map(known.length === entries.length ? known : []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkedOf(entry: Entry): Checked {
  if ("fragment" in entry) return entry;
  const { head, whole } = entry;
  return { definition: { head, whole: () => definitionIn(whole) } };
}

function definitionIn(text: string): Definition {
  const data = parsed(text);
  if (!isDefinition(data)) throw new Error("the index of definitions is damaged: build it again");
  return data;
}

const isData = (value: unknown): value is Data => typeof value === "object" && value !== null && !Array.isArray(value);

/** Checked when it was written, by the same code that is running. */
const isEntry = (value: unknown): value is Entry =>
  isData(value) && (isData(value["fragment"]) || (isData(value["head"]) && typeof value["whole"] === "string"));
const isDefinition = (value: unknown): value is Definition => isData(value);

export const hashOf = (text: string) => createHash("sha256").update(text).digest("base64url");

/** The index of these files. What has a mistake is not in it: that is said when it is loaded. */
export function prebuild(files: readonly DefinitionFile[], models: ObjectRegistry): string {
  const fragments = new Fragments();
  const json = new JsonReader();
  const sources = files.map(({ name, text }) => [text, new DefinitionSource({ name, text })] as const);
  const found: Record<string, Entry> = {};
  const definitions = sources.filter(([, source]) => !fragments.take(source));
  for (const [text, { data, problems }] of sources)
    if (!definitions.some(([each]) => each === text) && problems.length === 0 && isData(data) && isCarried(data))
      found[hashOf(text)] = { fragment: data };
  for (const [text, source] of definitions) {
    const whole = fragments.whole(source);
    const definition = whole && checkShape(whole);
    if (!definition || source.problems.length > 0) continue;
    const device = compileDevice(definition, { models, json, order: 0, complain: whole.complain });
    if (device && source.problems.length === 0 && isCarried(definition))
      found[hashOf(text)] = { head: headOf(definition), whole: JSON.stringify(definition) };
  }
  return JSON.stringify(found);
}

function headOf({ id, vendor, model, use, instead_of, match, frame }: Definition): Head {
  return { id, vendor, model, use, instead_of, match, frame };
}

/** JSON cannot carry everything unchanged. */
const isCarried = (data: Data | Definition): boolean => isDeepStrictEqual(JSON.parse(JSON.stringify(data)), data);
