/** Paths into JSON documents: `$.a.b`, `$.list[0].x`, `$['a.b']`, and one `*` for every key or item of a place, or `a*` for those that begin so. */

/** The steps of a path, from the outside in; a number among them is an item of a list, or a key that looks like one. */
export type JsonPath = readonly string[];

const MAX_STEPS = 16;
const STEP = /\.([^.[\]]+)|\[(\d{1,4}|\*)\]|\['([^']+)'\]/y;

/** Undefined if it is no path. A `$` alone is the whole document; before the first key it may be left out. */
export function parseJsonPath(path: string): JsonPath | undefined {
  const text = path.startsWith("$") ? path.slice(1) : `.${path}`;
  const steps: string[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < text.length) {
    const [, dotted, item, quoted] = pattern.exec(text) ?? [];
    const step = dotted ?? item ?? quoted;
    if (step === undefined || steps.length === MAX_STEPS) return undefined;
    steps.push(step);
  }
  return path === "" ? undefined : steps;
}

/** What stands at a path; undefined if nothing does. */
export function walk(document: unknown, path: JsonPath): unknown {
  let found = document;
  for (const key of path) found = member(found, key);
  return found;
}

/** What a document has under a key of its own; nothing that every object of the language has. */
export function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return itemOf(value, key);
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A list has items and nothing else, whatever its language thinks. */
function itemOf(list: readonly unknown[], key: string): unknown {
  return /^\d{1,4}$/.test(key) ? list[Number(key)] : undefined;
}

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `switch:0` is `switch_0` in the name of a field; a slash would look like another component. */
export const componentOf = (key: string) => (/[:/]/.test(key) ? key.replaceAll(/[:/]/g, "_") : key);
