/** One value of a representation: where, what type, what value, perhaps when. */

import type { ResourceModel } from "../model/objects.ts";
import type { Path } from "../model/path.ts";
import type { ResourceType, ResourceValue } from "../model/value.ts";

export interface Node {
  /** A Resource, or a Resource Instance where the Resource is multiple. */
  readonly path: Path;
  /** JavaScript has one number type and LwM2M has four: the type decides how a value is written, never its look. */
  readonly type: ResourceType;
  readonly value: ResourceValue;
  /**
   * Seconds since 1970 UTC; absent: at the time of the message. What was read may be relative to that time instead,
   * if it is below 2^28, as the sender wrote it (RFC 8428 §4.5.3).
   */
  readonly time?: number;
}

/** Finds the model of a path of depth 3 or 4. */
export type ModelOf = (path: Path) => ResourceModel | undefined;

/** A content format, both ways. */
export interface Codec {
  /** CoAP Content-Format number. */
  readonly format: number;
  /** Whether it can carry anything but one single value. */
  readonly structured: boolean;
  /** Whether it can say when each value was so, and therefore carry the same path several times. */
  readonly timed: boolean;
  /**
   * Writes what lies at or below `base`.
   * @throws RangeError if this format cannot carry these nodes (several values in text, say).
   */
  encode(nodes: readonly Node[], base: Path): Uint8Array;
  /**
   * Reads what was written to `base`.
   * @throws DecodeError if the bytes are malformed, of another type than the model's, or outside `base`.
   */
  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[];
}
