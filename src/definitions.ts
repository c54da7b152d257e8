/** The definitions of a gateway: the user's own, those of packages, and ours; and what is wrong with any of them. */

import { words } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import type { Config, DefinitionFacts } from "./config/index.ts";
import type { GatewayOptions } from "./gateway/index.ts";
import {
  type DefinitionFile,
  type Device,
  devicesFolder,
  isOneOf,
  Library,
  packagedFolders,
  readDefinitions,
  yielding,
} from "./library/index.ts";
import type { ObjectRegistry } from "./model/objects.ts";

/** What the configuration must know of a definition. */
export function factsOf(device: Device): DefinitionFacts {
  // Asked of those that a configuration names: nobody compiles all of them for that.
  return {
    get fields() {
      return [...device.fields.keys()];
    },
    hasField: (name) =>
      device.fields.has(name) || [...device.fields].some(([field, { many }]) => many && isOneOf(name, field)),
    get keyDigits() {
      return device.key?.lengths.map((length) => length * 2) ?? [];
    },
  };
}

export interface Sources {
  /** Where packages may be installed, besides the usual places. */
  readonly near?: readonly string[];
  /** Those that come with Isthmus. */
  readonly ours?: string;
  readonly models: ObjectRegistry;
  readonly log: Log;
}

/** The definitions that come with Isthmus, and before them those of packages, and the user's own before all others. */
export function loadDevices(config: Config, { near = [], ours = devicesFolder, models, log }: Sources): LoadedDevices {
  const faults: Fault[] = [];
  const read = (folder: string): DefinitionFile[] => {
    try {
      return readDefinitions(folder);
    } catch (error) {
      log.error("definitions-not-read", { folder, reason: words(error) });
      faults.push({
        what: `The definitions in ${folder} are left out: ${words(error)}.`,
        next: "Correct devices in the configuration, or allow the folder to be read.",
      });
      return [];
    }
  };
  const own = (config.devices ?? []).flatMap(read);
  const places = config.folder === undefined ? near : [...near, config.folder];
  const packaged = packagedFolders(places).flatMap(read);
  const { library, problems } = Library.load(yielding([own, packaged, read(ours)]), models);
  for (const { file, line, column, message, hint } of problems) {
    const at = `${file}:${line}:${column}`;
    log.error("definition-left-out", { at, reason: message, hint });
    faults.push({
      what: `The definition at ${at} is left out: ${message}${hint === undefined ? "" : ` (${hint})`}.`,
      next: `Correct it, then: isthmus device test ${file}; it is read when Isthmus starts again.`,
    });
  }
  return { devices: library, faults: faults.slice(0, MAX_FAULTS) };
}

type Fault = NonNullable<GatewayOptions["faults"]>[number];

export interface LoadedDevices {
  readonly devices: Library;
  readonly faults: readonly Fault[];
}

/** Nobody mends more at a time. */
const MAX_FAULTS = 20;
