/** Confirmable messages of ours: no more than NSTART under way, the others in a bounded queue (RFC 7252 §4.2, §4.7). */

import type { Timer } from "../base/clock.ts";
import { encodeMessage } from "./codec.ts";
import type { Message, MessageType } from "./message.ts";
import { type Event, type Fate, next, type State, WAITING } from "./retransmission.ts";
import type { Surroundings } from "./surroundings.ts";

/** A message before the message layer has given it a type and an id. What it refers to must not change. */
export interface Draft extends Pick<Message, "code" | "token" | "options" | "payload"> {
  /** Its own way to bytes, the same as `encodeMessage` would make of it. */
  encode?(type: MessageType, messageId: number): Uint8Array;
}

export function encodeDraft(draft: Draft, type: MessageType, messageId: number): Uint8Array {
  if (draft.encode !== undefined) return draft.encode(type, messageId);
  const { code, token, options, payload } = draft;
  return encodeMessage({ type, code, messageId, token, options, payload });
}

/** Whoever has something to say that must be acknowledged. */
export interface Sender {
  /**
   * What to say now. Asked when the turn comes, and before each retransmission, when undefined leaves what is under
   * way as it is; a new draft takes its place, attempts and timeout running on (RFC 7641 §4.5.2).
   * `replaced` is the message id that such a draft would supersede.
   */
  compose(replaced: number | undefined): Draft | undefined;
  /** Called once per `submit`. */
  settled(fate: Fate): void;
  /** Whether an answer with this token may ride on the acknowledgement (RFC 7252 §5.2.1). */
  expects(token: Uint8Array): boolean;
  /** Answers and questions go before news, which can be told later and fresher. */
  readonly urgent: boolean;
}

/** The way out. */
export interface Outlet {
  /** An id that is not in use, and was not for long (§4.4). */
  newMessageId(): number;
  transmit(datagram: Uint8Array): void;
}

/** Messages that may wait for their turn; the next one is refused. */
const MAX_WAITING = 128;

interface Transmission {
  readonly sender: Sender;
  state: State;
  messageId: number;
  /** What is under way. Kept as it was said: bytes would cost a copy of each message for the few that are repeated. */
  draft: Draft | undefined;
  timer: Timer | undefined;
  /** The one behind it in its line. */
  next: Transmission | undefined;
}

/** Two lines of links rather than two arrays: most endpoints have one message under way, or none, and keep no room for more. */
export class Transmissions {
  readonly #surroundings: Surroundings;
  readonly #outlet: Outlet;
  #active: Transmission | undefined;
  #activeCount = 0;
  #waiting: Transmission | undefined;
  #waitingCount = 0;

  constructor(surroundings: Surroundings, outlet: Outlet) {
    this.#surroundings = surroundings;
    this.#outlet = outlet;
  }

  /** Lets the sender speak as soon as its turn comes; it may be settled before this returns. False: the queue is full. */
  submit(sender: Sender): boolean {
    if (this.#waitingCount >= MAX_WAITING) {
      this.#surroundings.counters.overflows += 1;
      return false;
    }
    this.#enqueue({ sender, state: WAITING, messageId: -1, draft: undefined, timer: undefined, next: undefined });
    this.#startNext();
    return true;
  }

  /** Who is waiting for an acknowledgement of this id. */
  senderOf(messageId: number): Sender | undefined {
    return this.#find(messageId)?.sender;
  }

  /** The peer has acknowledged or rejected this id. False: nothing of that id is under way. */
  end(messageId: number, fate: "acknowledged" | "reset"): boolean {
    const transmission = this.#find(messageId);
    if (transmission === undefined) return false;
    this.#apply(transmission, { type: "end", fate });
    return true;
  }

  /** The sender need not speak any more: it was answered otherwise, or has changed its mind. */
  withdraw(sender: Sender, fate: "acknowledged" | "cancelled"): void {
    const of = (transmission: Transmission) => transmission.sender === sender;
    const transmission = find(this.#active, of) ?? find(this.#waiting, of);
    if (transmission) this.#apply(transmission, { type: "end", fate });
  }

  /** Gives up everything. */
  clear(): void {
    const all: Transmission[] = [];
    for (const line of [this.#active, this.#waiting])
      for (let each = line; each !== undefined; each = each.next) all.push(each);
    this.#waiting = undefined;
    this.#waitingCount = 0;
    for (const transmission of all) this.#apply(transmission, { type: "end", fate: "cancelled" });
  }

  isUnderWay(messageId: number): boolean {
    return this.#find(messageId) !== undefined;
  }

  #find(messageId: number): Transmission | undefined {
    for (let each = this.#active; each !== undefined; each = each.next) if (each.messageId === messageId) return each;
    return undefined;
  }

  /** At the end of the line; the urgent before all that are not. */
  #enqueue(transmission: Transmission): void {
    this.#waitingCount += 1;
    const { urgent } = transmission.sender;
    let before: Transmission | undefined;
    let behind = this.#waiting;
    while (behind !== undefined && (!urgent || behind.sender.urgent)) {
      before = behind;
      behind = behind.next;
    }
    transmission.next = behind;
    if (before === undefined) this.#waiting = transmission;
    else before.next = transmission;
  }

  #startNext(): void {
    while (this.#activeCount < this.#surroundings.parameters.nstart) {
      const transmission = this.#waiting;
      if (transmission === undefined) return;
      this.#waiting = transmission.next;
      this.#waitingCount -= 1;
      transmission.next = this.#active;
      this.#active = transmission;
      this.#activeCount += 1;
      this.#apply(transmission, { type: "turn", unit: this.#surroundings.random.unit() });
    }
  }

  #apply(transmission: Transmission, event: Event): void {
    const [state, effect] = next(transmission.state, event, this.#surroundings.parameters);
    transmission.state = state;
    if (effect === undefined) return;
    if (effect.do === "settle") this.#settle(transmission, effect.fate);
    else this.#transmit(transmission, effect.do === "retransmit", effect.thenWaitMs);
  }

  #transmit(transmission: Transmission, again: boolean, thenWaitMs: number): void {
    const { clock, counters } = this.#surroundings;
    this.#refresh(transmission, again);
    const { draft, messageId } = transmission;
    if (draft === undefined) {
      this.#apply(transmission, { type: "end", fate: "cancelled" });
      return;
    }
    if (again) counters.retransmissions += 1;
    // The timer first: on a wire without delay the acknowledgement comes back before `transmit` returns.
    transmission.timer = clock.after(thenWaitMs, () => this.#apply(transmission, { type: "timer" }));
    this.#outlet.transmit(encodeDraft(draft, "CON", messageId));
  }

  /** Whatever is newest goes out; an unchanged message goes out byte by byte as it was (§4.2). */
  #refresh(transmission: Transmission, again: boolean): void {
    const draft = transmission.sender.compose(again ? transmission.messageId : undefined);
    if (draft === undefined) return;
    transmission.messageId = this.#outlet.newMessageId();
    transmission.draft = draft;
  }

  #settle(transmission: Transmission, fate: Fate): void {
    transmission.timer?.cancel();
    if (fate === "timeout") this.#surroundings.counters.timeouts += 1;
    this.#leave(transmission);
    transmission.sender.settled(fate);
    this.#startNext();
  }

  /** Out of its line, whichever that is. */
  #leave(transmission: Transmission): void {
    if (find(this.#active, (each) => each === transmission)) {
      this.#active = without(this.#active, transmission);
      this.#activeCount -= 1;
    } else if (find(this.#waiting, (each) => each === transmission)) {
      this.#waiting = without(this.#waiting, transmission);
      this.#waitingCount -= 1;
    }
  }
}

type Line = Transmission | undefined;

function find(line: Line, wanted: (transmission: Transmission) => boolean): Line {
  for (let each = line; each !== undefined; each = each.next) if (wanted(each)) return each;
  return undefined;
}

function without(line: Line, transmission: Transmission): Line {
  if (line === transmission) return line.next;
  const before = find(line, ({ next }) => next === transmission);
  if (before !== undefined) before.next = transmission.next;
  return line;
}
