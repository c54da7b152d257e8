/**
 * The device library: which model a frame comes from, what it says, and what it means in LwM2M.
 *
 * A device model is one YAML file in devices/. It is data, so that it can be checked, tested, documented and read by
 * others; the few formats that need code are codecs, named by a definition. A definition with a mistake is left out and
 * named with file, line and column; all others work. Frames come from adapters, updates go to the gateway: this room
 * has never heard of a radio or a server.
 *
 *     Frame -- match --> Device -- decode --> Reading -- mapping --> ResourceUpdate
 *     Command <-- mapping -- a write or an execute
 */

export { type Coverage, coverageOf } from "./coverage.ts";
export { type CheckKind, checks } from "./framing/binary/checks.ts";
export { definitionSchema } from "./definition/definition.ts";
export type { FieldInfo, KeyNeed, Session } from "./codecs/codec.ts";
export type {
  Device,
  Identity,
  MappedRequest,
  Mapping,
  MappingOptions,
  PlannedCommand,
  RegisterRead,
  Report,
  ReportSpecs,
  Restored,
  Saying,
  Told,
} from "./device.ts";
export { type GoldenResult, testDefinitions } from "./golden.ts";
export { type DefinitionFile, Library, type Loaded } from "./library.ts";
export { devicesFolder, loadDevices, packagedFolders } from "./load.ts";
export { readDefinitions, standardModels, yielding } from "./load.ts";
export { type Medium, type Portrait, type PortraitField, type PortraitResource, portraitOf } from "./portrait.ts";
export type { Correction } from "./mapping/calibration.ts";
export { isOneOf } from "./mapping/many.ts";
export type { Quantity, Reading } from "./reading.ts";
export type { Frame } from "../sdk/adapter.ts";
export { SealedError, type SealState } from "./sealed.ts";
export type { DefinitionProblem } from "./source.ts";
