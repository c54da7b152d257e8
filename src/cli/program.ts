/** The command line: which commands there are, and how each ending becomes an exit code. */

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { CommandError, complain, reasonOf } from "./command-error.ts";
import { addAdoptCommand } from "./commands/adopt-command.ts";
import { addConfigCommand } from "./commands/config-command.ts";
import { addDecodeCommand } from "./commands/decode-command.ts";
import { addDeviceCommand } from "./commands/device-command.ts";
import { ExitCode } from "./exit-code.ts";
import { addIgnoreCommand } from "./commands/ignore-command.ts";
import { addInboxCommand } from "./commands/inbox-command.ts";
import { addLabCommand } from "./commands/lab-command.ts";
import { addRunCommand } from "./commands/run-command.ts";
import { addStatusCommand } from "./commands/status-command.ts";
import type { Surroundings } from "./surroundings.ts";

/** Runs one command line to its end. Never rejects. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal, env } = surroundings;
  try {
    await buildProgram(surroundings).parseAsync([...words], { from: "user" });
    return ExitCode.Done;
  } catch (error) {
    // Commander has written its own words already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
    if (error instanceof CommandError) {
      if (error.complaint.what !== "") terminal.err(complain(error.complaint));
      return error.exitCode;
    }
    terminal.err(complain({ what: reasonOf(error), next: "set ISTHMUS_DEBUG=1 to see where this came from" }));
    if ((env["ISTHMUS_DEBUG"] ?? "") !== "" && error instanceof Error) terminal.err(`${error.stack ?? ""}\n`);
    return ExitCode.Problem;
  }
}

/** Commands import what they need when they run: `--help` must be quick on a small computer. */
export function buildProgram(surroundings: Surroundings): Command {
  const { terminal } = surroundings;
  const program = new Command("isthmus")
    .description("LwM2M edge gateway: every sensor that does not speak LwM2M becomes a client of its own.")
    .version(readVersion(), "-V, --version")
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError("(isthmus --help lists commands, isthmus <command> --help their options)")
    .exitOverride()
    // Names alone: options and arguments are a `--help` away.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (text, write) => write(text.replace(/^error: /, "isthmus: ")),
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
    })
    .addHelpText("after", HELP_END);
  addStatusCommand(program, surroundings);
  addInboxCommand(program, surroundings);
  addAdoptCommand(program, surroundings);
  addIgnoreCommand(program, surroundings);
  addRunCommand(program, surroundings);
  addLabCommand(program, surroundings);
  addConfigCommand(program, surroundings);
  addDeviceCommand(program, surroundings);
  addDecodeCommand(program, surroundings);
  return program;
}

const HELP_END = `
Examples:
  $ isthmus run                                 try it: simulated sensors, a server and a page
  $ isthmus run --config isthmus.yaml           the real thing
  $ isthmus                                     how the running daemon is

Exit codes: 0 done, 1 a problem was found, 2 wrong usage, 69 no daemon answers, 78 configuration.
`;

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  return typeof version === "string" ? version : "";
}
