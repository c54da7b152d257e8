/** `isthmus decode`: recorded payloads in, readings out, one JSON object a line each way. */

import { resolve } from "node:path";
import type { Command } from "commander";
import type { Library } from "../../library/index.ts";
import { CommandError, reasonOf } from "../command-error.ts";
import type { Surroundings } from "../surroundings.ts";

interface DecodeOptions {
  readonly devices?: string;
}

/** Characters of a line that are kept; what is longer is cut here and refused by the decoder. */
const MAX_KEPT = 1_000_001;

export function addDecodeCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("decode")
    .description("decode payloads: JSON lines on standard input, JSON lines on standard output")
    .option("--devices <path>", "a file or folder of further definitions, which win")
    .addHelpText("after", HELP)
    .action((options: DecodeOptions) => decode(options, surroundings));
}

const HELP = `
Example:
  $ echo '{"kind":"advert","address":"CB:B8:33:4C:88:4F","manufacturer_data":{"0499":"0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"}}' | isthmus decode

Kinds: advert (manufacturer_data, service_data, local_name), text, bytes (hex),
message (topic, payload), registers (values).
"definition" in a line forces one, "key" opens what is sealed.
`;

async function decode({ devices }: DecodeOptions, { terminal, input, folder }: Surroundings): Promise<void> {
  const { decodeLine } = await import("../decode.ts");
  const library = await loadLibrary(devices === undefined ? undefined : resolve(folder, devices), terminal.err);
  // One write for each piece of input: a pipe costs more than decoding does.
  for await (const lines of linesOf(input)) {
    const answers = lines.filter((line) => line.trim() !== "").map((line) => JSON.stringify(decodeLine(library, line)));
    if (answers.length === 0) continue;
    terminal.out(`${answers.join("\n")}\n`);
    await terminal.drained();
  }
}

/** The lines that each piece of input completes; a last line without an end counts too. */
export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of input) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    parts[0] = pending + (parts[0] ?? "");
    pending = (parts.pop() ?? "").slice(0, MAX_KEPT);
    if (parts.length > 0) yield parts;
  }
  yield [pending + decoder.decode()];
}

async function loadLibrary(own: string | undefined, complain: (text: string) => void): Promise<Library> {
  const { devicesFolder, Library, readDefinitions, standardModels } = await import("../../library/index.ts");
  let further: ReturnType<typeof readDefinitions> = [];
  try {
    if (own !== undefined) further = readDefinitions(own);
  } catch (error) {
    throw new CommandError({ what: `definitions cannot be read: ${reasonOf(error)}`, next: "name a file or a folder" });
  }
  const { library, problems } = Library.load([...further, ...readDefinitions(devicesFolder)], standardModels());
  for (const { file, line, column, message, hint } of problems)
    complain(`${file}:${line}:${column}  ${message}${hint === undefined ? "" : ` (${hint})`}\n`);
  return library;
}
