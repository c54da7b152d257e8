/** The last step of the build: dist/devices.json, so that a start need not read the YAML of devices/ again. */

import { writeFileSync } from "node:fs";
import { prebuild } from "../dist/library/files/prebuilt.js";
import { devicesFolder, prebuiltFile, readDefinitions, standardModels } from "../dist/library/load.js";

writeFileSync(prebuiltFile, prebuild(readDefinitions(devicesFolder), standardModels()));
