/** Reads a configuration file from disk, and the secrets that it names. */

import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Config, type ConfigProblem, type Exposure, readConfig } from "../config/index.ts";
import { adapterSettings, type KnownDefinitions, knownDefinitions } from "../daemon.ts";
import { CommandError, reasonOf, systemCode } from "./command-error.ts";
import { ExitCode } from "./exit-code.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * @param whole looks at definitions too, for which all of them must be loaded; `faults` are those that are left out.
 * @throws CommandError if the file cannot be read at all.
 */
export async function readConfigFile(
  file: string,
  { env, folder }: Pick<Surroundings, "env" | "folder">,
  whole = false,
): Promise<{ config?: Config; problems: ConfigProblem[]; faults: KnownDefinitions["faults"] }> {
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
    credential: (name: string) => readFileSync(credentialPath(name, env["CREDENTIALS_DIRECTORY"]), "utf8"),
    exposed: (name: string | undefined) => exposureOf(name === undefined ? path : resolve(here, name)),
  };
  const options = { adapters: adapterSettings(), secrets };
  const read = readConfig(text, path, options);
  // Which definitions there are is known only when the file has said where they lie.
  const known = whole && read.config ? await knownDefinitions(read.config) : undefined;
  const { config, problems } = known ? readConfig(text, path, { ...options, definitions: known.definitions }) : read;
  // Problems name the file as it was asked for; the config has absolute paths.
  const named = problems.map((problem) => ({ ...problem, file }));
  return { ...(config && { config }), problems: named, faults: known?.faults ?? [] };
}

/** Where systemd hands over what the unit's LoadCredential= names (systemd.exec(5)). @throws Error in words. */
function credentialPath(name: string, folder: string | undefined): string {
  if (folder === undefined) throw new Error("$CREDENTIALS_DIRECTORY is not set: was this started by systemd?");
  if (!/^[\w.:@-]{1,255}$/.test(name)) throw new Error("this is no name of a credential");
  return resolve(folder, name);
}

const OTHERS = 0o007;
const GROUP = 0o070;

/**
 * Who else may read a file. A group may where root owns the file: so packages give a service what it needs, and
 * systemd's own credentials look like that.
 */
function exposureOf(path: string): Exposure | undefined {
  if (process.platform === "win32") return undefined;
  const { mode, uid } = statSync(path);
  if ((mode & OTHERS) === 0 && ((mode & GROUP) === 0 || uid === 0)) return undefined;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  return {
    what: `${path} has mode ${shown}: a key that others can read is no key`,
    hint: `chmod 600 ${path}`,
  };
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
