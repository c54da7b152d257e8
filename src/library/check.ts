/** Definition data against its schema, in words that say what to change. */

import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { type Definition, definitionSchema, schema } from "./definition/definition.ts";
import type { DefinitionSource } from "./source.ts";

type Issue = z.core.$ZodIssue;
/** Where the data came from: its parts, and the way to complain about them. */
type Source = Pick<DefinitionSource, "data" | "complain">;

/** The definition, or undefined after complaining about everything that does not fit. */
export function checkShape(source: Source): Definition | undefined {
  const result = schema.safeParse(source.data);
  if (result.success) return result.data;
  for (const issue of result.error.issues) explain(issue, source);
  return undefined;
}

function explain(issue: Issue, source: Source): void {
  const { path } = issue;
  const { complain } = source;
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) complain([...path, key], `unknown key "${key}"`, didYouMean(key, keysAt(path)));
      return;
    case "invalid_type": {
      const missing = issue.message.endsWith("received undefined");
      const what = missing ? `"${String(path.at(-1))}" is missing` : `${issue.expected} expected`;
      const quotes = issue.expected === "string" && !missing && typeof placeAt(source.data, path) === "number";
      complain(path, what, quotes ? "put what looks like a number in quotes" : undefined);
      return;
    }
    case "invalid_value": {
      const known = issue.values.map(String);
      const written = valueAt(source.data, path);
      const some = `one of ${known.slice(0, 8).join(", ")}${known.length > 8 ? ", ..." : ""}`;
      complain(path, `"${written}" is not ${some}`, didYouMean(written, known));
      return;
    }
    case "invalid_format":
      complain(path, `"${valueAt(source.data, path)}" is not ${issue.message}`);
      return;
    case "invalid_union":
      explainUnion(issue, source);
      return;
    case "invalid_key":
      complain(path, `"${String(path.at(-1))}" cannot be a key here`, issue.issues[0]?.message);
      return;
    default:
      complain(path, issue.message);
  }
}

/** Of several forms that all fail, the one that got furthest is the one that was meant. */
function explainUnion(issue: Extract<Issue, { code: "invalid_union" }>, source: Source): void {
  const possible = issue.errors.filter(
    (form) => !form.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const [deepest] = possible.toSorted((a, b) => depthOf(b) - depthOf(a));
  if (!deepest) {
    const wanted = issue.errors.flat().map((each) => (each.code === "invalid_type" ? each.expected : each.message));
    source.complain(issue.path, `${[...new Set(wanted)].join(" or ")} expected`);
    return;
  }
  for (const each of deepest) explain({ ...each, path: [...issue.path, ...each.path] }, source);
}

const depthOf = (form: readonly Issue[]) => Math.max(0, ...form.map(({ path }) => path.length));

/** `did you mean "x"?`, if there is an x close enough. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** What was written at a place, shortened. */
function valueAt(data: unknown, path: readonly PropertyKey[]): string {
  return String(placeAt(data, path)).slice(0, 40);
}

function placeAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let found = data;
  for (const step of path) found = isSchema(found) ? found[String(step)] : undefined;
  return found;
}

type Schema = Readonly<Record<string, unknown>>;

let known: Schema | undefined;

/** The keys that the schema allows at a place: found in its JSON Schema, which is plain data and made when it is needed. */
function keysAt(path: readonly PropertyKey[]): string[] {
  known ??= definitionSchema();
  let places: Schema[] = [known];
  for (const step of path)
    places = places.flatMap((place) => forms(place)).flatMap((place) => below(place, String(step)));
  return places
    .flatMap((place) => forms(place))
    .flatMap(({ properties }) => (isSchema(properties) ? Object.keys(properties) : []));
}

function forms(place: Schema): Schema[] {
  const { anyOf } = place;
  return Array.isArray(anyOf) ? anyOf.filter(isSchema) : [place];
}

function below({ properties, additionalProperties, items }: Schema, step: string): Schema[] {
  const own = isSchema(properties) && Object.hasOwn(properties, step) ? properties[step] : undefined;
  return [own ?? additionalProperties ?? items].filter(isSchema);
}

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;
