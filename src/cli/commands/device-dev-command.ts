/** `isthmus device dev`: a definition under work, decoded anew whenever its file changes. */

import { watch } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, reasonOf } from "../command-error.ts";
import { listenForStop } from "../stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { linesOf } from "./decode-command.ts";
import { linesFrom } from "./device-new-command.ts";

interface DevOptions {
  readonly frames?: string;
  readonly once?: boolean;
}

export function addDevCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("dev")
    .description("show what a definition makes of frames, beside the LwM2M tree; anew whenever the file changes")
    .argument("<definition>", "the file you work on")
    .option("--frames <file>", "frames, one JSON object a line; `-`: as they come on standard input")
    .option("--once", "show it once and end")
    .addHelpText(
      "after",
      "\nExample:\n  $ isthmus device dev acme.yaml --frames frames.jsonl\n  $ isthmus device record | isthmus device dev acme.yaml --frames -\n",
    )
    .action((file: string, options: DevOptions) => dev(file, options, surroundings));
}

async function dev(file: string, { frames, once }: DevOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, folder } = surroundings;
  const { loadOwn } = await import("../device/own.ts");
  const { renderDev, renderFrame } = await import("../device/dev.ts");
  const path = resolve(folder, file);
  const from = frames === undefined || frames === "-" ? undefined : resolve(folder, frames);
  const piped = frames === "-";
  let own = await open(path, file);
  const show = async (lines: readonly string[]) => {
    const recorded = from === undefined ? lines : await linesFrom(from, surroundings);
    terminal.out(`${renderDev(own, recorded, terminal)}\n`);
  };
  if (once === true) return show(piped ? await linesFrom(undefined, surroundings) : []);
  await show([]);
  const stops = listenForStop(surroundings);
  const ended = new AbortController();
  void stops.asked.then(() => ended.abort());
  const again = async () => {
    try {
      own = loadOwn(path);
      terminal.out("\n");
      await show([]);
    } catch (error) {
      // An editor may have taken it away for a moment.
      terminal.err(`${file}: ${reasonOf(error)}\n`);
    }
  };
  const changes = whenever([path, from], again, ended.signal);
  try {
    if (piped) await hear((line) => terminal.out(`${renderFrame(own, line, terminal)}\n`), surroundings, ended.signal);
    else await changes;
  } finally {
    ended.abort();
    stops.forget();
    await changes;
  }
}

async function open(path: string, file: string) {
  const { loadOwn } = await import("../device/own.ts");
  try {
    return loadOwn(path);
  } catch (error) {
    throw new CommandError({ what: `the definition cannot be read: ${reasonOf(error)}`, where: file });
  }
}

/** Lines of standard input as they come. */
async function hear(each: (line: string) => void, { input }: Surroundings, signal: AbortSignal): Promise<void> {
  for await (const lines of linesOf(input)) {
    if (signal.aborted) return;
    for (const line of lines) if (line.trim() !== "") each(line);
  }
}

/** Until somebody ends it. Editors replace files: the folder is watched, not the file. */
async function whenever(
  paths: readonly (string | undefined)[],
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const [first = ""] = paths;
  try {
    for await (const { filename } of watch(dirname(first), { signal }))
      if (filename !== null && paths.includes(resolve(dirname(first), filename))) await changed();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
