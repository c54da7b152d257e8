/** Lines of text: columns of CSV, groups of a regular expression. */

import { DecodeError } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { FrameSpec } from "../definition/frame.ts";
import { checks } from "./binary/checks.ts";
import { type Framing, isQuantity, type Raw, readNumber, wrongType } from "./framing.ts";

const MAX_LINE = 4_096;

type CsvSpec = NonNullable<FrameSpec["csv"]>;

/** The text of a frame without its line end. @throws DecodeError if there is none. */
export function lineOf({ payload }: Frame): string {
  const text =
    payload.kind === "text"
      ? payload.text
      : payload.kind === "bytes"
        ? Buffer.from(payload.bytes).toString("latin1")
        : payload.kind === "message"
          ? Buffer.from(payload.body).toString("utf8")
          : undefined;
  if (text === undefined) throw new DecodeError(`no text in a frame of ${payload.kind}`);
  if (text.length > MAX_LINE) throw new DecodeError(`line of ${text.length} characters`);
  return text.replace(/[\r\n]+$/, "");
}

/** What stands before the sum. @throws DecodeError if there is none, or a wrong one. */
export type OpenLine = (line: string) => string;

/** Sums of lines are numbers, whatever order their bytes would have in a binary frame. */
export function compileLineCheck({ kind, after, from = 0 }: NonNullable<FrameSpec["check"]>): OpenLine {
  const check = checks[kind];
  const digits = check.type === "u8" ? 2 : 4;
  return (line) => {
    const end = line.lastIndexOf(after);
    const stated = line.slice(end + 1).trim();
    if (end < from || stated.length !== digits || !/^[0-9A-Fa-f]+$/.test(stated))
      throw new DecodeError(`no checksum of ${digits} hexadecimal digits after "${after}"`);
    const bytes = Buffer.from(line.slice(from, end), "latin1");
    const sum = check.compute(bytes, 0, bytes.length);
    if (Number.parseInt(stated, 16) !== sum)
      throw new DecodeError(`checksum mismatch: ${sum.toString(16).toUpperCase().padStart(digits, "0")} computed`);
    return line.slice(0, end);
  };
}

const UNCHECKED: OpenLine = (line) => line;

export function csvFraming({ columns, separator = "," }: CsvSpec, open = UNCHECKED): Framing<readonly string[]> {
  return {
    open(frame) {
      const cells = open(lineOf(frame)).split(separator);
      if (cells.length !== columns.length) throw new DecodeError(`${cells.length} columns, ${columns.length} wanted`);
      return cells;
    },
    reader(name, spec) {
      const index = columns.indexOf(spec.column ?? name);
      if (index < 0) return `no column "${spec.column ?? name}"`;
      const wrong = wrongType(spec, "lines");
      if (wrong !== undefined) return wrong;
      const read = cellReader(name, spec);
      return { one: (cells) => read(cells[index]) };
    },
  };
}

/** The expression is held against the whole line, sum and all. */
export function lineFraming(pattern: RegExp, open = UNCHECKED): Framing<RegExpExecArray> {
  const groups = new Set([...pattern.source.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, group]) => group));
  // An expression that also takes nothing at all shows how many groups it has.
  const count = (new RegExp(`${pattern.source}|`).exec("")?.length ?? 1) - 1;
  return {
    open(frame) {
      const line = lineOf(frame);
      open(line);
      const match = pattern.exec(line);
      if (!match) throw new DecodeError("the line is not as expected");
      return match;
    },
    reader(name, spec) {
      const group = spec.group ?? name;
      const wrong = wrongType(spec, "lines");
      if (wrong !== undefined) return wrong;
      const read = cellReader(name, spec);
      if (typeof group === "number" && group <= count) return { one: (match) => spoken(match[group], read) };
      if (typeof group === "number" || !groups.has(group)) return `no group "${group}" in the line's expression`;
      return { one: (match) => spoken(match.groups?.[group], read) };
    },
  };
}

/** A group that had no part in the match: of that the line does not speak. */
const spoken = (cell: string | undefined, read: (cell: string) => Raw): Raw =>
  cell === undefined ? undefined : read(cell);

/** Quantities must be numbers, and a cell that should be one and is not makes the line malformed. */
export function cellReader(name: string, spec: FieldSpec): (cell: string | undefined) => Raw {
  const quantity = isQuantity(spec);
  const invalid = new Set<unknown>([spec.invalid].flat());
  return (cell) => {
    const text = cell?.trim();
    if (text === undefined || text === "" || invalid.has(text)) return null;
    if (!quantity) return text;
    const value = readNumber(text);
    if (value === undefined) throw new DecodeError(`${name}: "${text.slice(0, 40)}" is no number`);
    return value;
  };
}
