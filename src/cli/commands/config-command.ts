/** `isthmus config`: checks a configuration file, and prints the schema that editors complete from. */

import type { Command } from "commander";
import { CommandError } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";
import { styled } from "../terminal.ts";
import { count } from "../words.ts";

export const DEFAULT_FILE = "isthmus.yaml";

export function addConfigCommand(program: Command, surroundings: Surroundings): void {
  const config = program.command("config").description("check a configuration, or print its schema");
  config
    .command("check")
    .description("every mistake in a configuration file, with its place and the fix")
    .argument("[file]", "the file", DEFAULT_FILE)
    .option("--json", "the problems as a JSON array")
    .addHelpText("after", "\nExample:\n  $ isthmus config check /etc/isthmus/isthmus.yaml\n")
    .action((file: string, options: { json?: boolean }) => check(file, options.json === true, surroundings));
  config
    .command("schema")
    .description("the JSON Schema of the configuration file, for editors")
    .addHelpText("after", "\nExample:\n  $ isthmus config schema > isthmus.schema.json\n")
    .action(() => schema(surroundings));
}

async function check(file: string, json: boolean, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings;
  const { readConfigFile } = await import("../config-file.ts");
  const { formatProblem } = await import("../../config/index.ts");
  const { config, problems, faults } = await readConfigFile(file, surroundings, true);
  // Of a definition, the place stands in its words already.
  const left = faults.map(({ what, next }) => ({ message: what, hint: next, fatal: false }));
  if (json) terminal.out(`${JSON.stringify([...problems, ...left], undefined, 2)}\n`);
  else {
    for (const problem of problems) terminal.out(`${formatProblem(problem)}\n`);
    for (const { message, hint } of left) terminal.out(`${message}\n  to do    ${hint}\n`);
  }
  const all = problems.length + left.length;
  if (all > 0) {
    const fate = config ? "the rest would run" : "nothing would run";
    if (!json) terminal.err(`${count(all, "problem")} in ${file}; ${fate}\n`);
    throw new CommandError({ what: "", exitCode: ExitCode.Config });
  }
  if (!json && config) {
    const parts = [
      count(config.servers.length, "server"),
      count(config.adapters.length, "adapter"),
      count(config.sensors.length, "sensor"),
      count(config.adopt.length, "rule"),
    ];
    terminal.out(`${file}: ${styled("good", "green", terminal)}, ${parts.join(", ")}\n`);
  }
}

async function schema({ terminal }: Surroundings): Promise<void> {
  const { configSchema } = await import("../../config/index.ts");
  const { adapterSettings } = await import("../../daemon.ts");
  terminal.out(`${JSON.stringify(configSchema(adapterSettings()), undefined, 2)}\n`);
}
