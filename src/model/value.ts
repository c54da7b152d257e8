/** The data types of LwM2M (Core 1.2 Appendix C). */

import type { Stamp } from "../base/clock.ts";
import type { Path } from "./path.ts";

export type ResourceType =
  | "string"
  | "integer"
  | "unsigned"
  | "float"
  | "boolean"
  | "opaque"
  | "time"
  | "objlnk"
  | "corelnk";

/** A pointer to an Object Instance; 65535:65535 points to nothing. */
export interface ObjectLink {
  readonly object: number;
  readonly instance: number;
}

/** `number` carries float, time and integers up to 2^53; larger integers are `bigint`. Time counts seconds since 1970 UTC. */
export type ResourceValue = string | number | bigint | boolean | Uint8Array | ObjectLink;

/** A value that a device measured or confirmed, on its way into a tree. */
export interface ResourceUpdate {
  readonly path: Path;
  readonly value: ResourceValue;
  readonly at: Stamp;
}
