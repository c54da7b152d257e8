/** Drafts from lines of text and from JSON messages. */

import type { Frame } from "../../../library/index.ts";
import type { Draft, DraftField } from "./draft.ts";
import { expectOf, type Wanted } from "./from-bytes.ts";
import { chosen } from "./chosen.ts";
import { fieldName, kindOf } from "./quantity.ts";

const MOST_PATHS = 40;
const DEEPEST = 4;

/** Columns between commas, semicolons or tabs. Undefined if there is not one line. */
export function draftFromLines(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const lines = frames.flatMap(({ payload }) => (payload.kind === "text" ? [payload.text.trimEnd()] : []));
  const [first] = lines;
  if (first === undefined) return undefined;
  const separator = [",", ";", "\t"].toSorted((a, b) => first.split(b).length - first.split(a).length)[0] ?? ",";
  const cells = first.split(separator);
  const same = lines.filter((line) => line.split(separator).length === cells.length);
  const shapes = cells.map((cell, i) =>
    shapeOf(
      cell,
      same.every((line) => line.split(separator)[i] === cell),
    ),
  );
  const columns = cells.map((_, i) => `column_${i + 1}`);
  return {
    ...wanted,
    notes: [`${same.length} of ${lines.length} lines with ${cells.length} columns, such as: ${first}`],
    match: { serial: { line: `^${shapes.join(separator === "\t" ? "\\t" : separator)}$` } },
    endpoint: `${wanted.id.replaceAll(".", "-")}-{source}`,
    frame: { csv: { columns, ...(separator !== "," && { separator }) } },
    expect: expectOf(frames),
    fields: columns.map((name, i) =>
      columnField(
        name,
        same.map((line) => line.split(separator)[i] ?? ""),
        wanted,
      ),
    ),
    tests: chosen(same, (line) => line).map((text, i) => ({ name: `recorded line ${i + 1}`, text })),
  };
}

function columnField(column: string, cells: readonly string[], { now }: Wanted): DraftField {
  const newest = Number(cells.at(-1));
  const known = [...now].find(([, value]) => value === newest)?.[0];
  const kind = known === undefined ? undefined : kindOf(known);
  const numeric = cells.every(isNumber);
  const type = numeric ? "number" : "text";
  const spec = {
    column,
    ...(kind?.unit === undefined ? { type } : { unit: kind.unit }),
    ...(kind?.range && { range: kind.range }),
  };
  return {
    name: known ?? column,
    spec,
    kind,
    shown: numeric,
    ...(kind === undefined && { remark: `such as ${cells.at(-1) ?? ""}` }),
  };
}

const isNumber = (cell: string) => /^\s*[-+]?\d+(?:\.\d+)?\s*$/.test(cell);
/** Words that are always the same tell the device from others. */
const shapeOf = (cell: string, constant: boolean) =>
  isNumber(cell) ? "-?[0-9.]+" : constant && /^[\w $!#:-]+$/.test(cell) ? cell.replaceAll("$", "\\$") : "[^,;\\t]*";

/** Every scalar in a JSON document by its path; the topic's last level but one names the device. */
export function draftFromMessages(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const messages = frames.flatMap(({ payload }) => {
    if (payload.kind !== "message") return [];
    const document = parsed(payload.body);
    return document === undefined ? [] : [{ topic: payload.topic, document }];
  });
  const newest = messages.at(-1);
  if (!newest) return undefined;
  const paths = [...pathsOf(newest.document, "$", 0)].slice(0, MOST_PATHS);
  const names = new Set<string>();
  const fields = paths.map(([path, value]) => pathField(path, value, names));
  const topic = topicOf(messages.map((each) => each.topic));
  const has = paths.slice(0, 2).map(([path]) => path);
  return {
    ...wanted,
    notes: [`${messages.length} messages, such as under ${newest.topic}`],
    match: { mqtt: { topic, json: { has } } },
    endpoint: topic.includes("+name") ? `${wanted.id.replaceAll(".", "-")}-{name}` : wanted.id.replaceAll(".", "-"),
    frame: { json: true },
    expect: expectOf(frames),
    fields,
    tests: chosen(messages, ({ topic: at, document }) => `${at} ${JSON.stringify(document)}`).map((message, i) => ({
      name: `recorded message ${i + 1}`,
      topic: message.topic,
      json: message.document,
    })),
  };
}

function parsed(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function* pathsOf(value: unknown, path: string, depth: number): Iterable<readonly [string, unknown]> {
  if (typeof value !== "object" || value === null) {
    if (value !== null) yield [path, value];
    return;
  }
  if (depth >= DEEPEST || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value))
    if (!/[.*[\]]/.test(key)) yield* pathsOf(inner, `${path}.${key}`, depth + 1);
}

function pathField(path: string, value: unknown, names: Set<string>): DraftField {
  const key = path.split(".").at(-1) ?? path;
  const kind = typeof value === "number" ? kindOf(key) : undefined;
  const plain = fieldName(path.split(".").slice(1).join("_"));
  const name = kind && !names.has(kind.name) ? kind.name : plain;
  names.add(name);
  const spec = {
    json: path,
    ...(kind?.unit !== undefined && { unit: kind.unit }),
    ...(kind?.range && { range: kind.range }),
  };
  return { name, spec, kind, shown: typeof value !== "string" };
}

/** Levels that all topics share stay; the last one that differs, or else the last but one, is the device's name. */
function topicOf(topics: readonly string[]): string {
  const [first = ""] = topics;
  const levels = first.split("/");
  const differing = levels.findLastIndex((level, i) => topics.some((topic) => topic.split("/")[i] !== level));
  const named = differing >= 0 ? differing : Math.max(0, levels.length - 2);
  return levels.map((level, i) => (i === named && levels.length > 1 ? "+name" : level)).join("/");
}
