/** Before any test: the definitions as the build leaves them, so that not every file of tests has to read all YAML again. */

import { rmSync, writeFileSync } from "node:fs";
import { prebuild } from "../../src/library/files/prebuilt.ts";
import { devicesFolder, prebuiltFile, readDefinitions, standardModels } from "../../src/library/load.ts";

export function setup(): () => void {
  // One that a broken run has left behind may be older than the language.
  rmSync(prebuiltFile, { force: true });
  writeFileSync(prebuiltFile, prebuild(readDefinitions(devicesFolder), standardModels()));
  return () => rmSync(prebuiltFile, { force: true });
}
