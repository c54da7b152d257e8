/** `isthmus device`: what is known, and everything that those who write definitions need. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Portrait } from "../../library/index.ts";
import { CommandError, reasonOf } from "../command-error.ts";
import { ExitCode } from "../exit-code.ts";
import type { Surroundings } from "../surroundings.ts";
import { addDevCommand } from "./device-dev-command.ts";
import { addNewCommand } from "./device-new-command.ts";
import { addRecordCommand } from "./device-record-command.ts";

export function addDeviceCommand(program: Command, surroundings: Surroundings): void {
  const device = program
    .command("device")
    .description("list and show devices that are known; write and test definitions");
  addListCommand(device, surroundings);
  addShowCommand(device, surroundings);
  addRecordCommand(device, surroundings);
  addNewCommand(device, surroundings);
  addDevCommand(device, surroundings);
  addTestCommand(device, surroundings);
  addPagesCommand(device, surroundings);
}

function addListCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("list")
    .description("the devices that are known, or those that fit all words")
    .argument("[words...]", "part of a name, a vendor, a quantity, or Bluetooth, serial, Modbus, MQTT")
    .option("--devices <path>", "a file or folder of further definitions")
    .option("--json", "for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus device list govee temperature\n")
    .action(async (words: string[], options: { devices?: string; json?: boolean }) => {
      const { terminal } = surroundings;
      const { choose, renderList } = await import("../device/list.ts");
      const found = choose(await portraits(surroundings, options.devices), words);
      if (options.json === true) terminal.out(`${JSON.stringify(found, undefined, 2)}\n`);
      else if (found.length > 0) terminal.out(renderList(found, terminal));
      else
        throw new CommandError({ what: `no device fits "${words.join(" ")}"`, next: "isthmus device list shows all" });
    });
}

function addShowCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("show")
    .description("one definition: how its device is recognised, what it says, what it becomes in LwM2M")
    .argument("<id>", "such as ruuvi.tag.df5, or the file of a definition")
    .option("--devices <path>", "a file or folder of further definitions")
    .option("--json", "for machines")
    .addHelpText("after", "\nExamples:\n  $ isthmus device show ruuvi.tag.df5\n  $ isthmus device show acme.yaml\n")
    .action(async (name: string, options: { devices?: string; json?: boolean }) => {
      const { terminal, folder } = surroundings;
      const isFile = /\.ya?ml$/.test(name);
      const all = await portraits(surroundings, isFile ? name : options.devices);
      const id = isFile ? await idIn(resolve(folder, name)) : name;
      const found = all.find((each) => each.id === id);
      if (!found) throw isFile ? unreadable(name) : await unknownDevice(name, all);
      const { renderShow } = await import("../device/show.ts");
      terminal.out(options.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : renderShow(found, terminal));
    });
}

/** Undefined if it does not say. */
async function idIn(file: string): Promise<string | undefined> {
  return /^id:\s*["']?([\w.-]+)/m.exec(await readFile(file, "utf8"))?.[1];
}

const unreadable = (file: string) =>
  new CommandError({
    what: `${file} holds no definition, or one with a mistake`,
    next: `isthmus device test ${file} names it`,
  });

async function unknownDevice(id: string, all: readonly Portrait[]): Promise<CommandError> {
  const { nearest } = await import("../../base/nearest.ts");
  const { choose } = await import("../device/list.ts");
  const meant =
    nearest(
      id,
      all.map((each) => each.id),
    ) ?? choose(all, [id])[0]?.id;
  return new CommandError({
    what: `there is no definition "${id}"`,
    next: meant === undefined ? "isthmus device list shows all" : `did you mean: isthmus device show ${meant}`,
  });
}

async function portraits({ folder }: Surroundings, further: string | undefined): Promise<Portrait[]> {
  const { portraitOf, standardModels } = await import("../../library/index.ts");
  const library = await libraryOf(folder, further);
  const models = standardModels();
  return [...library.compiled()].map((device) => portraitOf(device, models)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function libraryOf(folder: string, further: string | undefined) {
  const { loadDevices } = await import("../../library/index.ts");
  if (further === undefined) return loadDevices().library;
  const { loadOwn } = await import("../device/own.ts");
  try {
    return loadOwn(resolve(folder, further)).library;
  } catch (error) {
    throw new CommandError({ what: `definitions cannot be read: ${reasonOf(error)}`, next: "name a file or a folder" });
  }
}

function addTestCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("test")
    .description("run the golden frames of definitions; without a path, of all that come with Isthmus")
    .argument("[paths...]", "definitions, or folders of them")
    .option("--json", "problems, results and unproven fields, for machines")
    .addHelpText("after", "\nExample:\n  $ isthmus device test devices/ruuvi\n")
    .action((paths: string[], options: { json?: boolean }) => {
      const absolute = paths.map((path) => resolve(surroundings.folder, path));
      return options.json === true ? testForMachines(absolute, surroundings) : testForPeople(absolute, surroundings);
    });
}

async function testForPeople(paths: readonly string[], { terminal }: Surroundings): Promise<void> {
  const { deviceTest } = await import("../device/test.ts");
  const exitCode = await deviceTest(paths, (line) => terminal.out(`${line}\n`));
  if (exitCode !== 0) throw new CommandError({ what: "", exitCode: ExitCode.Problem });
}

async function testForMachines(paths: readonly string[], { terminal }: Surroundings): Promise<void> {
  const { devicesFolder } = await import("../../library/index.ts");
  const { loadOwn } = await import("../device/own.ts");
  const { testOwn } = await import("../device/test.ts");
  const reports = (paths.length > 0 ? paths : [devicesFolder]).map((path) => {
    try {
      const own = loadOwn(path);
      const tested = testOwn(own);
      return { path, problems: own.problems, tests: tested.flatMap(({ results }) => results), tested };
    } catch (error) {
      return { path, error: reasonOf(error), problems: [], tests: [], tested: [] };
    }
  });
  const told = reports.map(({ tested, ...report }) => ({
    ...report,
    coverage: tested.map(({ id, coverage }) => ({ definition: id, ...coverage })),
  }));
  terminal.out(`${JSON.stringify(told, undefined, 2)}\n`);
  const good = reports.every(
    (report) =>
      !("error" in report) &&
      report.problems.length === 0 &&
      report.tests.every(({ differences }) => differences.length === 0),
  );
  if (!good) throw new CommandError({ what: "", exitCode: ExitCode.Problem });
}

function addPagesCommand(device: Command, surroundings: Surroundings): void {
  device
    .command("pages")
    .description("write a page for each family of definitions, in Markdown")
    .argument("<folder>", "where to, such as docs/devices")
    .action(async (to: string) => {
      const { writePages } = await import("../device/write-pages.ts");
      const written = writePages(resolve(surroundings.folder, to));
      surroundings.terminal.out(`${written} pages in ${to}\n`);
    });
}
