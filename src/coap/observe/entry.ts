/** One observation of the peer's: what it is told, what takes whose place, and how it ends (RFC 7641 §4.5). */

import type { Target } from "../blockwise/composer.ts";
import { isSuccess } from "../message.ts";
import type { NotificationFate, NotifyOptions, Observation, ObservationEnd, Observer, Reply } from "../request.ts";
import type { Fate } from "../retransmission.ts";
import type { Draft, Sender } from "../transmissions.ts";

/** What an observation needs of the list that it stands on. */
export interface EntryList {
  /** Sends it once, unconfirmed. */
  send(entry: Entry, reply: Reply): void;
  /** Lets the entry speak as a sender of confirmable messages. False: there is no room. */
  confirm(entry: Entry): boolean;
  compose(entry: Entry, reply: Reply): Draft;
  /** Off the list, but what it has to say is still said. */
  retire(entry: Entry): void;
  /** Takes it off the list without a word. */
  drop(entry: Entry): void;
  endEntry(entry: Entry, why: ObservationEnd): void;
}

type Settled = (fate: NotificationFate) => void;

interface News {
  readonly reply: Reply;
  readonly confirmable: boolean;
  readonly keep: boolean;
  readonly settled: Settled | undefined;
}

/** Reports of the past that may wait for each other. */
const MAX_KEPT = 8;

/**
 * At most one confirmable message is under way (§4.5.1), and at most one newer value waits behind it: whatever was
 * newest when a transmission failed takes its place, so that no old value is ever repeated over a newer one (§4.5.2).
 * Reports of the past stand apart: they wait in order, are repeated as they are, and go before what waits.
 */
export class Entry implements Observation, Sender {
  readonly urgent = false;
  readonly #list: EntryList;
  readonly token: Uint8Array;
  readonly target: Target;
  readonly observer: Observer;
  over = false;
  /** A message of ours waits for its turn or its acknowledgement. */
  #busy = false;
  /** The answer to the registration, if it had to be sent as a message of its own. */
  #first: Draft | undefined;
  #underWay: News | undefined;
  // The ids of the last messages, which the peer may reject; four fields cost less than one array.
  #id0 = -1;
  #id1 = -1;
  #id2 = -1;
  #id3 = -1;
  #newest: News | undefined;
  #kept: News[] | undefined;
  /** Who wants to hear whether the last unconfirmed one met a closed port. */
  #hoping: Settled | undefined;

  constructor(list: EntryList, token: Uint8Array, target: Target, observer: Observer) {
    this.#list = list;
    this.token = token;
    this.target = target;
    this.observer = observer;
  }

  notify(reply: Reply, options: NotifyOptions): void {
    const { confirmable, settled } = options;
    if (this.over) {
      if (confirmable) settled?.("cancelled");
      return;
    }
    const last = !isSuccess(reply.code);
    if (last) {
      // RFC 7641 §4.2: an error is the last that the peer hears of this; what would come after it comes to nothing.
      this.#list.retire(this);
      this.#giveUpKept("cancelled");
    }
    if (!confirmable && !this.#busy) this.#send(reply, settled);
    else this.#say({ reply, confirmable, keep: options.keep === true && !last, settled });
  }

  forget(): void {
    this.#list.drop(this);
  }

  /** A message of this id has told the peer something, and may be rejected. */
  note(messageId: number): void {
    this.#id3 = this.#id2;
    this.#id2 = this.#id1;
    this.#id1 = this.#id0;
    this.#id0 = messageId;
  }

  hasSent(id: number): boolean {
    return id === this.#id0 || id === this.#id1 || id === this.#id2 || id === this.#id3;
  }

  /** The answer to the registration goes out as the first notification, and is superseded like one. */
  begin(first: Draft): void {
    this.#first = first;
    this.#busy = true;
  }

  /** At its turn the oldest report or the newest value; at a retransmission only what makes the old value stale. */
  compose(replaced: number | undefined): Draft | undefined {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    if (replaced !== undefined && this.#underWay?.keep === true) return undefined;
    const news = this.#take(replaced === undefined);
    if (news === undefined) return undefined;
    // The peer may still reject the message that this one supersedes.
    if (replaced !== undefined) this.note(replaced);
    const superseded = this.#underWay;
    this.#underWay = news;
    superseded?.settled?.("superseded");
    return this.#list.compose(this, news.reply);
  }

  settled(fate: Fate): void {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    if (fate !== "acknowledged") {
      this.#fail(underWay, fate);
      return;
    }
    // Still busy: what is said in the callback takes the place of what waits.
    underWay?.settled?.("acknowledged");
    this.#busy = false;
    this.#goOn();
  }

  expects(): boolean {
    return false;
  }

  /** The way has reported that what was sent lately arrived nowhere. What is confirmable is sent again anyway. */
  unreachable(): void {
    const hoping = this.#hoping;
    this.#hoping = undefined;
    hoping?.("unreachable");
  }

  /** Nothing that still waits will be said. */
  silence(): void {
    this.#hoping = undefined;
    this.#giveUpWaiting("cancelled");
  }

  #send(reply: Reply, settled: Settled | undefined): void {
    this.#hoping = settled;
    this.#list.send(this, reply);
  }

  #say(news: News): void {
    if (news.keep) {
      if (this.#kept !== undefined && this.#kept.length >= MAX_KEPT) {
        news.settled?.("cancelled");
        return;
      }
      (this.#kept ??= []).push(news);
    } else {
      const superseded = this.#newest;
      this.#newest = news;
      superseded?.settled?.("superseded");
    }
    if (!this.#busy) this.#goOn();
  }

  /** Says what waits, as far as it need not be confirmed; then the next that must be. */
  #goOn(): void {
    while (!this.#busy) {
      const next = this.#kept?.[0] ?? this.#newest;
      if (next === undefined) return;
      if (next.confirmable) {
        this.#busy = true;
        if (!this.#list.confirm(this)) this.settled("cancelled");
      } else {
        this.#take(true);
        this.#send(next.reply, next.settled);
      }
    }
  }

  #take(keptToo: boolean): News | undefined {
    const kept = keptToo ? this.#kept?.shift() : undefined;
    if (this.#kept?.length === 0) this.#kept = undefined;
    if (kept !== undefined) return kept;
    const newest = this.#newest;
    this.#newest = undefined;
    return newest;
  }

  /** §4.5.2: rejected, or given up after the last attempt, is the end of it, whatever is newer; unless it outlives silence. */
  #fail(underWay: News | undefined, fate: "reset" | "timeout" | "cancelled"): void {
    // The answer to the registration is no news: where it got lost, nothing has begun.
    const stays = fate === "timeout" && underWay !== undefined && this.observer.outlivesSilence === true;
    this.#first = undefined;
    this.#busy = false;
    underWay?.settled?.(fate);
    this.#giveUpWaiting(fate);
    if (fate !== "cancelled" && !stays) this.#list.endEntry(this, fate);
  }

  #giveUpWaiting(fate: NotificationFate): void {
    const newest = this.#newest;
    this.#newest = undefined;
    this.#giveUpKept(fate);
    newest?.settled?.(fate);
  }

  #giveUpKept(fate: NotificationFate): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) for (const { settled } of kept) settled?.(fate);
  }
}
