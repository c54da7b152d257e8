/** `isthmus device record`: what the running daemon hears, as frames for drafts, tests and replays. */

import { type Command, Option } from "commander";
import { DEFAULT_URL, listen } from "../ask.ts";
import { CommandError } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import { listenForStop } from "../stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { linesOf } from "./decode-command.ts";

interface RecordOptions {
  readonly url: string;
  readonly source?: string;
  readonly frames?: string;
}

export function addRecordCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("record")
    .description("write what the running daemon hears to standard output, one frame a line, until Ctrl-C")
    .addOption(new Option("--url <url>", "where the daemon's page is").default(DEFAULT_URL).env("ISTHMUS_URL"))
    .option("--source <source>", "of this source only, such as a Bluetooth address")
    .option("-n, --frames <number>", "end after so many")
    .addHelpText("after", "\nExample:\n  $ isthmus device record --source C0:FF:EE:00:00:01 -n 20 > frames.jsonl\n")
    .action((options: RecordOptions) => record(options, surroundings));
}

async function record({ url, source, frames }: RecordOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, env } = surroundings;
  let left = frames === undefined ? Infinity : Number(frames);
  if (!(left >= 1))
    throw new CommandError({ what: `"${frames ?? ""}" is no number of frames`, exitCode: ExitCode.Usage });
  const path = source === undefined ? "/api/frames" : `/api/frames?source=${encodeURIComponent(source)}`;
  const stops = listenForStop(surroundings);
  const ended = new AbortController();
  void stops.asked.then(() => ended.abort());
  try {
    for await (const lines of linesOf(await listen({ url, path, token: env["ISTHMUS_TOKEN"] }, ended.signal)))
      for (const line of lines.filter((each) => each !== "")) {
        terminal.out(`${line}\n`);
        left -= 1;
        if (left <= 0) return;
      }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    ended.abort();
    stops.forget();
  }
}
