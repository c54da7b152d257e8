/** Requests of ours, one message each way: tokens, answers that find their questions, and an end to every wait (RFC 7252 §5). */

import { sameBytes } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { MessageLayer } from "./exchange.ts";
import { readResponseHead, type ResponseHead } from "./heads.ts";
import type { Message, Option } from "./message.ts";
import { exchangeLifetime, nonLifetime } from "./parameters.ts";
import type { Fate } from "./retransmission.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Draft, Sender } from "./transmissions.ts";

/** One request message, before it has a token. */
export interface Question {
  readonly code: number;
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  readonly confirmable: boolean;
}

/** How one question ended. */
export type Reaction =
  | { readonly status: "answered"; readonly code: number; readonly head: ResponseHead; readonly payload: Uint8Array }
  | { readonly status: "reset" | "timeout" }
  | { readonly status: "failed"; readonly reason: string };

const TOKEN_LENGTH = 8;
const MAX_PENDING = 256;

export class Requests {
  readonly #surroundings: Surroundings;
  readonly #layer: MessageLayer;
  /** Nobody waits most of the time, and an empty list is not kept. */
  #pending: Pending[] | undefined;

  constructor(surroundings: Surroundings, layer: MessageLayer) {
    this.#surroundings = surroundings;
    this.#layer = layer;
  }

  /** Never rejects. Each call uses a token of its own, hard to guess for those off the path (§5.3.1). */
  ask(question: Question, signal?: AbortSignal): Promise<Reaction> {
    if (signal?.aborted) return Promise.resolve({ status: "failed", reason: "cancelled" });
    if (this.#pending !== undefined && this.#pending.length >= MAX_PENDING)
      return Promise.resolve({ status: "failed", reason: "too many requests at once" });
    return new Promise((resolve) => {
      const cancel = () => this.#settle(pending, { status: "failed", reason: "cancelled" });
      const pending = new Pending(this.#newToken(), question, {
        resolve: (reaction) => {
          signal?.removeEventListener("abort", cancel);
          resolve(reaction);
        },
        fate: (fate) => this.#onFate(pending, fate),
      });
      signal?.addEventListener("abort", cancel, { once: true });
      (this.#pending ??= []).push(pending);
      this.#start(pending);
    });
  }

  /** False: nobody here asked for this, or it cannot be accepted. */
  onResponse(message: Message): boolean {
    const pending = this.#pending?.find(({ token }) => sameBytes(token, message.token));
    if (pending === undefined) return false;
    const head = readResponseHead(message, this.#surroundings.transport.bert !== undefined);
    if (typeof head === "string") {
      this.#settle(pending, { status: "failed", reason: head });
      return false;
    }
    this.#settle(pending, { status: "answered", code: message.code, head, payload: message.payload });
    return true;
  }

  /** The peer rejects a non-confirmable request. */
  onReset(messageId: number): boolean {
    const pending = this.#pending?.find((other) => other.messageId === messageId);
    if (pending === undefined) return false;
    this.#settle(pending, { status: "reset" });
    return true;
  }

  failAll(reason: string): void {
    for (const pending of [...(this.#pending ?? [])]) this.#settle(pending, { status: "failed", reason });
  }

  #start(pending: Pending): void {
    if (!pending.question.confirmable) {
      // The timer first: on a wire without delay the answer comes back before `send` returns.
      this.#await(pending, nonLifetime(this.#surroundings.parameters));
      pending.messageId = this.#layer.newMessageId();
      this.#layer.send(pending.messageId, pending.draft());
    } else if (!this.#layer.confirm(pending)) {
      this.#settle(pending, { status: "failed", reason: "too many messages wait to be sent" });
    }
  }

  #onFate(pending: Pending, fate: Fate): void {
    // Acknowledged without an answer: it follows in a message of its own, or never (§5.2.2).
    if (fate === "acknowledged") this.#await(pending, exchangeLifetime(this.#surroundings.parameters));
    else if (fate === "cancelled") this.#settle(pending, { status: "failed", reason: "cancelled" });
    else this.#settle(pending, { status: fate });
  }

  #await(pending: Pending, ms: number): void {
    if (pending.done) return;
    pending.timer = this.#surroundings.clock.after(ms, () => this.#settle(pending, { status: "timeout" }));
  }

  #settle(pending: Pending, reaction: Reaction): void {
    if (pending.done) return;
    pending.done = true;
    pending.timer?.cancel();
    this.#forget(pending);
    // An answer tells that the question arrived, even if its acknowledgement was lost (§5.2.2).
    this.#layer.withdraw(pending, reaction.status === "answered" ? "acknowledged" : "cancelled");
    pending.listener.resolve(reaction);
  }

  #forget(pending: Pending): void {
    const rest = this.#pending?.filter((other) => other !== pending) ?? [];
    this.#pending = rest.length === 0 ? undefined : rest;
  }

  #newToken(): Uint8Array {
    let token: Uint8Array;
    do token = this.#surroundings.random.bytes(TOKEN_LENGTH);
    while (this.#pending?.some((other) => sameBytes(other.token, token)) === true);
    return token;
  }
}

interface Listener {
  resolve(reaction: Reaction): void;
  fate(fate: Fate): void;
}

/** A question that has not been answered yet. */
class Pending implements Sender {
  readonly urgent = true;
  readonly token: Uint8Array;
  readonly question: Question;
  readonly listener: Listener;
  /** Of a non-confirmable request only: the message layer knows the ids of the others. */
  messageId: number | undefined;
  timer: Timer | undefined;
  done = false;
  #composed = false;

  constructor(token: Uint8Array, question: Question, listener: Listener) {
    this.token = token;
    this.question = question;
    this.listener = listener;
  }

  draft(): Draft {
    const { code, options, payload } = this.question;
    return { code, token: this.token, options, payload };
  }

  compose(): Draft | undefined {
    if (this.#composed) return undefined;
    this.#composed = true;
    return this.draft();
  }

  settled(fate: Fate): void {
    if (!this.done) this.listener.fate(fate);
  }

  expects(token: Uint8Array): boolean {
    return sameBytes(token, this.token);
  }
}
