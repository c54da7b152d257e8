/** Loads the device library once, as a start does, and says how many milliseconds of CPU that took. */

import { loadDevices, standardModels } from "../dist/library/load.js";

const models = standardModels();
const before = process.cpuUsage();
const { library } = loadDevices(undefined, models);
const { user, system } = process.cpuUsage(before);
if ([...library.devices()].length === 0) throw new Error("no definitions");
console.log((user + system) / 1_000);
