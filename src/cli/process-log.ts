/** The log of a long-running command: for journald where it listens, for eyes where it does not. */

import type { Clock } from "../base/clock.ts";
import { type Level, lineLog, type Log } from "../base/log.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ProcessLogOptions {
  readonly surroundings: Pick<Surroundings, "terminal" | "env">;
  readonly clock: Clock;
  readonly level: Level;
}

export function processLog({ surroundings: { terminal, env }, clock, level }: ProcessLogOptions): Log {
  // systemd.exec(5): set when our output goes to the journal, which reads priorities from `<n>`.
  const style = (env["JOURNAL_STREAM"] ?? "") === "" ? "human" : "journal";
  return lineLog({ write: terminal.err, clock, level, style });
}
