/** The outside world of a command, in memory: what it wrote, what it reads, and signals on demand. */

import { EventEmitter } from "node:events";
import { runCommandLine } from "../../src/cli/program.ts";
import type { Surroundings } from "../../src/cli/surroundings.ts";

export class FakeSurroundings implements Surroundings {
  out = "";
  err = "";
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly process = new EventEmitter();
  readonly terminal;
  readonly input: AsyncIterable<Uint8Array>;
  time = 0;
  wall = Date.UTC(2026, 5, 1, 12);

  constructor({ env = {}, folder = "/nowhere", input = [], color = false, width = 100 }: FakeOptions = {}) {
    this.env = env;
    this.folder = folder;
    this.input = chunks(input);
    this.terminal = {
      out: (text: string) => void (this.out += text),
      err: (text: string) => void (this.err += text),
      drained: () => Promise.resolve(),
      color,
      width,
    };
  }

  readonly monotonic = (): number => this.time;
  readonly now = (): number => this.wall;

  /** Runs `isthmus <line>`; words are split at blanks. */
  run(line: string): Promise<number> {
    return runCommandLine(line === "" ? [] : line.split(" "), this);
  }
}

export interface FakeOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly folder?: string;
  /** Pieces of standard input, as they arrive. */
  readonly input?: readonly string[];
  readonly color?: boolean;
  readonly width?: number;
}

async function* chunks(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}
