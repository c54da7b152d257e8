#!/usr/bin/env node
/** The `isthmus` command: hands the process to the command line, and its answer back to the shell. */

import { complain, reasonOf } from "./command-error.ts";
import { ExitCode } from "./exit-code.ts";
import { runCommandLine } from "./program.ts";
import { terminal } from "./terminal.ts";

const { stdout, stderr, stdin, env } = process;

/** What nobody caught ends the process: systemd starts a sound one. One line says why. */
function crash(error: unknown): never {
  stderr.write(complain({ what: `ended by an unexpected fault: ${reasonOf(error)}`, next: "please report this" }));
  if ((env["ISTHMUS_DEBUG"] ?? "") !== "" && error instanceof Error) stderr.write(`${error.stack ?? ""}\n`);
  process.exit(ExitCode.Problem);
}
process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);

// The reader of our output has gone (`isthmus decode | head -1`): nothing is left to say.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitCode.Done);
    crash(error);
  });
}

const exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: terminal(stdout, stderr, env),
  env,
  input: stdin,
  folder: process.cwd(),
  process,
  monotonic: () => performance.now(),
  now: () => Date.now(),
});
await Promise.all([stdout, stderr].map(flushed));
process.exit(exitCode);

/** What stands in a pipe is not read yet, and would go with the process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => void stream.write("", () => resolve()));
}
