/** `isthmus`, alone: how the running daemon is, in five lines, and what one might want next. */

import { type Command, Option } from "commander";
import { nearest } from "../../base/nearest.ts";
import { ask, DEFAULT_URL } from "../ask.ts";
import { CommandError } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import { readSnapshot, type ServerSnapshot, type Snapshot } from "../snapshot.ts";
import type { Surroundings } from "../surroundings.ts";
import { table } from "../table.ts";
import { styled, type Terminal } from "../terminal.ts";
import { age, ageSince, count, megabytes } from "../words.ts";

interface StatusOptions {
  readonly url: string;
  readonly json?: boolean;
}

export function addStatusCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("status", { isDefault: true })
    .description("how the running daemon is; the same as `isthmus` alone")
    .argument("[nothing...]")
    .usage("[options]")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .option("--json", "the whole status, for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus status --url http://127.0.0.1:8080\n")
    .action(async ([word]: string[], options: StatusOptions) => {
      if (word !== undefined) throw unknownCommand(program, word);
      await status(options, surroundings);
    });
}

async function status({ url, json }: StatusOptions, { terminal, env, now }: Surroundings): Promise<void> {
  let answer: unknown;
  try {
    answer = await ask({ url, path: "/api/status", token: env["ISTHMUS_TOKEN"] });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== ExitCode.Unavailable || json === true) throw error;
    const { what, where, next } = error.complaint;
    terminal.err(`isthmus: ${what}${where === undefined ? "" : ` (${where})`}\n`);
    if (next !== undefined) terminal.err(`  to do    ${next}\n`);
    terminal.err(`\n${nextSteps(NOT_RUNNING, terminal)}`);
    throw new CommandError({ what: "", exitCode: ExitCode.Unavailable });
  }
  if (json === true) {
    terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
    return;
  }
  const snapshot = readSnapshot(answer);
  if (!snapshot)
    throw new CommandError({ what: "what answers is not Isthmus", where: url, exitCode: ExitCode.Unavailable });
  terminal.out(`${renderStatus(snapshot, terminal, now())}\n${nextSteps(running(snapshot, url), terminal)}`);
}

/** Five lines; then, if something is wrong, each problem with its cure. */
export function renderStatus(status: Snapshot, terminal: Pick<Terminal, "color" | "width">, nowMs: number): string {
  const { live, waiting, stale, gone } = status.sensors;
  const well = status.problems.length === 0;
  const sensors = [
    `${live} live`,
    ...silent({ waiting, stale, gone }),
    ...(status.sealed > 0 ? [`${status.sealed} without the right key`] : []),
    ...(status.inbox > 0 ? [`${status.inbox} in the inbox`] : []),
  ];
  const rows = [
    ["Running", `for ${age(status.uptimeSeconds)}, ${megabytes(status.memoryBytes)}, version ${status.version}`],
    ["Sensors", sensors.join(", ")],
    ["Adapters", status.adapters.map(adapterWords).join("; ") || "none: the configuration names none"],
    ...upstreamRows(status.servers, nowMs),
  ];
  const head = styled(`${status.name}: ${status.summary}`, well ? "green" : "yellow", terminal);
  const problems = status.problems.map(
    ({ what, next }) => `  ${styled("!", "yellow", terminal)} ${what}\n    ${next}\n`,
  );
  return `${head}\n${table(rows, terminal.width, "  ")}${problems.join("")}`;
}

function silent(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([word, number]) => (number > 0 ? [`${number} ${word}`] : []));
}

function adapterWords({ name, health, reason }: Snapshot["adapters"][number]): string {
  return reason === undefined ? `${name} ${health}` : `${name} ${health} (${reason})`;
}

/** One line for each: with what is kept and given up, two do not fit beside each other. */
function upstreamRows(servers: readonly ServerSnapshot[], nowMs: number): string[][] {
  if (servers.length === 0) return [["Upstream", "no server"]];
  return servers.map((server, index) => [index === 0 ? "Upstream" : "", serverWords(server, nowMs)]);
}

function serverWords(server: ServerSnapshot, nowMs: number): string {
  const { uri, registered, endpoints, lastAnswerAt, givenUp, asleep, kept } = server;
  const answered = lastAnswerAt === undefined ? undefined : ageSince(lastAnswerAt, nowMs);
  const words = answered === undefined ? "no answer yet" : `answered ${answered} ago`;
  const more = [
    ...(givenUp > 0 ? [`${givenUp} given up`] : []),
    ...(asleep > 0 ? [`${asleep} asleep`] : []),
    ...(kept > 0 ? [`${kept} kept`] : []),
  ];
  return [`${uri}, ${registered} of ${count(endpoints, "endpoint")} registered`, ...more, words].join(", ");
}

type Step = readonly [command: string, what: string];

const NOT_RUNNING: readonly Step[] = [
  ["isthmus run", "simulated sensors, a small server and a page: nothing needed"],
  ["isthmus config check isthmus.yaml", "check a configuration before it runs"],
  ["isthmus run --config isthmus.yaml", "run it"],
];

function running({ inbox }: Snapshot, url: string): readonly Step[] {
  return [
    [`xdg-open ${url}`, inbox > 0 ? "look at the page; adopt what waits in the inbox" : "look at the page"],
    inbox > 0
      ? ["isthmus inbox", "what waits there, and how to adopt it from here"]
      : ["isthmus status --json", "the same for machines, with every figure"],
    ["isthmus config check isthmus.yaml", "check a changed configuration before a restart"],
  ];
}

function nextSteps(steps: readonly Step[], terminal: Terminal): string {
  return `Next:\n${table(steps, terminal.width, "  ")}`;
}

function unknownCommand(program: Command, word: string): CommandError {
  const names = program.commands.map((command) => command.name());
  const meant = nearest(word, names);
  return new CommandError({
    what: `there is no command "${word}"`,
    next: meant === undefined ? "isthmus --help lists them" : `did you mean: isthmus ${meant}`,
    exitCode: ExitCode.Usage,
  });
}
