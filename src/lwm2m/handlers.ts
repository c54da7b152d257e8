/** What whoever owns a tree leaves in it for servers: handlers by path, and places that servers may write freely. */

import type { Outcome } from "../base/outcome.ts";
import { contains, depth, parent, type Path, ROOT } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";

export type MaybeLater<T> = T | Promise<T>;

/** Not now: 4.05 with its reason. */
export interface NotAllowed {
  readonly status: "not-allowed";
  readonly reason: string;
}

/**
 * How a handler answers: nothing at all, or "done", is 2.04. `after` runs once that answer has left: a restart, say,
 * or whatever else would swallow it. "rejected" is 4.00 with its reason, "timeout" 5.04; what it throws is 5.00.
 */
export type Verdict = Outcome | NotAllowed | { readonly status: "done"; readonly after: () => void } | undefined;

/** Settles when the device has confirmed, refused or not answered. The tree changes by `set` alone, never by the Write itself. */
export type WriteHandler = (path: Path, value: ResourceValue, signal: AbortSignal) => MaybeLater<Verdict>;

/** One argument of an Execute: a number from 0 to 9, perhaps with a text (LwM2M Core 1.1 §6.3.5). */
export interface Argument {
  readonly id: number;
  readonly value?: string;
}

/** `args` is the list as it came, `0='on',1`, and `list` the same taken apart. */
export type ExecuteHandler = (
  path: Path,
  args: string,
  signal: AbortSignal,
  list: readonly Argument[],
) => MaybeLater<Verdict>;

/**
 * Asked before a value is read: gives the value as it is now, or has set it in the tree by itself. What it throws, and
 * silence for a minute, ends a Read of just that in 5.04 with the words; a Read of more shows what was known before.
 */
export type ReadHandler = (path: Path, signal: AbortSignal) => MaybeLater<ResourceValue | undefined>;

/** What a new Instance begins with. */
export type InitialValues = readonly { readonly path: Path; readonly value: ResourceValue }[];
export type CreateHandler = (instance: Path, values: InitialValues, signal: AbortSignal) => MaybeLater<Verdict>;
export type DeleteHandler = (instance: Path, signal: AbortSignal) => MaybeLater<Verdict>;

export interface CreateOptions {
  /** How many Instances of the Object there may be in all; 16 unless said otherwise. */
  readonly limit?: number;
  /** Values by Resource that a new Instance has where the server gives none; lists for multiple Resources. */
  readonly defaults?: Readonly<Record<number, ResourceValue | readonly ResourceValue[]>>;
}

/** Takes a long opaque value as it comes. Exactly one of three things ends it: a refusal, `done`, or `aborted`. */
export interface BodySink {
  /** Bytes that it takes at most; more is refused with 4.13. Unbounded unless given. */
  readonly max?: number;
  /** The next bytes, in order, from 0; who keeps them copies them. Any answer but "done" refuses the rest. */
  chunk(bytes: Uint8Array, offset: number): Verdict;
  /** All has come; the verdict answers the Write. */
  done(): MaybeLater<Verdict>;
  /** Nothing more will come. */
  aborted(): void;
}

/** Asked when a body begins, with its length in bytes if the server tells it. Anything but a sink refuses it at once. */
export type UploadHandler = (path: Path, size: number | undefined) => BodySink | Outcome | NotAllowed;

/** Which Instances of an Object servers may create. */
export interface Creation {
  readonly handler: CreateHandler | undefined;
  readonly options: CreateOptions;
}

const WRITABLE_DEPTH = 3;

/** Allocated with the first of them: most trees have few or none. */
export class Handlers {
  writers: Map<Path, WriteHandler> | undefined;
  executors: Map<Path, ExecuteHandler> | undefined;
  readers: Map<Path, ReadHandler> | undefined;
  uploads: Map<Path, UploadHandler> | undefined;
  /** By the number of the Object. */
  creations: Map<number, Creation> | undefined;
  deletions: Map<number, DeleteHandler | undefined> | undefined;
  /** What servers may write at or below these is kept by the tree itself. */
  kept: Set<Path> | undefined;

  /** Who takes what is written to `path`: whatever was said closest to it counts. */
  writer(path: Path): WriteHandler | "tree" | undefined {
    if (this.writers === undefined && this.kept === undefined) return undefined;
    for (let at = path; at !== ROOT; at = parent(at)) {
      const handler = this.writers?.get(at);
      if (handler !== undefined) return handler;
      if (this.kept?.has(at)) return "tree";
    }
    return undefined;
  }

  /** Resources, and Instances of them, that may be written even while they have no value. */
  *writables(): Iterable<Path> {
    for (const path of this.writers?.keys() ?? []) if (depth(path) >= WRITABLE_DEPTH) yield path;
    for (const path of this.kept ?? []) if (depth(path) >= WRITABLE_DEPTH) yield path;
    yield* this.uploads?.keys() ?? [];
  }

  /** Forgets what was left at or below an Instance. */
  removeBelow(instance: Path): void {
    for (const paths of [this.writers, this.executors, this.readers, this.uploads, this.kept])
      for (const path of [...(paths?.keys() ?? [])]) if (contains(instance, path)) paths?.delete(path);
  }
}
