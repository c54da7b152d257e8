/** Reads a configuration file from disk, and the secrets that it names. */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Config, type ConfigProblem, readConfig } from "../config/index.ts";
import { adapterSettings, knownDefinitions } from "../daemon.ts";
import { CommandError, reasonOf, systemCode } from "./command-error.ts";
import { ExitCode } from "./exit-code.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * @param whole looks at the names of definitions too, for which all of them must be loaded.
 * @throws CommandError if the file cannot be read at all.
 */
export async function readConfigFile(
  file: string,
  { env, folder }: Pick<Surroundings, "env" | "folder">,
  whole = false,
): Promise<{ config?: Config; problems: ConfigProblem[] }> {
  const path = resolve(folder, file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError(unreadable(file, error));
  }
  const here = dirname(path);
  const secrets = {
    env: (name: string) => env[name],
    file: (name: string) => readFileSync(resolve(here, name), "utf8"),
  };
  const options = { adapters: adapterSettings(), secrets };
  const read = readConfig(text, path, options);
  // Which definitions there are is known only when the file has said where they lie.
  const definitions = whole && read.config ? await knownDefinitions(read.config) : undefined;
  const { config, problems } = definitions ? readConfig(text, path, { ...options, definitions }) : read;
  // Problems name the file as it was asked for; the config has absolute paths.
  return { ...(config && { config }), problems: problems.map((problem) => ({ ...problem, file })) };
}

function unreadable(file: string, error: unknown) {
  const code = systemCode(error);
  const exitCode = ExitCode.Config;
  if (code === "ENOENT")
    return { what: "there is no such configuration file", where: file, next: "name it: --config FILE", exitCode };
  if (code === "EISDIR")
    return { what: "this is a folder", where: file, next: `name the file in it: ${file}/isthmus.yaml`, exitCode };
  if (code === "EACCES")
    return { what: "the configuration may not be read", where: file, next: `allow it, or ask with sudo`, exitCode };
  return { what: `the configuration cannot be read: ${reasonOf(error)}`, where: file, exitCode };
}
