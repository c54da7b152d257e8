/** One client's Objects: values with the time they were measured, and what happens when the server writes. */

import type { Stamp } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Path } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";

export interface Entry {
  readonly value: ResourceValue;
  readonly at: Stamp;
}

/** Settles when the device has confirmed, refused or not answered. The tree changes by `set` alone, never by the write itself. */
export type WriteHandler = (path: Path, value: ResourceValue, signal: AbortSignal) => Promise<Outcome>;
export type ExecuteHandler = (path: Path, args: string, signal: AbortSignal) => Promise<Outcome>;

export interface ObjectTree {
  /** Shows an Object Instance, even while it has no value yet. */
  addInstance(path: Path): void;
  removeInstance(path: Path): void;
  hasInstance(path: Path): boolean;
  /** Instances in ascending order. */
  instances(): readonly Path[];
  get(path: Path): Entry | undefined;
  /** Every entry at or below `path`, in ascending order. */
  entries(path: Path): Iterable<readonly [Path, Entry]>;
  /** Stores a value and tells the listeners, also if the value is the same as before but newer. */
  set(path: Path, value: ResourceValue, at: Stamp): void;
  /** One reading, one change: listeners are told after all of it is stored. */
  setAll(updates: readonly ResourceUpdate[]): void;
  delete(path: Path): void;
  onWrite(path: Path, handler: WriteHandler): void;
  onExecute(path: Path, handler: ExecuteHandler): void;
  writeHandler(path: Path): WriteHandler | undefined;
  executeHandler(path: Path): ExecuteHandler | undefined;
  /** Paths with a handler: shown in Discover even without a value. */
  executables(): readonly Path[];
  /** Called with the paths that `set`, `setAll` and `delete` touched. Returns how to stop listening. */
  onChange(listener: (paths: readonly Path[]) => void): () => void;
  /** Called when Instances came or went: the server must be told by Update. */
  onInstances(listener: () => void): () => void;
}
