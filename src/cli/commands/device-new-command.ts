/** `isthmus device new`: recorded frames in, the draft of a definition out. */

import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, reasonOf } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";

interface NewOptions {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly now?: string;
  readonly source?: string;
  readonly out?: string;
}

export function addNewCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("new")
    .description("draft a definition from recorded frames: what stands still, what moves, what it may mean")
    .argument("[frames]", "a file of frames, one JSON object a line; standard input if absent")
    .option("--id <id>", "id of the definition", "acme.sensor")
    .option("--vendor <name>", "who makes it", "Acme")
    .option("--model <name>", "what it is called", "Sensor")
    .option("--now <values>", "what the device showed at the last frame, such as temperature=21.5,humidity=45")
    .option("--source <source>", "take the frames of this source only, such as a Bluetooth address")
    .option("-o, --out <file>", "where to; a file that exists is not overwritten")
    .addHelpText("after", HELP)
    .action((frames: string | undefined, options: NewOptions) => draft(frames, options, surroundings));
}

const HELP = `
Example:
  $ isthmus device new frames.jsonl --id acme.thermo --now temperature=21.5 -o acme.yaml
`;

const ELSEWHERE = "Did the device show it then, with as many digits as it sends?";

async function draft(frames: string | undefined, options: NewOptions, surroundings: Surroundings): Promise<void> {
  const { folder, terminal } = surroundings;
  const { id, vendor, model, out } = options;
  const now = readingsOf(options.now);
  const lines = await linesFrom(frames === undefined ? undefined : resolve(folder, frames), surroundings);
  const { draftFrom, whyNone } = await import("../device/draft/new.ts");
  const drafted = draftFrom(lines, { id, vendor, model, now }, options.source);
  if (!drafted)
    throw new CommandError({
      what: `no frame that a draft could be made of${whyNone(lines)}`,
      next: "a frame is a JSON object in a line, as isthmus decode takes it, or as it was recorded",
    });
  if (drafted.skipped)
    terminal.err(`${drafted.skipped.count} lines were no frames; the first: ${drafted.skipped.reason}\n`);
  if (drafted.missed.length > 0)
    terminal.err(`${drafted.missed.join(", ")}: found nowhere in the last frame. ${ELSEWHERE}\n`);
  if (out === undefined) {
    terminal.out(drafted.text);
    return;
  }
  await save(resolve(folder, out), out, drafted.text);
  terminal.out(`${out}: drafted from ${drafted.frames} frames\n\nNext:\n  isthmus device test ${out}\n`);
}

function readingsOf(text: string | undefined): ReadonlyMap<string, number> {
  const readings = new Map<string, number>();
  for (const part of text?.split(",") ?? []) {
    const [name = "", value = ""] = part.split("=").map((each) => each.trim());
    if (!/^[a-z][a-z0-9_]*$/.test(name) || value === "" || !Number.isFinite(Number(value)))
      throw new CommandError({
        what: `"${part}" is no reading`,
        next: "write name=number, such as temperature=21.5",
        exitCode: ExitCode.Usage,
      });
    readings.set(name, Number(value));
  }
  return readings;
}

/** Lines of a file, or of standard input. */
export async function linesFrom(file: string | undefined, { input }: Surroundings): Promise<string[]> {
  if (file === undefined) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of input) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8").split("\n");
  }
  try {
    return (await readFile(file, "utf8")).split("\n");
  } catch (error) {
    throw new CommandError({ what: `the frames cannot be read: ${reasonOf(error)}`, where: file });
  }
}

async function save(file: string, shown: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    throw new CommandError({
      what: `${shown} cannot be written: ${reasonOf(error)}`,
      next: "choose another name with -o",
    });
  }
}
