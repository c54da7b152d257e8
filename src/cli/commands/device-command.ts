/** `isthmus device`: runs the golden frames of device definitions. */

import { resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, reasonOf } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";

export function addDeviceCommand(program: Command, surroundings: Surroundings): void {
  const device = program.command("device").description("work on device definitions");
  device
    .command("test")
    .description("run the test frames of definitions; without a path, of all that come with Isthmus")
    .argument("[paths...]", "definitions, or folders of them")
    .option("--json", "problems and results, for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus device test devices/ruuvi\n")
    .action((paths: string[], options: { json?: boolean }) => {
      const absolute = paths.map((path) => resolve(surroundings.folder, path));
      return options.json === true ? testForMachines(absolute, surroundings) : testForPeople(absolute, surroundings);
    });
}

async function testForPeople(paths: readonly string[], { terminal }: Surroundings): Promise<void> {
  const { deviceTest } = await import("../device.ts");
  const exitCode = await deviceTest(paths, (line) => terminal.out(`${line}\n`));
  if (exitCode !== 0) throw new CommandError({ what: "", exitCode: ExitCode.Problem });
}

async function testForMachines(paths: readonly string[], { terminal }: Surroundings): Promise<void> {
  const { devicesFolder, loadDevices, testDefinitions } = await import("../../library/index.ts");
  const reports = (paths.length > 0 ? paths : [devicesFolder]).map((path) => {
    try {
      const { library, problems } = loadDevices(path);
      return { path, problems, tests: [...testDefinitions(library)] };
    } catch (error) {
      return { path, error: reasonOf(error), problems: [], tests: [] };
    }
  });
  terminal.out(`${JSON.stringify(reports, undefined, 2)}\n`);
  const good = reports.every(
    ({ error, problems, tests }) =>
      error === undefined && problems.length === 0 && tests.every(({ differences }) => differences.length === 0),
  );
  if (!good) throw new CommandError({ what: "", exitCode: ExitCode.Problem });
}
