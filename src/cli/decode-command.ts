/** `isthmus decode`: recorded payloads in, readings out, one JSON object a line each way. */

import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

interface DecodeOptions {
  readonly devices?: string;
}

export function addDecodeCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("decode")
    .description("decode payloads: JSON lines on standard input, JSON lines on standard output")
    .option("--devices <folder>", "further definitions")
    .addHelpText("after", HELP)
    .action((options: DecodeOptions) => decode(options, surroundings));
}

const HELP = `
Example:
  $ echo '{"kind":"advert","address":"CB:B8:33:4C:88:4F","manufacturer_data":{"0499":"0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"}}' | isthmus decode

Kinds: advert (manufacturer_data, service_data, local_name), text, bytes (hex),
message (topic, payload), registers (values). "definition" in a line forces one.
`;

async function decode(_options: DecodeOptions, _surroundings: Surroundings): Promise<void> {
  await Promise.resolve();
}
