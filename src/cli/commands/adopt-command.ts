/** `isthmus adopt`: what the page does with *Adopt*, for those who have a terminal only. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { DEFAULT_URL, tell } from "../ask.ts";
import { CommandError, reasonOf } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";
import { linesOf } from "./decode-command.ts";
import { record, text } from "./inbox-command.ts";

interface AdoptOptions {
  readonly url: string;
  readonly label?: string;
  readonly endpoint?: string;
  readonly definition?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const HELP = `
Example:
  $ isthmus inbox
  $ isthmus adopt radio/A4:C1:38:56:53:84 --label "Cellar" --key cellar.key
`;

export function addAdoptCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("adopt")
    .description("adopt what waits in the inbox: it registers at the server from then on")
    .argument("<source>", "as the inbox names it, such as radio/CB:B8:33:4C:88:4F")
    .option("--label <name>", "what people call it")
    .option("--endpoint <name>", "its endpoint name at the server, which stays for ever")
    .option("--definition <id>", "read it with this definition, not with the one that fits best")
    .option("--key <file>", "what its messages are sealed with, in a file; `-`: typed, or on standard input")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .option("--json", "the sensor whole, for machines")
    .addHelpText("after", HELP)
    .action((source: string, options: AdoptOptions) => adopt(source, options, surroundings));
}

async function adopt(source: string, options: AdoptOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, env } = surroundings;
  const { url, label, endpoint, definition, json } = options;
  const key = options.key === undefined ? undefined : await readKey(options.key, surroundings);
  const body = Object.fromEntries(
    Object.entries({ label, endpoint, definition, key }).filter(([, value]) => value !== undefined),
  );
  const path = `/api/inbox/${encodeURIComponent(source)}/adopt`;
  const sensor = record(await tell({ url, path, method: "POST", token: env["ISTHMUS_TOKEN"], body }));
  if (json === true) terminal.out(`${JSON.stringify(sensor, undefined, 2)}\n`);
  else terminal.out(`${text(sensor["label"]) ?? source} is adopted as ${text(sensor["endpoint"]) ?? "?"}.\n`);
  const need = record(sensor["key"]);
  const trouble = typeof need["state"] === "string" ? TROUBLE.get(need["state"]) : undefined;
  if (trouble !== undefined) terminal.err(`${trouble} ${text(need["where"]) ?? ""}\n`);
}

const TROUBLE = new Map([
  ["missing", "It seals what it says: until you enter its key on its page, it has no values. Where the key is found:"],
  ["wrong", "This key does not open what it says: enter another on its page. Where the key is found:"],
]);

/** Never from the command line itself, which every user of the machine can read. @throws CommandError */
async function readKey(file: string, { folder, input, terminal }: Surroundings): Promise<string> {
  if (/^(?:[\da-f]{2}[\s:-]?){8,}$/i.test(file))
    throw new CommandError({
      what: "a key does not belong on the command line, where others can read it",
      next: "write it into a file and name that, or type it: --key -",
      exitCode: ExitCode.Usage,
    });
  const key = file === "-" ? await typed(input, terminal) : await contentOf(resolve(folder, file), file);
  if (key.trim() === "")
    throw new CommandError({ what: "there is no key", where: file, next: "write it in hexadecimal digits" });
  return key.trim();
}

/** The first line that is not blank. */
async function typed(input: AsyncIterable<Uint8Array>, { err }: Surroundings["terminal"]): Promise<string> {
  err("Key: ");
  for await (const lines of linesOf(input)) {
    const key = lines.find((line) => line.trim() !== "");
    if (key !== undefined) return key;
  }
  return "";
}

async function contentOf(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError({ what: `the key cannot be read: ${reasonOf(error)}`, where: file });
  }
}
