/** One client's Objects: values with the time they were measured, and what happens when the server writes. */

import { sameBytes } from "../base/bytes.ts";
import type { Stamp } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import { contains, depth, ids, type Path, ROOT } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";

export interface Entry {
  readonly value: ResourceValue;
  readonly at: Stamp;
}

/** Settles when the device has confirmed, refused or not answered. The tree changes by `set` alone, never by the write itself. */
export type WriteHandler = (path: Path, value: ResourceValue, signal: AbortSignal) => Promise<Outcome>;
export type ExecuteHandler = (path: Path, args: string, signal: AbortSignal) => Promise<Outcome>;

export type PathsListener = (paths: readonly Path[]) => void;
/** Told of a value that the server wrote and nobody but the gateway keeps; `undefined`: taken away. */
export type StoredListener = (path: Path, value: ResourceValue | undefined) => void;

/**
 * Thousands of these stand idle: one Map keyed by paths that the callers share, and everything else only when asked for.
 */
export class ObjectTree {
  /** In ascending order of path, unless `#unsorted`. */
  #entries = new Map<Path, Entry>();
  #unsorted = false;
  #last: Path = ROOT;
  #instances: readonly Path[] = [];
  #writers: Map<Path, WriteHandler> | undefined;
  #executors: Map<Path, ExecuteHandler> | undefined;
  #onChange: readonly PathsListener[] = [];
  #onDifference: readonly PathsListener[] = [];
  #onInstances: readonly (() => void)[] = [];
  #onStored: readonly StoredListener[] = [];

  /** Shows an Object Instance, even while it has no value yet. @throws RangeError if `path` is no Instance. */
  addInstance(path: Path): void {
    if (depth(path) !== 2) throw new RangeError(`no Object Instance: ${path}`);
    if (this.hasInstance(path)) return;
    this.#instances = [...this.#instances, path].sort(comparePaths);
    for (const listener of this.#onInstances) listener();
  }

  /** Takes an Object Instance away, with its values and handlers. */
  removeInstance(path: Path): void {
    if (!this.hasInstance(path)) return;
    this.#instances = this.#instances.filter((instance) => instance !== path);
    for (const at of [...(this.#writers?.keys() ?? [])]) if (contains(path, at)) this.#writers?.delete(at);
    for (const at of [...(this.#executors?.keys() ?? [])]) if (contains(path, at)) this.#executors?.delete(at);
    // Observers hear of it even if there was no value: what they watch is gone.
    this.#tell([path, ...this.#remove(path)]);
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
    return this.#entries.get(path);
  }

  /** Every entry at or below `path`, in ascending order. */
  entries(path: Path): readonly (readonly [Path, Entry])[] {
    if (this.#unsorted) this.#sort();
    const found: (readonly [Path, Entry])[] = [];
    for (const pair of this.#entries) if (contains(path, pair[0])) found.push(pair);
    return found;
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
    const removed = this.#remove(path);
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
    this.#onChange = [...this.#onChange, listener];
    return () => (this.#onChange = this.#onChange.filter((other) => other !== listener));
  }

  /** As `onChange`, but only with paths whose value is another than before. */
  onDifference(listener: PathsListener): () => void {
    this.#onDifference = [...this.#onDifference, listener];
    return () => (this.#onDifference = this.#onDifference.filter((other) => other !== listener));
  }

  /** Called when Instances came or went: the server must be told by Update. */
  onInstances(listener: () => void): () => void {
    this.#onInstances = [...this.#onInstances, listener];
    return () => (this.#onInstances = this.#onInstances.filter((other) => other !== listener));
  }

  onStored(listener: StoredListener): () => void {
    this.#onStored = [...this.#onStored, listener];
    return () => (this.#onStored = this.#onStored.filter((other) => other !== listener));
  }

  /** Whether the value is another than before. */
  #put(path: Path, value: ResourceValue, at: Stamp): boolean {
    const before = this.#entries.get(path);
    this.#entries.set(path, { value, at });
    if (before !== undefined) return !sameValue(before.value, value);
    if (this.#unsorted) return true;
    if (comparePaths(this.#last, path) < 0) this.#last = path;
    else this.#unsorted = true;
    return true;
  }

  #remove(path: Path): Path[] {
    const removed: Path[] = [];
    for (const at of this.#entries.keys()) if (contains(path, at)) removed.push(at);
    for (const at of removed) this.#entries.delete(at);
    return removed;
  }

  #tell(paths: readonly Path[]): void {
    for (const listener of this.#onChange) listener(paths);
    for (const listener of this.#onDifference) listener(paths);
  }

  /** New paths are rare, ordered walks are not: the Map is put in order once, when somebody walks. */
  #sort(): void {
    this.#entries = new Map([...this.#entries].sort(([a], [b]) => comparePaths(a, b)));
    for (const path of this.#entries.keys()) this.#last = path;
    this.#unsorted = false;
  }
}

/** Ascending by number, level by level; a parent before its children. */
export function comparePaths(a: Path, b: Path): number {
  const left = ids(a);
  const right = ids(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function sameValue(a: ResourceValue, b: ResourceValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b || (Number.isNaN(a) && Number.isNaN(b));
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  return !(b instanceof Uint8Array) && a.object === b.object && a.instance === b.instance;
}
