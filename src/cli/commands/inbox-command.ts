/** `isthmus inbox`: what is heard but not adopted, and of strangers all that can be told of their format. */

import { type Command, Option } from "commander";
import { ask, DEFAULT_URL } from "../ask.ts";
import { CommandError } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";
import { cut, styled, type Terminal, UNSHOWN } from "../terminal.ts";

interface InboxOptions {
  readonly url: string;
  readonly json?: boolean;
  readonly all?: boolean;
}

/** What a person wants of one entry. */
export interface Heard {
  readonly source: string;
  readonly name: string | undefined;
  readonly definition: string | undefined;
  readonly rssi: number | undefined;
  /** A person does not want to see it. */
  readonly ignored: boolean;
  /** Where people find its key, if it needs one. */
  readonly key: string | undefined;
  readonly lines: readonly string[];
}

export function addInboxCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("inbox")
    .description("what the running daemon hears and nobody has adopted")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .option("--all", "those that are ignored as well")
    .option("--json", "the whole inbox, for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus inbox --url http://127.0.0.1:8080\n")
    .action((options: InboxOptions) => inbox(options, surroundings));
}

async function inbox({ url, json, all = false }: InboxOptions, { terminal, env }: Surroundings): Promise<void> {
  const answer = await ask({ url, path: "/api/inbox", token: env["ISTHMUS_TOKEN"] });
  if (json === true) {
    terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
    return;
  }
  if (!Array.isArray(answer))
    throw new CommandError({ what: "what answers is not Isthmus", where: url, exitCode: ExitCode.Unavailable });
  const heard = answer.map((each: unknown) => readHeard(each));
  const entries = heard.filter(({ ignored }) => all || !ignored);
  terminal.out(entries.length === 0 ? "Nothing is heard that is not adopted.\n" : renderInbox(entries, terminal));
  if (entries.length < heard.length)
    terminal.err(`${heard.length - entries.length} ignored, not shown: isthmus inbox --all\n`);
  if (entries.length > 0) terminal.err(nextSteps(entries));
}

/** For what is known, how to adopt it; for what is not, how to make it known. */
function nextSteps(entries: readonly Heard[]): string {
  const known = entries.find(({ definition }) => definition !== undefined);
  const stranger = entries.find(({ definition }) => definition === undefined);
  const steps = [
    ...(known ? [`isthmus adopt ${quoted(known.source)}${known.key === undefined ? "" : " --key FILE"}`] : []),
    ...(stranger ? [`isthmus device record --source ${quoted(addressOf(stranger.source))} > frames.jsonl`] : []),
    ...(stranger ? ["isthmus device new frames.jsonl"] : []),
  ];
  return `\nNext:\n${steps.map((step) => `  ${step}\n`).join("")}`;
}

/** Sources may have anything in them: what is copied into a shell must be one word there. */
function quoted(word: string): string {
  return /^[\w/.:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Without the adapter's name before it. */
const addressOf = (source: string) => source.slice(source.indexOf("/") + 1);

export function renderInbox(entries: readonly Heard[], terminal: Pick<Terminal, "color" | "width">): string {
  return entries
    .map(({ source, name, definition, rssi, ignored, key, lines }) => {
      const signal = rssi === undefined ? undefined : `${rssi} dBm`;
      const facts = [definition ?? "no definition fits", name, signal, ignored ? "ignored" : undefined];
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
    ignored: entry["ignored"] === true,
    key: key["needed"] === true ? (text(key["where"]) ?? "") : undefined,
    lines: Array.isArray(raw) ? raw.flatMap((line: unknown) => text(line) ?? []) : [],
  };
}

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** What a stranger sends must not steer the terminal: control characters go. */
/** As it may be shown. */
export const text = (value: unknown) => (typeof value === "string" ? value.replaceAll(UNSHOWN, " ") : undefined);
