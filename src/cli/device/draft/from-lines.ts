/** Drafts from lines of text: columns, or cells that say by a letter or a word what they hold. */

import type { Frame } from "../../../library/index.ts";
import { chosen } from "./chosen.ts";
import type { Draft, DraftField } from "./draft.ts";
import { expectOf, type Wanted } from "./from-bytes.ts";
import { fieldName, kindOf } from "./quantity.ts";
import { type LineSum, lineSumOf } from "./sums.ts";

/** What a cell is in all lines. */
interface Cell {
  /** The column, or the group of the expression. */
  readonly name: string;
  /** As a regular expression: with a group that takes the value, and without. */
  readonly pattern: string;
  readonly shape: string;
  readonly values: readonly string[];
  /** It says itself what it is: only an expression takes such a line apart. */
  readonly labelled: boolean;
  /** Undefined: a word that is always the same, and tells the device from others. */
  readonly label: string | undefined;
}

/** Undefined if there is not one line. */
export function draftFromLines(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const lines = frames.flatMap(({ payload }) => (payload.kind === "text" ? [payload.text.trimEnd()] : []));
  const [first] = lines;
  if (first === undefined) return undefined;
  const check = lineSumOf(lines);
  const bodyOf = (line: string) => (check ? line.slice(0, line.lastIndexOf(check.after)) : line);
  const separator = separatorOf(bodyOf(first));
  const split = (line: string) => bodyOf(line).split(separator);
  const same = lines.filter((line) => split(line).length === split(first).length);
  const cells = split(first).map((_, i) =>
    cellOf(
      i,
      same.map((line) => split(line)[i] ?? ""),
    ),
  );
  const byWord = cells.some(({ labelled }) => labelled);
  const between = separator === "\t" ? "\\t" : separator;
  const end = check ? `${escaped(check.after)}${sumPattern(check)}` : "";
  const expression = (key: "pattern" | "shape") => `^${cells.map((cell) => cell[key]).join(between)}${end}$`;
  return {
    ...wanted,
    notes: [
      `${same.length} of ${lines.length} lines with ${cells.length} columns, such as: ${first}`,
      ...sumNote(check),
    ],
    match: { serial: { line: expression("shape") } },
    endpoint: `${wanted.id.replaceAll(".", "-")}-{source}`,
    frame: {
      ...(byWord
        ? { line: expression("pattern") }
        : { csv: { columns: cells.map(({ name }) => name), ...(separator !== "," && { separator }) } }),
      ...(check && { check }),
    },
    expect: expectOf(frames),
    fields: fieldsOf(byWord ? cells.filter(({ label }) => label !== undefined) : cells, wanted, byWord),
    tests: chosen(same, (line) => line).map((text, i) => ({ name: `recorded line ${i + 1}`, text })),
  };
}

/** What stands most often in a line. */
const separatorOf = (line: string): string =>
  [",", ";", "\t"].toSorted((a, b) => line.split(b).length - line.split(a).length)[0] ?? ",";

const sumPattern = ({ kind }: LineSum) =>
  `[0-9A-Fa-f]{${kind.startsWith("crc16") || kind.startsWith("sum16") ? 4 : 2}}`;

const sumNote = (check: LineSum | undefined): string[] =>
  check ? [`the digits after "${check.after}" are a sum, and right in every line: ${check.kind}`] : [];

const NUMBER = /^\s*[-+]?\d+(?:\.\d+)?\s*$/;
/** `T=21.5`, `H:46`. */
const LABELLED = /^\s*([A-Za-z][\w ]{0,30})([=:])\s*([-+]?\d+(?:\.\d+)?)([^\d]{0,4})$/;
const DIGITS = "[-+]?[0-9.]+";

function cellOf(i: number, values: readonly string[]): Cell {
  const [first = ""] = values;
  const column = `column_${i + 1}`;
  const says = LABELLED.exec(first);
  if (says) {
    const [, word = "", sign = "", , unit = ""] = says;
    const parts = values.map((value) => LABELLED.exec(value));
    if (parts.every((part) => part?.[1] === word && part[2] === sign && part[4] === unit)) {
      const [before, after] = [escaped(first.slice(0, first.indexOf(sign) + 1)), escaped(unit)];
      const name = fieldName(word);
      return {
        name,
        label: word,
        labelled: true,
        pattern: `${before}\\s*(?<${name}>${DIGITS})${after}`,
        shape: `${before}\\s*${DIGITS}${after}`,
        values: parts.map((part) => part?.[3] ?? ""),
      };
    }
  }
  const numeric = values.every((value) => NUMBER.test(value));
  const constant = !numeric && values.every((value) => value === first) && /^[\w $!#:-]+$/.test(first);
  const shape = numeric ? numberLike(values) : constant ? escaped(first) : "[^,;\\t]*";
  const label = constant ? undefined : column;
  return { name: column, label, labelled: false, shape, pattern: constant ? shape : `(?<${column}>${shape})`, values };
}

/** As strict as the numbers are written. */
function numberLike(values: readonly string[]): string {
  const space = values.some((value) => /\s/.test(value)) ? " *" : "";
  const sign = values.some((value) => value.includes("+")) ? "[-+]?" : "-?";
  return `${space}${sign}[0-9.]+${space}`;
}

const escaped = (text: string) => text.replaceAll(/[$^*+?.()[\]{}|\\/]/g, "\\$&");

/** A name for each, none twice: what somebody has read off the device, what the line says, or the column. */
function fieldsOf(cells: readonly Cell[], { now }: Wanted, byWord: boolean): DraftField[] {
  const names = new Set<string>();
  return cells.map((cell) => {
    const newest = Number(cell.values.at(-1));
    const numeric = cell.values.every((value) => NUMBER.test(value));
    const known = numeric ? [...now].find(([name, value]) => value === newest && !names.has(name))?.[0] : undefined;
    const said = cell.labelled && cell.label !== undefined ? cell.label : undefined;
    const meant = known ?? said;
    const kind = meant === undefined ? undefined : kindOf(meant);
    const wish = known ?? (said === undefined ? cell.name : (kind?.name ?? cell.name));
    const name = names.has(wish) ? cell.name : wish;
    names.add(name);
    const spec = {
      ...(byWord ? { group: cell.name } : { column: cell.name }),
      ...(kind?.unit === undefined ? { type: numeric ? "number" : "text" } : { unit: kind.unit }),
      ...(kind?.range && { range: kind.range }),
    };
    const remark = kind === undefined ? { remark: `such as ${cell.values.at(-1) ?? ""}` } : {};
    return { name, spec, kind, shown: numeric, ...remark };
  });
}
