/** What an Object is made of: definitions as data, from the OMA registry or from a DDF file. */

import type { Path } from "./path.ts";
import type { ResourceType } from "./value.ts";

export interface ResourceModel {
  readonly id: number;
  readonly name: string;
  /** An executable Resource counts as a string: its arguments are text. */
  readonly type: ResourceType;
  /** What a server may do; "" is for Bootstrap only. */
  readonly operations: "R" | "W" | "RW" | "E" | "";
  readonly multiple: boolean;
  readonly mandatory: boolean;
  /** Least and greatest value, both allowed; of a string or opaque, its length in bytes. */
  readonly range?: readonly [number, number];
  /** SenML unit name. */
  readonly unit?: string;
}

export interface ObjectModel {
  readonly id: number;
  readonly name: string;
  /** Such as "1.1". */
  readonly version: string;
  readonly multiple: boolean;
  readonly mandatory: boolean;
  readonly resources: ReadonlyMap<number, ResourceModel>;
}

/** The Objects that a client or server knows. */
export interface ObjectRegistry {
  /** The newest version, or the one asked for. */
  object(id: number, version?: string): ObjectModel | undefined;
  /** The resource that a path of depth 3 or 4 speaks of, in the newest version of its Object. */
  resource(path: Path): ResourceModel | undefined;
  /** Every Object in every version, ascending: the last one of an id is its newest. */
  objects(): Iterable<ObjectModel>;
  /** The Objects that are not, or not as, in the OMA registry: somebody has brought them. */
  readonly extra?: ReadonlySet<number>;
}
