/** A log that remembers its lines, for tests that ask what was said. */

import type { Fields, Level, Log } from "../../src/base/log.ts";

export interface Line {
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
}

export class MemoryLog implements Log {
  readonly lines: Line[];
  readonly #fixed: Fields;

  constructor(lines: Line[] = [], fixed: Fields = {}) {
    this.lines = lines;
    this.#fixed = fixed;
  }

  debug(event: string, fields?: Fields): void {
    this.#add("debug", event, fields);
  }

  info(event: string, fields?: Fields): void {
    this.#add("info", event, fields);
  }

  warn(event: string, fields?: Fields): void {
    this.#add("warn", event, fields);
  }

  error(event: string, fields?: Fields): void {
    this.#add("error", event, fields);
  }

  with(fields: Fields): Log {
    return new MemoryLog(this.lines, { ...this.#fixed, ...fields });
  }

  /** The events of a level, in order. */
  events(level: Level): string[] {
    return this.lines.filter((line) => line.level === level).map(({ event }) => event);
  }

  #add(level: Level, event: string, fields: Fields = {}): void {
    this.lines.push({ level, event, fields: { ...this.#fixed, ...fields } });
  }
}
