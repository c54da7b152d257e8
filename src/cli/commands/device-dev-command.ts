/** `isthmus device dev`: a definition under work, decoded anew whenever its file changes. */

import { watch } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, reasonOf } from "../command-error.ts";
import { listenForStop } from "../stopping.ts";
import type { Surroundings } from "../surroundings.ts";
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
    .option("--frames <file>", "frames, one JSON object a line; `-` for standard input")
    .option("--once", "show it once and end")
    .addHelpText("after", "\nExample:\n  $ isthmus device dev acme.yaml --frames frames.jsonl\n")
    .action((file: string, options: DevOptions) => dev(file, options, surroundings));
}

async function dev(file: string, { frames, once }: DevOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, folder } = surroundings;
  const path = resolve(folder, file);
  const from = frames === undefined || frames === "-" ? undefined : resolve(folder, frames);
  const piped = frames === "-" ? await linesFrom(undefined, surroundings) : [];
  const show = async (): Promise<void> => {
    const { loadOwn } = await import("../device/own.ts");
    const { renderDev } = await import("../device/dev.ts");
    const lines = from === undefined ? piped : await linesFrom(from, surroundings);
    try {
      terminal.out(`${renderDev(loadOwn(path), lines, terminal)}\n`);
    } catch (error) {
      if (once === true)
        throw new CommandError({ what: `the definition cannot be read: ${reasonOf(error)}`, where: file });
      terminal.err(`${file}: ${reasonOf(error)}\n`);
    }
  };
  await show();
  if (once !== true) await whenever(path, from, show, surroundings);
}

/** Until somebody ends it. Editors replace files: the folder is watched, not the file. */
async function whenever(
  path: string,
  frames: string | undefined,
  show: () => Promise<void>,
  surroundings: Surroundings,
): Promise<void> {
  const stops = listenForStop(surroundings);
  const ended = new AbortController();
  void stops.asked.then(() => ended.abort());
  const names = new Set([path, frames]);
  try {
    for await (const { filename } of watch(dirname(path), { signal: ended.signal }))
      if (filename !== null && names.has(resolve(dirname(path), filename))) {
        surroundings.terminal.out("\n");
        await show();
      }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    stops.forget();
  }
}
