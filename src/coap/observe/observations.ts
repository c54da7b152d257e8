/** Observations that the peer has asked for: who is told what, in which order, and until when (RFC 7641). */

import { sameBytes } from "../../base/bytes.ts";
import type { Composer, Target } from "../blockwise/composer.ts";
import type { MessageLayer } from "../exchange.ts";
import { isSuccess } from "../message.ts";
import type { ObservationEnd, Observer, Reply } from "../request.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Draft } from "../transmissions.ts";
import { Entry, type EntryList } from "./entry.ts";

const MAX_OBSERVATIONS = 64;
/** Shared by all endpoints that nobody observes, which are most. */
const NO_ENTRIES: readonly Entry[] = [];

/** The list of observers (RFC 7641 §4.1), which here are all one peer's. */
export class Observations implements EntryList {
  readonly #surroundings: Surroundings;
  readonly #layer: MessageLayer;
  readonly #composer: Composer;
  #entries: readonly Entry[] = NO_ENTRIES;
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
    if (this.#entries.length >= MAX_OBSERVATIONS) {
      this.#surroundings.counters.unobserved += 1;
      return undefined;
    }
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
    // First, or each that waits for its turn would have it as soon as the one before it is taken back.
    for (const entry of this.#entries) entry.silence();
    for (const entry of [...this.#entries]) this.endEntry(entry, why);
  }

  endEntry(entry: Entry, why: ObservationEnd): void {
    if (this.drop(entry)) entry.observer.ended(why);
  }

  /** Takes it off the list without a word. False: it was not on it. */
  drop(entry: Entry): boolean {
    if (!this.#entries.includes(entry)) return false;
    this.retire(entry);
    this.#layer.withdraw(entry, "cancelled");
    entry.silence();
    return true;
  }

  /** Off the list, but what it has to say is still said. */
  retire(entry: Entry): void {
    const rest = this.#entries.filter((other) => other !== entry);
    this.#entries = rest.length === 0 ? NO_ENTRIES : rest;
    entry.over = true;
  }

  /** The peer rejects a message of ours: it does not want any more (RFC 7641 §3.6). False: it was no notification. */
  onReset(messageId: number): boolean {
    const entry = this.#entries.find((other) => other.hasSent(messageId));
    if (entry === undefined) return false;
    this.endEntry(entry, "reset");
    return true;
  }

  /** The way reports that nobody takes what we send. */
  unreachable(): void {
    for (const entry of [...this.#entries]) entry.unreachable();
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
