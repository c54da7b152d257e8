/** One client's Objects: values with the time they were measured, and what happens when the server writes. */

import { sameBytes } from "../base/bytes.ts";
import type { Stamp } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import { contains, depth, type Path } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";
import { comparePaths, type Entry, Values } from "./values.ts";

export type { Entry };

/** Settles when the device has confirmed, refused or not answered. The tree changes by `set` alone, never by the write itself. */
export type WriteHandler = (path: Path, value: ResourceValue, signal: AbortSignal) => Promise<Outcome>;
export type ExecuteHandler = (path: Path, args: string, signal: AbortSignal) => Promise<Outcome>;

export type PathsListener = (paths: readonly Path[]) => void;
/** Told of a value that the server wrote and nobody but the gateway keeps; `undefined`: taken away. */
export type StoredListener = (path: Path, value: ResourceValue | undefined) => void;

/** What nearly all trees have none or one of, shared by all that have none. */
const NO_INSTANCES: readonly Path[] = [];
const NOBODY: readonly never[] = [];

/** Thousands of these stand idle, so everything but the values themselves is allocated when it is asked for. */
export class ObjectTree {
  readonly #values = new Values();
  #instances: readonly Path[] = NO_INSTANCES;
  #writers: Map<Path, WriteHandler> | undefined;
  #executors: Map<Path, ExecuteHandler> | undefined;
  #onChange: readonly PathsListener[] = NOBODY;
  #onDifference: readonly PathsListener[] = NOBODY;
  #onInstances: readonly (() => void)[] = NOBODY;
  #onStored: readonly StoredListener[] = NOBODY;

  /** Shows an Object Instance, even while it has no value yet. @throws RangeError if `path` is no Instance. */
  addInstance(path: Path): void {
    if (depth(path) !== 2) throw new RangeError(`no Object Instance: ${path}`);
    if (this.hasInstance(path)) return;
    this.#instances = this.#instances.concat(path).sort(comparePaths);
    for (const listener of this.#onInstances) listener();
  }

  /** Takes an Object Instance away, with its values and handlers. */
  removeInstance(path: Path): void {
    if (!this.hasInstance(path)) return;
    this.#instances = this.#instances.filter((instance) => instance !== path);
    for (const at of [...(this.#writers?.keys() ?? [])]) if (contains(path, at)) this.#writers?.delete(at);
    for (const at of [...(this.#executors?.keys() ?? [])]) if (contains(path, at)) this.#executors?.delete(at);
    // Observers hear of it even if there was no value: what they watch is gone.
    this.#tell([path, ...this.#values.remove(path)]);
    for (const listener of this.#onInstances) listener();
  }

  hasInstance(path: Path): boolean {
    return this.#instances.includes(path);
  }

  /** Instances in ascending order. */
  instances(): readonly Path[] {
    return this.#instances;
  }

  get(path: Path): Entry | undefined {
    return this.#values.get(path);
  }

  /** Every entry at or below `path`, in ascending order. */
  entries(path: Path): readonly (readonly [Path, Entry])[] {
    return this.#values.below(path);
  }

  /** Stores a value and tells the listeners, also if the value is the same as before but newer. */
  set(path: Path, value: ResourceValue, at: Stamp): void {
    const differs = this.#put(path, value, at);
    if (this.#onChange.length === 0 && (this.#onDifference.length === 0 || !differs)) return;
    const paths = [path];
    for (const listener of this.#onChange) listener(paths);
    if (differs) for (const listener of this.#onDifference) listener(paths);
  }

  /** One reading, one change: listeners are told after all of it is stored. */
  setAll(updates: readonly ResourceUpdate[]): void {
    const differing: Path[] = [];
    for (const { path, value, at } of updates) if (this.#put(path, value, at)) differing.push(path);
    if (this.#onChange.length > 0 && updates.length > 0) {
      const paths = updates.map(({ path }) => path);
      for (const listener of this.#onChange) listener(paths);
    }
    if (differing.length > 0) for (const listener of this.#onDifference) listener(differing);
  }

  /** Takes away every value at or below `path`. */
  delete(path: Path): void {
    const removed = this.#values.remove(path);
    if (removed.length > 0) this.#tell(removed);
  }

  /** What the server wrote to a Resource that the gateway itself keeps; the gateway is told, so that it can save it. */
  store(path: Path, value: ResourceValue | undefined, at: Stamp): void {
    if (value === undefined) this.delete(path);
    else this.set(path, value, at);
    for (const listener of this.#onStored) listener(path, value);
  }

  onWrite(path: Path, handler: WriteHandler): void {
    this.#writers ??= new Map();
    this.#writers.set(path, handler);
  }

  onExecute(path: Path, handler: ExecuteHandler): void {
    this.#executors ??= new Map();
    this.#executors.set(path, handler);
  }

  writeHandler(path: Path): WriteHandler | undefined {
    return this.#writers?.get(path);
  }

  executeHandler(path: Path): ExecuteHandler | undefined {
    return this.#executors?.get(path);
  }

  /** Paths that the server may execute: shown in Discover even without a value. */
  executables(): readonly Path[] {
    return [...(this.#executors?.keys() ?? [])].sort(comparePaths);
  }

  /** Paths that a device may be told: shown in Discover even without a value. */
  writables(): readonly Path[] {
    return [...(this.#writers?.keys() ?? [])].sort(comparePaths);
  }

  /** Called with the paths that `set`, `setAll` and `delete` touched. Returns how to stop listening. */
  onChange(listener: PathsListener): () => void {
    this.#onChange = this.#onChange.concat(listener);
    return () => (this.#onChange = this.#onChange.filter((other) => other !== listener));
  }

  /** As `onChange`, but only with paths whose value is another than before. */
  onDifference(listener: PathsListener): () => void {
    this.#onDifference = this.#onDifference.concat(listener);
    return () => (this.#onDifference = this.#onDifference.filter((other) => other !== listener));
  }

  /** Called when Instances came or went: the server must be told by Update. */
  onInstances(listener: () => void): () => void {
    this.#onInstances = this.#onInstances.concat(listener);
    return () => (this.#onInstances = this.#onInstances.filter((other) => other !== listener));
  }

  onStored(listener: StoredListener): () => void {
    this.#onStored = this.#onStored.concat(listener);
    return () => (this.#onStored = this.#onStored.filter((other) => other !== listener));
  }

  /** Whether the value is another than before. */
  #put(path: Path, value: ResourceValue, at: Stamp): boolean {
    const before = this.#values.put(path, value, at);
    return before === undefined || !sameValue(before, value);
  }

  #tell(paths: readonly Path[]): void {
    for (const listener of this.#onChange) listener(paths);
    for (const listener of this.#onDifference) listener(paths);
  }
}

export function sameValue(a: ResourceValue, b: ResourceValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b || (Number.isNaN(a) && Number.isNaN(b));
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  return !(b instanceof Uint8Array) && a.object === b.object && a.instance === b.instance;
}
