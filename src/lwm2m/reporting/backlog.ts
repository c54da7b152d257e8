/** What could not be told while a server was out of reach, with the times at which it was measured (/1/x/6). */

import type { Path } from "../../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../../model/value.ts";

/** One notification, or one Send, that did not take place. */
export interface BacklogRecord {
  /** The observation that it belongs to, by what it observes; undefined: it was to be sent without one. */
  readonly of: string | undefined;
  readonly values: readonly ResourceUpdate[];
  /** Monotonic milliseconds when it was kept: how old it is, should the wall clock not be set. Only of this run. */
  readonly since?: number;
}

/**
 * What one server has missed, oldest first. Whoever injects one decides where it is kept and how much of it; a store that
 * is full drops the oldest and counts it.
 */
export interface Backlog {
  /** `most`: how many records of the same observation are kept at most (hqmax); the oldest of them makes room. */
  add(record: BacklogRecord, most?: number): void;
  /** The oldest, up to `limit` of them, which stay. */
  peek(limit: number): readonly BacklogRecord[];
  /** Forgets the oldest `count`: the server has them. */
  release(count: number): void;
  readonly size: number;
  /** How many were lost for want of room. */
  readonly dropped: number;
}

const MAX_RECORDS = 256;
const MAX_BYTES = 65_536;
/** What a record takes beside its values, roughly. */
const RECORD_BYTES = 64;
const VALUE_BYTES = 32;

/** Keeps no more than so many records and roughly so many bytes, in memory: gone when the program ends. */
export class MemoryBacklog implements Backlog {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #records: BacklogRecord[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(maxRecords = MAX_RECORDS, maxBytes = MAX_BYTES) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#records.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(record: BacklogRecord, most = Infinity): void {
    if (most !== Infinity) this.#makeRoom(record.of, most);
    if (most <= 0) return;
    this.#records.push(record);
    this.#bytes += bytesOf(record);
    while (this.#records.length > this.#maxRecords || (this.#bytes > this.#maxBytes && this.#records.length > 1))
      this.#drop(0);
  }

  peek(limit: number): readonly BacklogRecord[] {
    return this.#records.slice(0, limit);
  }

  release(count: number): void {
    for (const record of this.#records.splice(0, count)) this.#bytes -= bytesOf(record);
  }

  /** LwM2M Core 1.2 §5.1.2, hqmax: the oldest reading of that observation is dropped. */
  #makeRoom(of: string | undefined, most: number): void {
    let count = 0;
    for (const record of this.#records) if (record.of === of) count += 1;
    for (; count >= most && count > 0; count--) this.#drop(this.#records.findIndex((record) => record.of === of));
  }

  #drop(index: number): void {
    for (const record of this.#records.splice(index, 1)) this.#bytes -= bytesOf(record);
    this.#dropped += 1;
  }
}

function bytesOf({ values }: BacklogRecord): number {
  let bytes = RECORD_BYTES;
  for (const { value } of values) bytes += VALUE_BYTES + sizeOf(value);
  return bytes;
}

function sizeOf(value: ResourceValue): number {
  return typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
}

/** What several paths observed together are called. */
export function keyOf(paths: readonly Path[]): string {
  return paths.join(" ");
}
