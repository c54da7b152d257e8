/**
 * What our own build has read and checked of the definitions that come with Isthmus. Reading YAML and checking every
 * key takes most of the time of a start; a file that is still the one that was built needs neither.
 */

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { checkShape } from "../check.ts";
import { compileDevice } from "../compile.ts";
import type { Definition } from "../definition/definition.ts";
import { type Checked, type DefinitionFile, DefinitionSource } from "../source.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { JsonReader } from "../framing/json.ts";
import { Fragments } from "./fragments.ts";

const isRecord = (value: unknown) => typeof value === "object" && value !== null;

/** Checked when it was written, by the same code that is running. */
const index = z.record(
  z.string(),
  z.object({
    definition: z.custom<Definition>(isRecord).optional(),
    fragment: z.custom<Readonly<Record<string, unknown>>>(isRecord).optional(),
  }),
);

/** By the hash of the file. */
export type Prebuilt = ReadonlyMap<string, Checked>;

/** What `prebuild` wrote. Nothing, if it is not that: files are read instead. */
export function readPrebuilt(text: string): Prebuilt {
  try {
    return new Map(Object.entries(index.parse(JSON.parse(text))));
  } catch {
    return new Map();
  }
}

export const hashOf = (text: string) => createHash("sha256").update(text).digest("base64url");

/** The index of these files. What has a mistake is not in it: that is said when it is loaded. */
export function prebuild(files: readonly DefinitionFile[], models: ObjectRegistry): string {
  const fragments = new Fragments();
  const json = new JsonReader();
  const sources = files.map(({ name, text }) => [text, new DefinitionSource({ name, text })] as const);
  const found: Record<string, Checked> = {};
  const definitions = sources.filter(([, source]) => !fragments.take(source));
  for (const [text, { data, problems }] of sources)
    if (!definitions.some(([each]) => each === text) && problems.length === 0) put(found, text, { fragment: data });
  for (const [text, source] of definitions) {
    const whole = fragments.whole(source);
    const definition = whole && checkShape(whole);
    if (!definition || source.problems.length > 0) continue;
    const device = compileDevice(definition, { models, json, order: 0, complain: whole.complain });
    if (device && source.problems.length === 0) put(found, text, { definition });
  }
  return JSON.stringify(found);
}

/** Only what JSON can carry unchanged. */
function put(found: Record<string, Checked>, text: string, checked: { [Key in keyof Checked]: unknown }): void {
  const key = hashOf(text);
  const [[, carried] = []] = [...readPrebuilt(JSON.stringify({ [key]: checked }))];
  if (carried && isDeepStrictEqual(carried, checked)) found[key] = carried;
}
