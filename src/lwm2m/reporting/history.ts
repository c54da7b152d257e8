/** Tells a server what it has missed, oldest first and with the times of measurement, as it can take it (/1/x/6). */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Pace } from "../../base/pacer.ts";
import { Code, type NotificationFate } from "../../coap/index.ts";
import type { Node } from "../../content/index.ts";
import { contentReply } from "../representation.ts";
import type { View } from "../view.ts";
import type { Backlog, BacklogRecord } from "./backlog.ts";
import { pastNodes } from "./past.ts";
import type { Posted } from "./send.ts";
import type { Watch } from "./watch.ts";

/** One round tells this many records at most, then pauses, so that thousands who return together share the way. */
const ROUND = 32;
const PAUSE_MS = 250;
/** After an observation ended in the middle of it. */
const AGAIN_MS = 5_000;
/** A notification of the past goes into one datagram where it can be cut to fit. */
const MAX_PACK_BYTES = 1_000;
/** How long a server that is back may take to observe again, before Send is used instead, or what it missed is given up. */
const SEND_AFTER_MS = 10_000;
export const GIVE_UP_AFTER_MS = 60_000;

export interface HistoryOwner {
  readonly view: View;
  readonly reachable: boolean;
  /** The observation of that key; undefined: nobody observes it now. */
  watchOf(key: string): Watch | undefined;
  readonly canSend: boolean;
  post(nodes: readonly Node[]): Promise<Posted>;
  /** All has been told: what is newest may follow. */
  drained(): void;
  readonly pace: Pace | undefined;
  readonly log: Log;
}

type Way = Watch | "send" | "wait" | "none";

/** What becomes of the oldest records in one round. */
interface Round {
  readonly records: readonly BacklogRecord[];
  readonly notified: ReadonlyMap<Watch, readonly BacklogRecord[]>;
  readonly sent: readonly BacklogRecord[];
  readonly lost: number;
}

export class History {
  readonly backlog: Backlog;
  readonly #owner: HistoryOwner;
  #backSince = 0;
  #running = false;
  #timer: Timer | undefined;
  #withdraw: (() => void) | undefined;

  constructor(backlog: Backlog, owner: HistoryOwner) {
    this.backlog = backlog;
    this.#owner = owner;
  }

  /** The server hears us again. */
  online(): void {
    this.#backSince = this.#clock.monotonic();
    this.go();
  }

  /** Somebody has begun to observe, or there is something new. */
  go(): void {
    if (this.#running || !this.#owner.reachable || this.backlog.size === 0) return;
    this.pause();
    this.#running = true;
    const { pace } = this.#owner;
    if (pace === undefined) void this.#round();
    else this.#withdraw = pace(() => void this.#round());
  }

  /** What is under way ends by itself; nothing further begins. */
  pause(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#withdraw?.();
    if (this.#withdraw !== undefined) this.#running = false;
    this.#withdraw = undefined;
  }

  get #clock(): Clock {
    return this.#owner.view.clock;
  }

  async #round(): Promise<void> {
    this.#withdraw = undefined;
    const round = this.#plan(this.backlog.peek(ROUND));
    const done = await this.#tell(round);
    this.#running = false;
    // Not acknowledged: it stays, and comes again when the server is back.
    if (!done) {
      if (this.#owner.reachable) this.#later(AGAIN_MS);
      return;
    }
    this.backlog.release(round.records.length);
    this.#count(round.lost);
    if (this.backlog.size === 0) this.#owner.drained();
    else this.#later(round.records.length > 0 ? PAUSE_MS : this.#patience);
  }

  #later(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      this.go();
    });
  }

  /** The oldest records up to the first that has to wait. */
  #plan(records: readonly BacklogRecord[]): Round {
    const notified = new Map<Watch, BacklogRecord[]>();
    const sent: BacklogRecord[] = [];
    let count = 0;
    let lost = 0;
    for (const record of records) {
      const way = this.#way(record);
      if (way === "wait") break;
      count += 1;
      if (way === "send") sent.push(record);
      else if (way === "none") lost += 1;
      else notified.set(way, [...(notified.get(way) ?? []), record]);
    }
    return { records: records.slice(0, count), notified, sent, lost };
  }

  #way({ of }: BacklogRecord): Way {
    const { canSend } = this.#owner;
    const watch = of === undefined ? undefined : this.#owner.watchOf(of);
    if (watch?.codec.timed === true) return watch;
    if (of !== undefined && watch === undefined && this.#patience > 0) return "wait";
    return canSend ? "send" : "none";
  }

  /** Milliseconds for which the server may still begin to observe. */
  get #patience(): number {
    const limit = this.#owner.canSend ? SEND_AFTER_MS : GIVE_UP_AFTER_MS;
    return Math.max(0, this.#backSince + limit - this.#clock.monotonic());
  }

  /** Whether the server has taken all of it, or will never. */
  async #tell({ notified, sent }: Round): Promise<boolean> {
    const told = [...notified].flatMap(([watch, records]) => this.#notify(watch, records));
    if (sent.length > 0) told.push(this.#send(sent));
    return (await Promise.all(told)).every((done) => done);
  }

  /** A pack of the past, or two if it is long: confirmed, since only then it may be forgotten. */
  #notify(watch: Watch, records: readonly BacklogRecord[]): Promise<boolean>[] {
    watch.kept = true;
    const nodes = records.flatMap((record) => pastNodes(this.#owner.view, record));
    if (nodes.length === 0) return [];
    const reply = contentReply(watch.codec, nodes, watch.base);
    // What cannot be written never can.
    if (reply.code !== Code.Content) return [];
    if ((reply.payload?.length ?? 0) > MAX_PACK_BYTES && records.length > 1) {
      const half = records.length >> 1;
      return [...this.#notify(watch, records.slice(0, half)), ...this.#notify(watch, records.slice(half))];
    }
    const { observation } = watch;
    if (observation === undefined) return [Promise.resolve(false)];
    return [
      new Promise((resolve) => {
        const settled = (fate: NotificationFate) => {
          watch.owner.settled(watch, fate);
          resolve(fate === "acknowledged");
        };
        observation.notify(reply, { confirmable: true, keep: true, settled });
      }),
    ];
  }

  async #send(records: readonly BacklogRecord[]): Promise<boolean> {
    const posted = await this.#owner.post(records.flatMap((record) => pastNodes(this.#owner.view, record)));
    if (posted.status === "failed") {
      this.#owner.log.warn("backlog-refused", { records: records.length, error: posted.reason });
      return true;
    }
    return posted.status === "sent";
  }

  #count(lost: number): void {
    if (lost > 0) this.#owner.log.warn("backlog-given-up", { records: lost, reason: "nobody observes it any more" });
  }
}
