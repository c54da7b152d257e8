/** What a command gets of the outside world; a test passes another one. */

import type { Terminal } from "./terminal.ts";

export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly input: AsyncIterable<Uint8Array>;
  /** Where relative paths start. */
  readonly folder: string;
  /** Signals of the process, and its sudden ends. */
  readonly process: Pick<NodeJS.EventEmitter, "on" | "off">;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
  readonly now: () => number;
}
