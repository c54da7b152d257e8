/** One client's Objects: values with the time they were measured, and what happens when the server writes. */

import { sameBytes } from "../base/bytes.ts";
import type { Stamp } from "../base/clock.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { child, contains, cut, depth, type Path } from "../model/path.ts";
import { fits, type ResourceUpdate, type ResourceValue } from "../model/value.ts";
import {
  type CreateHandler,
  type CreateOptions,
  type Creation,
  type DeleteHandler,
  type ExecuteHandler,
  Handlers,
  type ReadHandler,
  type UploadHandler,
  type WriteHandler,
} from "./handlers.ts";
import { comparePaths, type Entry, Values } from "./values.ts";

export type { Entry };

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
  #handlers: Handlers | undefined;
  /** Multiple Resources that are there and have no Instance. */
  #vacant: Set<Path> | undefined;
  readonly #models: ObjectRegistry | undefined;
  #onChange: readonly PathsListener[] = NOBODY;
  #onDifference: readonly PathsListener[] = NOBODY;
  #onInstances: readonly (() => void)[] = NOBODY;
  #onStored: readonly StoredListener[] = NOBODY;

  /** With `models`, a value of another type than its Resource's is refused when it is set, and not when it is read. */
  constructor(models?: ObjectRegistry) {
    this.#models = models;
  }

  /** Shows an Object Instance, even while it has no value yet. @throws RangeError if `path` is no Instance. */
  addInstance(path: Path): void {
    if (depth(path) !== 2) throw new RangeError(`no Object Instance: ${path}`);
    if (this.hasInstance(path)) return;
    const last = this.#instances.at(-1);
    const grown = this.#instances.concat(path);
    this.#instances = last === undefined || comparePaths(last, path) < 0 ? grown : grown.sort(comparePaths);
    for (const listener of this.#onInstances) listener();
  }

  /** Takes an Object Instance away, with its values and handlers. */
  removeInstance(path: Path): void {
    if (!this.hasInstance(path)) return;
    this.#instances = this.#instances.filter((instance) => instance !== path);
    this.#handlers?.removeBelow(path);
    this.#vacate(path, false);
    // Observers hear of it even if there was no value: what they watch is gone.
    this.#tell([path, ...this.#values.remove(path)]);
    for (const listener of this.#onInstances) listener();
  }

  hasInstance(path: Path): boolean {
    return this.#instances.includes(path);
  }

  /** Whether `path` is an Instance that is shown, or lies in one. */
  covers(path: Path): boolean {
    for (const instance of this.#instances) if (contains(instance, path)) return true;
    return false;
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

  /**
   * Stores a value and tells the listeners, also if the value is the same as before but newer.
   * @throws RangeError if the tree has models, and the value is of another type than theirs.
   */
  set(path: Path, value: ResourceValue, at: Stamp): void {
    if (this.#models !== undefined) this.#check(path, value);
    const differs = this.#put(path, value, at);
    if (this.#onChange.length === 0 && (this.#onDifference.length === 0 || !differs)) return;
    const paths = [path];
    for (const listener of this.#onChange) listener(paths);
    if (differs) for (const listener of this.#onDifference) listener(paths);
  }

  /** One reading, one change: listeners are told after all of it is stored. @throws RangeError as `set` does, before any is. */
  setAll(updates: readonly ResourceUpdate[]): void {
    if (this.#models !== undefined) for (const { path, value } of updates) this.#check(path, value);
    const differing: Path[] = [];
    for (const { path, value, at } of updates) if (this.#put(path, value, at)) differing.push(path);
    if (this.#onChange.length > 0 && updates.length > 0) {
      const paths = updates.map(({ path }) => path);
      for (const listener of this.#onChange) listener(paths);
    }
    if (differing.length > 0) for (const listener of this.#onDifference) listener(differing);
  }

  /**
   * Replaces all Instances of a multiple Resource at once: in a list they count from 0. One change, however many.
   * With none, the Resource is there and empty; `delete` takes it away.
   * @throws RangeError if `path` is no Resource.
   */
  setInstances(path: Path, values: readonly ResourceValue[] | ReadonlyMap<number, ResourceValue>, at: Stamp): void {
    if (depth(path) !== 3) throw new RangeError(`no Resource: ${path}`);
    const updates = [...values.entries()].map(([id, value]) => ({ path: child(path, id), value, at }));
    const stays = new Set(updates.map((update) => update.path));
    this.#replace(
      updates,
      this.entries(path).flatMap(([here]) => (stays.has(here) ? [] : [here])),
    );
    if (updates.length === 0) this.#vacate(path, true);
  }

  /** Whether a multiple Resource is there, but has no Instance. */
  isVacant(resource: Path): boolean {
    return this.#vacant?.has(resource) === true;
  }

  vacancies(): Iterable<Path> {
    return this.#vacant ?? NOBODY;
  }

  /** Takes away every value at or below `path`; a Resource Instance goes alone. */
  delete(path: Path): void {
    this.#vacate(path, false);
    const removed = this.#values.remove(path);
    if (removed.length > 0) this.#tell(removed);
  }

  /** What the server wrote to a Resource that the gateway itself keeps; the gateway is told, so that it can save it. */
  store(path: Path, value: ResourceValue | undefined, at: Stamp): void {
    if (value === undefined) this.delete(path);
    else this.set(path, value, at);
    for (const listener of this.#onStored) listener(path, value);
  }

  /** All that one request of a server changes, as one change. */
  storeAll(updates: readonly ResourceUpdate[], removed: readonly Path[]): void {
    const gone = this.#replace(updates, removed);
    for (const listener of this.#onStored) {
      for (const path of gone) listener(path, undefined);
      for (const { path, value } of updates) listener(path, value);
    }
  }

  /**
   * Lets servers write at or below a Resource, an Instance or an Object: the tree keeps what they write, all of one
   * request or nothing of it, and tells `onStored`. Only what the model lets be written, of its type and in its range.
   */
  allowWrite(path: Path): void {
    const handlers = this.#hands();
    handlers.kept ??= new Set();
    handlers.kept.add(path);
  }

  /** Hands what servers write at or below `path` to a device. What is said closest to a Resource counts. */
  onWrite(path: Path, handler: WriteHandler): void {
    const handlers = this.#hands();
    handlers.writers ??= new Map();
    handlers.writers.set(path, handler);
  }

  onExecute(path: Path, handler: ExecuteHandler): void {
    const handlers = this.#hands();
    handlers.executors ??= new Map();
    handlers.executors.set(path, handler);
  }

  /** Asks before servers read `path`, or anything at, above or below it. */
  onRead(path: Path, handler: ReadHandler): void {
    const handlers = this.#hands();
    handlers.readers ??= new Map();
    handlers.readers.set(path, handler);
  }

  /** Takes what servers write to an opaque Resource block by block, however long. To be left before the client starts. */
  onUpload(path: Path, handler: UploadHandler): void {
    const handlers = this.#hands();
    handlers.uploads ??= new Map();
    handlers.uploads.set(path, handler);
  }

  /** Lets servers create Instances of an Object; they are shown once the handler, if there is one, is done. */
  onCreate(object: number, handler?: CreateHandler, options: CreateOptions = {}): void {
    const handlers = this.#hands();
    handlers.creations ??= new Map();
    handlers.creations.set(object, { handler, options });
  }

  /** Lets servers delete Instances of an Object; they are gone once the handler, if there is one, is done. */
  onDelete(object: number, handler?: DeleteHandler): void {
    const handlers = this.#hands();
    handlers.deletions ??= new Map();
    handlers.deletions.set(object, handler);
  }

  /** Who takes a Write to `path`: a handler, the tree itself, or nobody. */
  writer(path: Path): WriteHandler | "tree" | undefined {
    return this.#handlers?.writer(path);
  }

  writeHandler(path: Path): WriteHandler | undefined {
    return this.#handlers?.writers?.get(path);
  }

  executeHandler(path: Path): ExecuteHandler | undefined {
    return this.#handlers?.executors?.get(path);
  }

  uploadHandler(path: Path): UploadHandler | undefined {
    return this.#handlers?.uploads?.get(path);
  }

  get takesUploads(): boolean {
    return this.#handlers?.uploads !== undefined;
  }

  /** Who wants to be asked before a Read; undefined if nobody does. */
  get readers(): ReadonlyMap<Path, ReadHandler> | undefined {
    return this.#handlers?.readers;
  }

  creation(object: number): Creation | undefined {
    return this.#handlers?.creations?.get(object);
  }

  /** Objects of which servers may create Instances. */
  creatable(): Iterable<number> {
    return this.#handlers?.creations?.keys() ?? NOBODY;
  }

  /** Whether servers may delete Instances of an Object, and who wants to be asked. */
  deletion(object: number): { readonly handler: DeleteHandler | undefined } | undefined {
    const { deletions } = this.#handlers ?? {};
    return deletions?.has(object) ? { handler: deletions.get(object) } : undefined;
  }

  /** Paths that the server may execute: shown in Discover even without a value. */
  executables(): readonly Path[] {
    return [...(this.#handlers?.executors?.keys() ?? [])].sort(comparePaths);
  }

  /** Paths that may be written: shown in Discover even without a value. */
  writables(): readonly Path[] {
    return [...(this.#handlers?.writables() ?? [])].sort(comparePaths);
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

  #hands(): Handlers {
    this.#handlers ??= new Handlers();
    return this.#handlers;
  }

  /** Values come and go, and listeners hear of it once; gives the paths that are gone. */
  #replace(updates: readonly ResourceUpdate[], removed: readonly Path[]): readonly Path[] {
    if (this.#models !== undefined) for (const { path, value } of updates) this.#check(path, value);
    const gone = removed.flatMap((path) => this.#values.remove(path));
    const differing = [...gone];
    for (const { path, value, at } of updates) if (this.#put(path, value, at)) differing.push(path);
    for (const path of removed) {
      const resource = cut(path, 3);
      this.#vacate(resource, resource !== path && this.#values.below(resource).length === 0);
    }
    const touched = gone.concat(updates.map(({ path }) => path));
    if (touched.length > 0) for (const listener of this.#onChange) listener(touched);
    if (differing.length > 0) for (const listener of this.#onDifference) listener(differing);
    return gone;
  }

  /** Whether what is at or below `path` counts as there, though it is empty. */
  #vacate(path: Path, isThere: boolean): void {
    if (isThere) {
      this.#vacant ??= new Set();
      this.#vacant.add(path);
    } else for (const resource of this.#vacant ?? NOBODY) if (contains(path, resource)) this.#vacant?.delete(resource);
  }

  #check(path: Path, value: ResourceValue): void {
    const type = this.#models?.resource(path)?.type;
    if (type !== undefined && !fits(value, type)) throw new RangeError(`${path}: ${typeof value} is no ${type}`);
  }

  /** Whether the value is another than before. */
  #put(path: Path, value: ResourceValue, at: Stamp): boolean {
    if (this.#vacant !== undefined) this.#vacant.delete(cut(path, 3));
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
