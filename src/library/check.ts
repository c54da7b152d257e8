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
      for (const key of issue.keys) complain([...path, key], `unknown key "${key}"`, keyHint(key, keysAt(path)));
      return;
    case "invalid_type":
      explainType(issue, source);
      return;
    case "invalid_value": {
      const known = issue.values.map(String);
      if (placeAt(source.data, path) === undefined) {
        complain(path, `"${String(path.at(-1))}" is missing`, `write ${String(path.at(-1))}: ${known.join(" or ")}`);
        return;
      }
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

function explainType({ path, expected, message }: Extract<Issue, { code: "invalid_type" }>, source: Source): void {
  const written = placeAt(source.data, path);
  if (message.endsWith("received undefined")) source.complain(path, `"${String(path.at(-1))}" is missing`);
  else if (path.length === 0)
    source.complain(path, "a definition expected: keys with values, such as schema: device/v1");
  else
    source.complain(path, `${inWords(expected)} expected${shownInstead(written)}`, typeHint(expected, written, path));
}

/** What the schema's library calls a type, as those who write definitions would. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ string: "text", number: "a number", int: "a whole number", boolean: "true or false" },
  ...{ object: "keys with values in { }", record: "keys with values in { }" },
  ...{ array: "a list in [ ]", tuple: "a list of two, such as [0, 100]," },
};

const inWords = (expected: string) => TYPES[expected] ?? expected;

function shownInstead(written: unknown): string {
  if (typeof written === "string") return `, not "${written.slice(0, 40)}"`;
  if (written === null) return ", and nothing stands here";
  return typeof written === "number" || typeof written === "boolean" ? `, not ${String(written)}` : "";
}

/** Parts of `alive` and `report`, and limits of time, are texts that look like numbers without their unit. */
const DURATIONS: ReadonlySet<string> = new Set(["expect", "stale", "gone", "within", "timeout", "min", "max", "poll"]);

function typeHint(expected: string, written: unknown, path: readonly PropertyKey[]): string | undefined {
  if (expected === "string" && typeof written === "number")
    return DURATIONS.has(String(path.at(-1))) && !path.includes("tests")
      ? `a duration has a unit, such as ${written}s`
      : "put what looks like a number in quotes";
  const numeric = typeof written === "string" && written.trim() !== "" && Number.isFinite(Number(written));
  return (expected === "number" || expected === "int") && numeric ? "without quotes" : undefined;
}

/** The key that was meant or, if nothing is near and there are few, all that there are. */
function keyHint(key: string, known: readonly string[]): string | undefined {
  const meant = didYouMean(key.split(":", 1)[0] ?? key, known);
  if (key.includes(":")) return "a colon is followed by a blank";
  return meant ?? (known.length > 0 && known.length <= MOST_KEYS ? `there are ${known.join(", ")}` : undefined);
}

const MOST_KEYS = 12;

/** Of several forms that all fail, the one that got furthest is the one that was meant. */
function explainUnion(issue: Extract<Issue, { code: "invalid_union" }>, source: Source): void {
  const possible = issue.errors.filter(
    (form) => !form.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const [deepest] = possible.toSorted((a, b) => depthOf(b) - depthOf(a));
  if (!deepest) {
    const wanted = issue.errors
      .flat()
      .map((each) => (each.code === "invalid_type" ? inWords(each.expected) : each.message));
    const written = placeAt(source.data, issue.path);
    source.complain(issue.path, `${[...new Set(wanted)].join(" or ")} expected${shownInstead(written)}`);
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
