/** `isthmus ignore`: what the page does with *Ignore*: a stranger is not shown in the inbox, nor taken in by a rule. */

import { type Command, Option } from "commander";
import { DEFAULT_URL, tell } from "../ask.ts";
import type { Surroundings } from "../surroundings.ts";

interface IgnoreOptions {
  readonly url: string;
  readonly undo?: boolean;
}

const HELP = `
Example:
  $ isthmus inbox
  $ isthmus ignore radio/5A:11:0C:7E:42:99
`;

export function addIgnoreCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("ignore")
    .description("leave what is not yours out of the inbox, for good; no rule takes it in either")
    .argument("<source>", "as the inbox names it, such as radio/CB:B8:33:4C:88:4F")
    .option("--undo", "show it again")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .addHelpText("after", HELP)
    .action((source: string, options: IgnoreOptions) => ignore(source, options, surroundings));
}

async function ignore(
  source: string,
  { url, undo = false }: IgnoreOptions,
  { terminal, env }: Surroundings,
): Promise<void> {
  const path = `/api/inbox/${encodeURIComponent(source)}/ignored`;
  await tell({ url, path, method: undo ? "DELETE" : "PUT", token: env["ISTHMUS_TOKEN"] });
  terminal.out(undo ? `${source} is shown again.\n` : `${source} is ignored; --undo shows it again.\n`);
}
