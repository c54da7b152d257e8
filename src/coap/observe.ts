/** Observations that the peer has asked for: who is told what, in which order, and until when (RFC 7641). */

import { sameBytes } from "../base/bytes.ts";
import type { Composer, Target } from "./blockwise/composer.ts";
import type { MessageLayer } from "./exchange.ts";
import { isSuccess } from "./message.ts";
import type { NotifyOptions, Observation, ObservationEnd, Observer, Reply } from "./request.ts";
import type { Fate } from "./retransmission.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Draft, Sender } from "./transmissions.ts";

const MAX_OBSERVATIONS = 64;

/** The list of observers (RFC 7641 §4.1), which here are all one peer's. */
export class Observations {
  readonly #surroundings: Surroundings;
  readonly #layer: MessageLayer;
  readonly #composer: Composer;
  #entries: Entry[] = [];
  #sequence = 0;

  constructor(surroundings: Surroundings, layer: MessageLayer, composer: Composer) {
    this.#surroundings = surroundings;
    this.#layer = layer;
    this.#composer = composer;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Takes the place of what has the same token (RFC 7641 §4.1). Undefined: there are as many as there may be. */
  add(token: Uint8Array, target: Target, observer: Observer): Entry | undefined {
    this.end(token, "replaced");
    if (this.#entries.length >= MAX_OBSERVATIONS) return undefined;
    // A copy of its own: a view would hold the datagram for as long as the observation lasts.
    const entry = new Entry(this, new Uint8Array(token), target, observer);
    // `push` would leave room for sixteen more, and most endpoints have one or two.
    this.#entries = this.#entries.concat(entry);
    return entry;
  }

  end(token: Uint8Array, why: ObservationEnd): void {
    const entry = this.#find(token);
    if (entry !== undefined) this.endEntry(entry, why);
  }

  /** As if it had never been asked for: nobody is told. */
  forget(token: Uint8Array): void {
    const entry = this.#find(token);
    if (entry !== undefined) this.drop(entry);
  }

  endAll(why: ObservationEnd): void {
    for (const entry of [...this.#entries]) this.endEntry(entry, why);
  }

  endEntry(entry: Entry, why: ObservationEnd): void {
    if (this.drop(entry)) entry.observer.ended(why);
  }

  /** Takes it off the list without a word. False: it was not on it. */
  drop(entry: Entry): boolean {
    const at = this.#entries.indexOf(entry);
    if (at === -1) return false;
    this.#entries.splice(at, 1);
    entry.over = true;
    this.#layer.withdraw(entry, "cancelled");
    return true;
  }

  /** Off the list, but what it has to say is still said. */
  retire(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at !== -1) this.#entries.splice(at, 1);
    entry.over = true;
  }

  /** The peer rejects a message of ours: it does not want any more (RFC 7641 §3.6). False: it was no notification. */
  onReset(messageId: number): boolean {
    const entry = this.#entries.find((other) => other.hasSent(messageId));
    if (entry === undefined) return false;
    this.endEntry(entry, "reset");
    return true;
  }

  /** Counts up in 24 bits; one counter for all, so it also orders the notifications of different tokens (§4.4). */
  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff_ffff;
    return this.#sequence;
  }

  compose(entry: Entry, reply: Reply): Draft {
    this.#surroundings.counters.notifications += 1;
    // RFC 7641 §4.2: without the Observe option the peer knows it for the last.
    const additions = isSuccess(reply.code) ? { observe: this.nextSequence() } : {};
    return this.#composer.compose(reply, entry.token, entry.target, additions);
  }

  send(entry: Entry, reply: Reply): void {
    const messageId = this.#layer.newMessageId();
    entry.note(messageId);
    this.#layer.send(messageId, this.compose(entry, reply));
  }

  #find(token: Uint8Array): Entry | undefined {
    return this.#entries.find((entry) => sameBytes(entry.token, token));
  }

  confirm(entry: Entry): boolean {
    return this.#layer.confirm(entry);
  }
}

interface News {
  readonly reply: Reply;
  readonly confirmable: boolean;
  readonly settled: ((delivered: boolean) => void) | undefined;
}

/** One observation: at most one confirmable message under way, and at most one newer thing to say (RFC 7641 §4.5.2). */
class Entry implements Observation, Sender {
  readonly urgent = false;
  readonly #list: Observations;
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

  constructor(list: Observations, token: Uint8Array, target: Target, observer: Observer) {
    this.#list = list;
    this.token = token;
    this.target = target;
    this.observer = observer;
  }

  notify(reply: Reply, { confirmable, settled }: NotifyOptions): void {
    if (this.over) {
      if (confirmable) settled?.(false);
      return;
    }
    // RFC 7641 §4.2: an error is the last that the peer hears of this.
    if (!isSuccess(reply.code)) this.#list.retire(this);
    if (!confirmable && !this.#busy) this.#list.send(this, reply);
    else this.#say({ reply, confirmable, settled: confirmable ? settled : undefined });
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

  compose(replaced: number | undefined): Draft | undefined {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    const news = this.#newest;
    if (news === undefined) return undefined;
    this.#newest = undefined;
    // The peer may still reject the message that this one supersedes.
    if (replaced !== undefined) this.note(replaced);
    const superseded = this.#underWay;
    this.#underWay = news;
    superseded?.settled?.(false);
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
    underWay?.settled?.(true);
    this.#busy = false;
    const news = this.#newest;
    if (news === undefined) return;
    this.#newest = undefined;
    if (news.confirmable) this.#say(news);
    else this.#list.send(this, news.reply);
  }

  expects(): boolean {
    return false;
  }

  #say(news: News): void {
    const superseded = this.#newest;
    this.#newest = news;
    superseded?.settled?.(false);
    if (this.#busy) return;
    this.#busy = true;
    if (!this.#list.confirm(this)) this.settled("cancelled");
  }

  #fail(underWay: News | undefined, fate: "reset" | "timeout" | "cancelled"): void {
    const newest = this.#newest;
    this.#newest = undefined;
    this.#first = undefined;
    this.#busy = false;
    underWay?.settled?.(false);
    newest?.settled?.(false);
    if (fate !== "cancelled") this.#list.endEntry(this, fate);
  }
}

export type { Entry };
