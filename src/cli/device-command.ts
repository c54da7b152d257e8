/** `isthmus device`: runs the golden frames of device definitions. */

import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

export function addDeviceCommand(program: Command, surroundings: Surroundings): void {
  const device = program.command("device").description("work on device definitions");
  device
    .command("test")
    .description("run the test frames of definitions: of a file, of a folder, or of the whole library")
    .argument("[path]", "a definition or a folder of them")
    .option("--json", "the results as JSON")
    .addHelpText("after", "\nExample:\n  $ isthmus device test devices/ruuvi\n")
    .action((path: string | undefined, options: { json?: boolean }) =>
      testDevices(path, options.json === true, surroundings),
    );
}

async function testDevices(_path: string | undefined, _json: boolean, _surroundings: Surroundings): Promise<void> {
  await Promise.resolve();
}
