/** What every format that needs code has in common. */

import type { Scalar } from "../../base/outcome.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";
import type { Quantity } from "../reading.ts";

/** What the field of a reading may be, whatever names it. */
export interface FieldInfo {
  readonly unit: string | undefined;
  /** It may come several times: `name_2`, `part/name`. */
  readonly many: boolean;
  /** Something that happens, such as a press: each new message counts once. */
  readonly event?: boolean;
}

/** The key that a device's frames are sealed with. */
export interface KeyNeed {
  /** Bytes it may have. */
  readonly lengths: readonly number[];
  /** Some of its frames can be read without one. */
  readonly optional: boolean;
  /** Where people find it: a sentence, without its length. */
  readonly where: string;
}

/** What is remembered of one sensor from frame to frame: its key, its counter, how often the key did not fit. */
export interface Session {
  readonly key: Uint8Array | undefined;
  /** How the key does; undefined while nothing sealed was heard, or not enough of it to tell. */
  readonly state: "opened" | "no-key" | "wrong-key" | undefined;
  /**
   * How many messages proved nothing of now: opened before and heard again, or while the key is not believed yet. Only
   * grows; absent where none can.
   */
  readonly vain?: number;
  /**
   * There will be one frame only: believed for itself, where a session would wait for others to agree (decision 022).
   * Absent where each frame proves itself.
   */
  alone?(): Session;
}

/** A format that needs code: a frame becomes quantities under names of its own. */
export interface Codec {
  /** Every name that `decode` may give. */
  readonly fields: ReadonlyMap<string, FieldInfo>;
  readonly key?: KeyNeed;
  /** What one sensor needs from frame to frame; `undefined` for codecs without memory. @throws RangeError for a key of no such length */
  createSession?(key: Uint8Array | undefined): Session;
  /**
   * Undefined: nothing in it for us. Without a session, a frame stands alone: sealed ones are refused.
   * @throws DecodeError if it is malformed, SealedError if it stays closed.
   */
  decode(frame: Frame, session?: Session): Map<string, Quantity | undefined> | undefined;
}

/**
 * A codec that learns: some messages say what others mean, and one message may speak for several sensors. Its parts are
 * frames of named values, one for each sensor, which its definition then matches by the field `format`.
 */
export interface Convention extends Codec {
  /** A copy that has learned nothing yet; one for each library. */
  fresh(): Convention;
  /** The frames that a message stands for; none if it only teaches. Bounded in what it remembers. */
  parts(frame: Frame): readonly Frame[];
  /**
   * What is sent to set what a thing was heard to say under a name; undefined: it has not said that this can be set.
   * @throws RangeError if it does not take the value.
   */
  set?(source: string, field: string, value: Scalar): Payload | undefined;
  /** Whether a message under this topic is known to be ours, though no pattern says so. */
  owns(topic: string): boolean;
}
