/** What is wrong in a configuration file: where, in which words, and what was probably meant. */

/** One mistake in a configuration file. */
export interface ConfigProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** Such as `adapters.gnss.bauds`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to do, such as "did you mean `baud`?". */
  readonly hint?: string;
  /** The line of the file, a tab shown as one blank. */
  readonly excerpt: string;
  /** How many characters of the excerpt are meant, from `column` on; at least 1. */
  readonly length: number;
  /** False: only the section it stands in is disabled. */
  readonly fatal: boolean;
}

const MARGIN = 6;
const MAX_EXCERPT = 120;

/** The problem as people read it: what and where, then the line with the place marked. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message, hint, excerpt, length } = problem;
  const head = `${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${message}`;
  // Of a very long line, only what surrounds the place is shown.
  const from = column - 1 + length > MAX_EXCERPT ? Math.max(0, column - 1 - MAX_EXCERPT / 2) : 0;
  const shown = excerpt.slice(from, from + MAX_EXCERPT);
  const before = column - 1 - from;
  const carets = "^".repeat(Math.max(1, Math.min(length, shown.length - before)));
  const mark = " ".repeat(before) + carets + (hint === undefined ? "" : ` ${hint}`);
  return `${head}\n${String(line).padStart(MARGIN)} | ${shown}\n${" ".repeat(MARGIN)} | ${mark}`;
}
