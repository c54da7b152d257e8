/** What servers miss while they are away, of all sensors together: one bound for the whole gateway, in bytes. */

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Backlog, BacklogRecord } from "../../lwm2m/index.ts";
import type { ResourceValue } from "../../model/value.ts";

export interface BacklogPoolOptions {
  /** Bytes that all backlogs together may take. */
  readonly budget: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a record and each value in it take in V8, time and number boxed; text and bytes come on top. */
const RECORD_BYTES = 144;
const VALUE_BYTES = 106;
/** Backlogs within this much of each other are equally greedy. */
const STEP_BYTES = 1_024;
/** Places before the oldest record that may stand empty until they are given back. */
const MAX_EMPTY = 64;

export class BacklogPool {
  readonly #options: BacklogPoolOptions;
  /** Backlogs that hold something, by their size in steps: the greediest are found without looking at all. */
  readonly #bySize = new Map<number, Set<PooledBacklog>>();
  /** No backlog is larger, in steps. */
  #greatest = 0;
  #bytes = 0;
  #kept = 0;
  #dropped = 0;
  #droppedAtMs: number | undefined;
  #warned = false;

  constructor(options: BacklogPoolOptions) {
    this.#options = options;
  }

  open(): PooledBacklog {
    return new PooledBacklog(this);
  }

  /** Bytes that may be taken. */
  get budget(): number {
    return this.#options.budget;
  }

  /** Bytes that are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records that wait for their server. */
  get kept(): number {
    return this.#kept;
  }

  /** Records that were lost for want of room, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** When the last one was, in milliseconds since 1970. */
  get droppedAtMs(): number | undefined {
    return this.#droppedAtMs;
  }

  /** A backlog has `records` more and `bytes` more than before, or less. Makes room if that is too much. */
  changed(backlog: PooledBacklog, records: number, bytes: number): void {
    this.#kept += records;
    this.#bytes += bytes;
    this.#move(backlog, sizeOf(backlog.bytes - bytes), sizeOf(backlog.bytes));
    if (this.#kept === 0) this.#warned = false;
    // What goes for want of room comes through here as well: only what comes makes room, or one would call the other.
    while (bytes > 0 && this.#bytes > this.budget) this.#makeRoom();
  }

  #makeRoom(): void {
    while (!this.#bySize.has(this.#greatest)) this.#greatest -= 1;
    const [greediest] = this.#bySize.get(this.#greatest) ?? [];
    this.#dropped += 1;
    const { clock, log, budget } = this.#options;
    this.#droppedAtMs = clock.now().ms;
    if (!this.#warned) log.warn("backlog-full", { bytes: budget, next: "storage.memory in the configuration" });
    this.#warned = true;
    greediest?.dropOldest();
  }

  #move(backlog: PooledBacklog, before: number, after: number): void {
    if (before === after) return;
    const old = this.#bySize.get(before);
    old?.delete(backlog);
    if (old?.size === 0) this.#bySize.delete(before);
    if (after === 0) return;
    const there = this.#bySize.get(after);
    if (there) there.add(backlog);
    else this.#bySize.set(after, new Set([backlog]));
    this.#greatest = Math.max(this.#greatest, after);
  }
}

/** What one server has missed of one sensor. */
export class PooledBacklog implements Backlog {
  readonly #pool: BacklogPool;
  #records: (BacklogRecord | undefined)[] = [];
  /** Where the oldest stands: those before it are gone. */
  #head = 0;
  #bytes = 0;
  #dropped = 0;
  /** Of those that were shown last, how many have been lost since: they are no more there to be released. */
  #lostOfShown = 0;
  #shown = 0;

  constructor(pool: BacklogPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(record: BacklogRecord, most = Infinity): void {
    if (most !== Infinity) this.#makeRoom(record.of, most);
    if (most <= 0) return;
    this.#records.push(record);
    this.#changed(1, bytesOf(record));
  }

  peek(limit: number): readonly BacklogRecord[] {
    const shown: BacklogRecord[] = [];
    for (const record of this.#records.slice(this.#head, this.#head + limit)) if (record) shown.push(record);
    this.#shown = shown.length;
    this.#lostOfShown = 0;
    return shown;
  }

  release(count: number): void {
    for (let left = count - this.#lostOfShown; left > 0 && this.size > 0; left--) this.#take();
    this.#lostOfShown = 0;
    this.#shown = 0;
  }

  /** For want of room. */
  dropOldest(): void {
    this.#dropped += 1;
    this.#lost(0);
    this.#take();
  }

  /** Forgets all of it: nobody will be told. */
  close(): void {
    const { size } = this;
    this.#records = [];
    this.#head = 0;
    if (size > 0) this.#changed(-size, -this.#bytes);
  }

  #take(): void {
    const record = this.#records[this.#head];
    this.#records[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > MAX_EMPTY && this.#head * 2 > this.#records.length) {
      this.#records.splice(0, this.#head);
      this.#head = 0;
    }
    if (record) this.#changed(-1, -bytesOf(record));
  }

  /** LwM2M Core 1.2 §5.1.2, hqmax: the oldest reading of that observation goes, as its server wants it. */
  #makeRoom(of: string | undefined, most: number): void {
    let count = 0;
    for (const record of this.#records) if (record && record.of === of) count += 1;
    for (; count >= most && count > 0; count--) {
      const index = this.#records.findIndex((record) => record && record.of === of);
      this.#lost(index - this.#head);
      for (const record of this.#records.splice(index, 1)) if (record) this.#changed(-1, -bytesOf(record));
    }
  }

  #lost(place: number): void {
    if (place < this.#shown - this.#lostOfShown) this.#lostOfShown += 1;
  }

  #changed(records: number, bytes: number): void {
    this.#bytes += bytes;
    this.#pool.changed(this, records, bytes);
  }
}

/** In steps; 0 for nothing at all. */
function sizeOf(bytes: number): number {
  return Math.ceil(bytes / STEP_BYTES);
}

function bytesOf({ values }: BacklogRecord): number {
  let bytes = RECORD_BYTES;
  for (const { value } of values) bytes += VALUE_BYTES + lengthOf(value);
  return bytes;
}

function lengthOf(value: ResourceValue): number {
  return typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
}
