/** Structured log lines: a constant event name and fields, one line each. */

import { BoundedMap } from "./bounded.ts";
import type { Clock } from "./clock.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log, with fields added to every line. */
  with(fields: Fields): Log;
}

/** Priorities that journald reads from a `<n>` at the start of a line (sd-daemon(3)). */
const PRIORITY = { debug: 7, info: 6, warn: 4, error: 3 } as const;
export type Level = keyof typeof PRIORITY;

export interface LineLogOptions {
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** Lines below this level are not written. */
  readonly level: Level;
  /** With `<n>` in front, as journald wants it, or a word, as people do. */
  readonly style: "journal" | "human";
  /** The same event with the same fields is written once in this many milliseconds; its repetitions are counted. */
  readonly repeatMs?: number;
}

const MAX_REMEMBERED_LINES = 1_000;
const MAX_LINE = 2_000;

export function lineLog(options: LineLogOptions): Log {
  const seen = new BoundedMap<string, { since: number; count: number }>(MAX_REMEMBERED_LINES);
  const { clock, write, repeatMs = 60_000 } = options;

  function repeated(line: string): string | undefined {
    const now = clock.monotonic();
    const before = seen.peek(line);
    if (before && now - before.since < repeatMs) {
      before.count += 1;
      return undefined;
    }
    seen.set(line, { since: now, count: 0 });
    return before && before.count > 0 ? `${line} repeated=${before.count}` : line;
  }

  function emit(level: Level, line: string): void {
    if (PRIORITY[level] > PRIORITY[options.level]) return;
    const text = level === "warn" || level === "error" ? repeated(line) : line;
    if (text === undefined) return;
    write(options.style === "journal" ? `<${PRIORITY[level]}>${text}\n` : `${level.padEnd(5)} ${text}\n`);
  }

  const bound = (fixed: string): Log => ({
    debug: (event, fields) => emit("debug", render(event, fixed, fields)),
    info: (event, fields) => emit("info", render(event, fixed, fields)),
    warn: (event, fields) => emit("warn", render(event, fixed, fields)),
    error: (event, fields) => emit("error", render(event, fixed, fields)),
    with: (fields) => bound(fixed + renderFields(fields)),
  });
  return bound("");
}

/** Swallows everything: for tests and for parts whose noise nobody wants. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

function render(event: string, fixed: string, fields: Fields = {}): string {
  return (event + fixed + renderFields(fields)).slice(0, MAX_LINE);
}

function renderFields(fields: Fields): string {
  let text = "";
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) text += ` ${key}=${renderValue(value)}`;
  return text;
}

function renderValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  const text = typeof value === "string" ? value : ((JSON.stringify(value) as string | undefined) ?? typeof value);
  return typeof value === "string" && /^[\w.:/@+-]+$/.test(text)
    ? text
    : typeof value === "string"
      ? JSON.stringify(text)
      : text;
}
