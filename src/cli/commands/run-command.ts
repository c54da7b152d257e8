/** `isthmus run`: the daemon in the foreground, with a configuration or, without one, as a demonstration. */

import { type Command, Option } from "commander";
import type { Level } from "../../base/log.ts";
import type { Config } from "../../config/index.ts";
import type { Daemon } from "../../daemon.ts";
import { CommandError, reasonOf, systemCode } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import { processLog } from "../process-log.ts";
import { friendlyPath, stateFolder } from "../state-folder.ts";
import { listenForStop, type Stops } from "../stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { table } from "../table.ts";
import { styled } from "../terminal.ts";
import { seconds } from "../words.ts";

interface RunOptions {
  readonly config?: string;
  readonly state?: string;
  readonly log?: Level;
}

/** How long de-registering may take before the process ends anyway. */
const STOP_LIMIT_MS = 5_000;

export function addRunCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("run")
    .description("run the gateway; without a configuration a demonstration with simulated sensors")
    .option("-c, --config <file>", "the configuration file")
    .option("-s, --state <folder>", "where sensors and ports are remembered")
    .addOption(new Option("--log <level>", "what to log").choices(["debug", "info", "warn", "error"]))
    .addHelpText("after", "\nExample:\n  $ isthmus run --config /etc/isthmus/isthmus.yaml\n")
    .action((options: RunOptions) => run(options, surroundings));
}

async function run(options: RunOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings;
  // From the first moment on: a Ctrl-C while things start must not leave half of them behind.
  const stops = listenForStop(surroundings);
  try {
    const demo = options.config === undefined;
    const config = await chooseConfig(options.config, surroundings);
    const stateDir = stateFolder({ chosen: options.state, demo, env: surroundings.env, folder: surroundings.folder });
    const daemon = await start(config, { stateDir, level: options.log ?? config.log.level, demo }, surroundings);
    terminal.out(greeting({ demo, config, daemon, stateDir }, surroundings));
    await stops.asked;
    terminal.err(styled("Stopping: telling the servers. Ctrl-C again ends at once.\n", "dim", terminal));
    await stopWithin(daemon, stops, surroundings);
  } finally {
    stops.forget();
  }
}

async function chooseConfig(file: string | undefined, surroundings: Surroundings): Promise<Config> {
  const { demoConfig, formatProblem } = await import("../../config/index.ts");
  if (file === undefined) return demoConfig();
  const { readConfigFile } = await import("../config-file.ts");
  const { config, problems } = await readConfigFile(file, surroundings);
  for (const problem of problems) surroundings.terminal.err(`${formatProblem(problem)}\n`);
  if (config) return config;
  throw new CommandError({
    what: "the configuration is not good enough to start with",
    where: file,
    next: `mend it, then: isthmus config check ${file}`,
    exitCode: ExitCode.Config,
  });
}

interface StartOptions {
  readonly stateDir: string;
  readonly level: Level;
  readonly demo: boolean;
}

async function start(
  config: Config,
  { stateDir, level, demo }: StartOptions,
  surroundings: Surroundings,
): Promise<Daemon> {
  const { startDaemon } = await import("../../daemon.ts");
  const { SystemClock } = await import("../../base/system-clock.ts");
  const { systemRandom } = await import("../../base/random.ts");
  const clock = new SystemClock();
  // The demonstration is for reading the page; its log speaks only of what is wrong.
  const log = processLog({ surroundings, clock, level: demo && level === "info" ? "warn" : level });
  try {
    return await startDaemon({ config, stateDir, log, clock, random: systemRandom });
  } catch (error) {
    throw startFailure(error, stateDir);
  }
}

/** Why the house could not be built, as a person needs to hear it. */
export function startFailure(error: unknown, stateDir: string): CommandError {
  const code = systemCode(error);
  const what = reasonOf(error);
  // Named, not imported: the daemon and all its rooms are loaded only when something runs.
  if (error instanceof Error && error.name === "SecondInstanceError")
    return new CommandError({
      what,
      where: stateDir,
      next: "stop it, or give this one its own folder: --state FOLDER",
    });
  if (code === "EADDRINUSE")
    return new CommandError({
      what: "a port that is needed is taken by another program",
      where: what,
      next: "stop that program, or choose another port (http.listen, lab.port)",
    });
  if (code === "EACCES" || code === "EROFS" || code === "EPERM")
    return new CommandError({
      what,
      where: stateDir,
      next: "make the folder writable, or choose another: --state FOLDER",
    });
  return new CommandError({ what, where: stateDir });
}

interface Greeting {
  readonly demo: boolean;
  readonly config: Config;
  readonly daemon: Pick<Daemon, "url" | "servers">;
  readonly stateDir: string;
}

/** A few lines: what runs, what to open, how to stop. */
export function greeting({ demo, config, daemon, stateDir }: Greeting, { terminal, env }: Surroundings): string {
  const head = demo
    ? "Isthmus is running a demonstration: simulated sensors, a small LwM2M server, and a page."
    : `Isthmus is running: ${config.adapters.map(({ name }) => name).join(", ") || "no adapter"}.`;
  const rows = [
    ...(daemon.url === undefined ? [] : [["Open", styled(daemon.url, "bold", terminal)]]),
    ["Upstream", daemon.servers.join(", ")],
    ["State", friendlyPath(stateDir, env)],
    ["Stop", "Ctrl-C"],
    ...(demo ? [["Then", "isthmus run --config isthmus.yaml   (docs/config.md)"]] : []),
  ];
  return `${head}\n\n${table(rows, Number.MAX_SAFE_INTEGER, "  ")}\n`;
}

/** Waits for the daemon to stop: not longer than it may take, and not at all once somebody insists. */
export async function stopWithin(
  daemon: Pick<Daemon, "stop">,
  stops: Pick<Stops, "insisted">,
  { terminal, monotonic }: Pick<Surroundings, "terminal" | "monotonic">,
): Promise<void> {
  const began = monotonic();
  const ended = await Promise.race([
    daemon.stop().then(() => "stopped" as const),
    stops.insisted.then(() => "insisted" as const),
    tooLong(),
  ]);
  if (ended === "stopped") {
    terminal.err(styled(`Stopped in ${seconds(monotonic() - began)}.\n`, "dim", terminal));
    return;
  }
  if (ended === "insisted")
    throw new CommandError({
      what: "ended at once",
      next: "nothing: servers notice when the lifetime of each sensor ends",
      exitCode: ExitCode.Interrupted,
    });
  throw new CommandError({ what: `still not stopped after ${STOP_LIMIT_MS / 1_000} s: ended anyway` });
}

function tooLong(): Promise<"late"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("late"), STOP_LIMIT_MS + 500).unref();
  });
}
