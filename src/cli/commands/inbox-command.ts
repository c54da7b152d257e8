/** `isthmus inbox`: what is heard but not adopted, and of strangers all that can be told of their format. */

import { type Command, Option } from "commander";
import { ask, DEFAULT_URL } from "../ask.ts";
import { CommandError } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";
import { cut, styled, type Terminal } from "../terminal.ts";

interface InboxOptions {
  readonly url: string;
  readonly json?: boolean;
}

/** What a person wants of one entry. */
export interface Heard {
  readonly source: string;
  readonly name: string | undefined;
  readonly definition: string | undefined;
  readonly rssi: number | undefined;
  /** Where people find its key, if it needs one. */
  readonly key: string | undefined;
  readonly lines: readonly string[];
}

export function addInboxCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("inbox")
    .description("what the running daemon hears and nobody has adopted")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .option("--json", "the whole inbox, for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus inbox --url http://127.0.0.1:8080\n")
    .action((options: InboxOptions) => inbox(options, surroundings));
}

async function inbox({ url, json }: InboxOptions, { terminal, env }: Surroundings): Promise<void> {
  const answer = await ask({ url, path: "/api/inbox", token: env["ISTHMUS_TOKEN"] });
  if (json === true) {
    terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
    return;
  }
  if (!Array.isArray(answer))
    throw new CommandError({ what: "what answers is not Isthmus", where: url, exitCode: ExitCode.Unavailable });
  const entries = answer.map((each: unknown) => readHeard(each));
  terminal.out(entries.length === 0 ? "Nothing is heard that is not adopted.\n" : renderInbox(entries, terminal));
}

export function renderInbox(entries: readonly Heard[], terminal: Pick<Terminal, "color" | "width">): string {
  return entries
    .map(({ source, name, definition, rssi, key, lines }) => {
      const facts = [definition ?? "no definition fits", name, rssi === undefined ? undefined : `${rssi} dBm`];
      const head = `${styled(source, "bold", terminal)}  ${facts.filter(Boolean).join(", ")}`;
      const more = key === undefined ? lines : [`needs a key. ${key}`, ...lines];
      return [head, ...more.map((line) => cut(`    ${line}`, terminal.width))].join("\n");
    })
    .join("\n")
    .concat("\n");
}

export function readHeard(value: unknown): Heard {
  const entry = record(value);
  const key = record(entry["key"]);
  const { raw } = entry;
  return {
    source: text(entry["source"]) ?? "?",
    name: text(entry["name"]),
    definition: text(entry["definition"]),
    rssi: typeof entry["rssi"] === "number" ? entry["rssi"] : undefined,
    key: key["needed"] === true ? (text(key["where"]) ?? "") : undefined,
    lines: Array.isArray(raw) ? raw.flatMap((line: unknown) => text(line) ?? []) : [],
  };
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** What a stranger sends must not steer the terminal: control characters go. */
const text = (value: unknown) => (typeof value === "string" ? value.replaceAll(/\p{Cc}/gu, " ") : undefined);
