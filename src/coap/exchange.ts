/**
 * The message layer: datagrams in, requests and responses out, each once; acknowledgements, resets, duplicates and
 * retransmissions end here (RFC 7252 §4).
 */

import { DecodeError } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { encodeEmpty, type Parsed, parseMessage, peekHeader } from "./codec.ts";
import { Code, isRequest, isResponse, type MessageType } from "./message.ts";
import { exchangeLifetime, nonLifetime } from "./parameters.ts";
import { fingerprintOf, fromMemory, type Memory, Remembered, toMemory } from "./remembered.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Draft, encodeDraft, type Outlet, type Sender, Transmissions } from "./transmissions.ts";

interface Rejectable {
  /** The peer rejects a non-confirmable message of ours. False: that id means nothing. */
  onReset(messageId: number): boolean;
}

/** The floor above, which serves the peer. */
export interface Server extends Rejectable {
  onRequest(message: Parsed, exchange: Exchange): void;
}

/** The floor above, which asks the peer. */
export interface Client extends Rejectable {
  /** False: nobody asked for this. */
  onResponse(message: Parsed): boolean;
}

/** Requests that may wait for their handler at once; the next is answered 5.03. */
const MAX_OPEN = 32;

/** A request of the peer that is to be answered, once. */
export class Exchange {
  readonly #layer: MessageLayer;
  readonly message: Parsed;
  readonly fingerprint: number;
  /** Set when an empty ACK has gone out and the answer must follow by itself (§5.2.2). */
  acknowledged = false;
  /** Asking twice does no harm, and costs less than remembering every answer for minutes (§4.5). */
  repeatable = false;
  timer: Timer | undefined;

  constructor(layer: MessageLayer, message: Parsed, fingerprint: number) {
    this.#layer = layer;
    this.message = message;
    this.fingerprint = fingerprint;
  }

  /** The answer will take a while: after `piggybackWindow` the peer is told so (§5.2.2). */
  defer(): void {
    this.#layer.defer(this);
  }

  /** Returns the id by which the peer would reject the answer, if that is a non-confirmable message. */
  respond(draft: Draft): number | undefined {
    return this.#layer.respond(this, draft);
  }

  /** Answers through a sender that says what is newest and hears how it ended. Only where `acknowledged`. */
  respondBy(sender: Sender): boolean {
    return this.#layer.respondBy(this, sender);
  }

  /** Refuses to process the message at all (§4.2, §4.3). */
  reject(): void {
    this.#layer.rejectRequest(this);
  }
}

export class MessageLayer implements Outlet {
  readonly #surroundings: Surroundings;
  readonly #transmissions: Transmissions;
  #server: Server | undefined;
  #client: Client | undefined;
  #remembered: Remembered | undefined;
  /** Requests that wait for their handler; undefined while there are none. */
  #open: Exchange[] | undefined;
  #messageId: number;
  #closed = false;
  /** Requests are not heard, as if the radio were off; what we began goes on. */
  asleep = false;
  /** While asleep: called when we speak by ourselves, which wakes us. Nobody: we may talk in our sleep. */
  onSpoken: (() => void) | undefined;
  /** Monotonic milliseconds of the last datagram either way; of our own beginning before the first. */
  lastTraffic: number;
  /** What goes out now goes out in the millisecond in which something came in. */
  #receiving = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.lastTraffic = surroundings.clock.monotonic();
    const [high = 0, low = 0] = surroundings.random.bytes(2);
    this.#messageId = (high << 8) | low;
    this.#transmissions = new Transmissions(surroundings, this);
  }

  /** Hands up to these two from now on. */
  attach(server: Server, client: Client): void {
    this.#server = server;
    this.#client = client;
    this.listen();
  }

  /** To the way in use. */
  listen(): void {
    this.#surroundings.transport.onDatagram((datagram) => this.receive(datagram));
  }

  /**
   * Sends once and hopes (§4.3). The id, by which a reset would name the message, is asked for before:
   * on a wire without delay the reset comes back before this returns.
   */
  send(messageId: number, draft: Draft): void {
    if (this.#closed) return;
    this.transmit(encodeDraft(draft, "NON", messageId));
  }

  /** Ids count up from a random start; one still under way is passed over (§4.4). */
  newMessageId(): number {
    do this.#messageId = (this.#messageId + 1) & 0xffff;
    while (this.#transmissions.isUnderWay(this.#messageId));
    return this.#messageId;
  }

  /** Sends until acknowledged (§4.2). False: too many wait already; the sender is not called. */
  confirm(sender: Sender): boolean {
    return !this.#closed && this.#transmissions.submit(sender);
  }

  withdraw(sender: Sender, fate: "acknowledged" | "cancelled"): void {
    this.#transmissions.withdraw(sender, fate);
  }

  /** Nothing goes out any more, nothing comes in. */
  close(): void {
    this.#closed = true;
    for (const exchange of this.#open ?? []) exchange.timer?.cancel();
    this.#open = undefined;
    this.#transmissions.clear();
  }

  /** Requests are heard again. Returns who was to hear of it. */
  wake(): (() => void) | undefined {
    const { onSpoken } = this;
    this.asleep = false;
    this.onSpoken = undefined;
    return onSpoken;
  }

  receive(datagram: Uint8Array): void {
    if (this.#closed) return;
    this.#surroundings.counters.received += 1;
    if (this.asleep && !answersUs(datagram)) {
      this.#surroundings.counters.ignoredAsleep += 1;
      return;
    }
    this.lastTraffic = this.#surroundings.clock.monotonic();
    this.#receiving = true;
    try {
      this.#onMessage(parseMessage(datagram));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#onMalformed(datagram, error);
    } finally {
      this.#receiving = false;
    }
  }

  #onMessage(message: Parsed): void {
    if (message.type === "ACK") this.#onAcknowledgement(message);
    else if (message.type === "RST") this.#onReset(message);
    else if (isRequest(message.code)) this.#onRequest(message);
    else if (isResponse(message.code)) this.#onResponse(message);
    else this.#rejectMessage(message);
  }

  /** A confirmable message must not be left unanswered, even if it cannot be read (§4.2); anything else is dropped. */
  #onMalformed(datagram: Uint8Array, error: DecodeError): void {
    this.#surroundings.counters.malformed += 1;
    if (isRound(this.#surroundings.counters.malformed))
      this.#surroundings.log.warn("malformed datagram", {
        error: error.message,
        count: this.#surroundings.counters.malformed,
      });
    const header = peekHeader(datagram);
    if (header?.type === "CON") this.#reset(header.messageId);
  }

  /** An empty CON is a ping (§4.3), a reserved code is nothing we can process: both are answered by RST (§4.2). */
  #rejectMessage({ type, code, messageId }: Parsed): void {
    if (code !== Code.Empty || type !== "CON") this.#surroundings.counters.rejected += 1;
    if (type === "CON") this.#reset(messageId);
  }

  #onAcknowledgement(message: Parsed): void {
    const { messageId, code, token } = message;
    if (code === Code.Empty) {
      if (!this.#transmissions.end(messageId, "acknowledged")) this.#surroundings.counters.unmatched += 1;
      return;
    }
    if (!isResponse(code)) {
      this.#surroundings.counters.rejected += 1;
      return;
    }
    // Id and token must both fit (§5.3.2).
    if (this.#transmissions.senderOf(messageId)?.expects(token) !== true) {
      this.#surroundings.counters.unmatched += 1;
      return;
    }
    this.#transmissions.end(messageId, "acknowledged");
    this.#client?.onResponse(message);
  }

  #onReset({ messageId, code }: Parsed): void {
    if (code !== Code.Empty) {
      this.#surroundings.counters.rejected += 1;
      return;
    }
    this.#surroundings.counters.resetsReceived += 1;
    if (this.#transmissions.end(messageId, "reset")) return;
    if (this.#client?.onReset(messageId) === true || this.#server?.onReset(messageId) === true) return;
    this.#surroundings.counters.unmatched += 1;
  }

  #onRequest(message: Parsed): void {
    const fingerprint = fingerprintOf(message);
    if (this.#isDuplicate(message, fingerprint)) return;
    const exchange = new Exchange(this, message, fingerprint);
    this.#server?.onRequest(message, exchange);
  }

  #onResponse(message: Parsed): void {
    const fingerprint = fingerprintOf(message);
    if (this.#isDuplicate(message, fingerprint)) return;
    const { type, messageId } = message;
    if (this.#client?.onResponse(message) !== true) this.#surroundings.counters.unmatched += 1;
    else if (type === "CON") {
      this.#finish(type, messageId, fingerprint, this.#acknowledge(messageId));
      return;
    }
    // Whoever goes on telling us what we did not ask for is told to stop (§4.2).
    this.#finish(type, messageId, fingerprint, type === "CON" ? this.#reset(messageId) : undefined);
  }

  /** A duplicate is answered as it was before, or not at all; it never reaches the floor above (§4.5). */
  #isDuplicate({ type, messageId }: Parsed, fingerprint: number): boolean {
    const memory = this.#remembered?.find(messageId, fingerprint, this.lastTraffic);
    const open = memory ? undefined : this.#openExchange(messageId, fingerprint);
    if (memory === undefined && open === undefined) return false;
    this.#surroundings.counters.duplicates += 1;
    if (type !== "CON") return true;
    if (memory?.answer !== undefined) this.transmit(fromMemory(memory.answer));
    else if (open?.acknowledged === true) this.#acknowledge(messageId);
    return true;
  }

  #openExchange(messageId: number, fingerprint: number): Exchange | undefined {
    for (const exchange of this.#open ?? [])
      if (exchange.message.messageId === messageId && exchange.fingerprint === fingerprint) return exchange;
    return undefined;
  }

  /** As many requests wait for their handlers as may. */
  get crowded(): boolean {
    return this.#open !== undefined && this.#open.length >= MAX_OPEN;
  }

  defer(exchange: Exchange): void {
    (this.#open ??= []).push(exchange);
    const { clock, parameters } = this.#surroundings;
    if (exchange.message.type === "CON")
      exchange.timer = clock.after(parameters.piggybackWindow, () => {
        exchange.acknowledged = true;
        this.#acknowledge(exchange.message.messageId);
      });
  }

  respond(exchange: Exchange, draft: Draft): number | undefined {
    if (exchange.acknowledged) {
      this.respondBy(exchange, new OnlySender(draft));
      return undefined;
    }
    if (this.#closed) return undefined;
    const { type, messageId } = exchange.message;
    // A NON is answered by a NON (§5.2.3), a CON on its acknowledgement (§5.2.1).
    if (type === "CON") {
      this.#answer(exchange, encodeDraft(draft, "ACK", messageId));
      return undefined;
    }
    const answerId = this.newMessageId();
    this.#answer(exchange, encodeDraft(draft, "NON", answerId));
    return answerId;
  }

  respondBy(exchange: Exchange, sender: Sender): boolean {
    const { type, messageId } = exchange.message;
    this.#leave(exchange);
    if (this.#closed) return false;
    this.#remember(type, messageId, exchange.fingerprint, toMemory(encodeEmpty("ACK", messageId)));
    return this.confirm(sender);
  }

  rejectRequest(exchange: Exchange): void {
    this.#surroundings.counters.rejected += 1;
    if (this.#closed) return;
    const { type, messageId } = exchange.message;
    this.#leave(exchange);
    this.#finish(type, messageId, exchange.fingerprint, this.#reset(messageId));
  }

  #answer(exchange: Exchange, datagram: Uint8Array): void {
    this.#leave(exchange);
    const { type, messageId } = exchange.message;
    if (!exchange.repeatable) this.#finish(type, messageId, exchange.fingerprint, datagram);
    this.transmit(datagram);
  }

  #leave(exchange: Exchange): void {
    exchange.timer?.cancel();
    if (this.#open === undefined) return;
    const rest = this.#open.filter((other) => other !== exchange);
    this.#open = rest.length === 0 ? undefined : rest;
  }

  #finish(type: MessageType, messageId: number, fingerprint: number, answer: Uint8Array | undefined): void {
    // A repeated NON is ignored, so there is no need to keep what answered it (§4.5).
    const kept = type === "CON" && answer !== undefined ? toMemory(answer) : undefined;
    this.#remember(type, messageId, fingerprint, kept);
  }

  #remember(type: MessageType, messageId: number, fingerprint: number, answer: Memory["answer"]): void {
    const { clock, parameters } = this.#surroundings;
    const lifetime = type === "CON" ? exchangeLifetime(parameters) : nonLifetime(parameters);
    this.#remembered ??= new Remembered(parameters.remembered);
    this.#remembered.add({ messageId, fingerprint, until: clock.monotonic() + lifetime, answer });
  }

  #acknowledge(messageId: number): Uint8Array {
    return this.transmit(encodeEmpty("ACK", messageId));
  }

  #reset(messageId: number): Uint8Array {
    this.#surroundings.counters.resetsSent += 1;
    return this.transmit(encodeEmpty("RST", messageId));
  }

  /** The last step out. */
  transmit(datagram: Uint8Array): Uint8Array {
    if (this.onSpoken !== undefined) this.wake()?.();
    const { counters, clock, transport } = this.#surroundings;
    counters.sent += 1;
    if (!this.#receiving) this.lastTraffic = clock.monotonic();
    transport.send(datagram);
    return datagram;
  }
}

/** One message that says the same however often it is sent, and whose end concerns nobody. */
class OnlySender implements Sender {
  readonly urgent = true;
  #draft: Draft | undefined;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  compose(): Draft | undefined {
    const draft = this.#draft;
    this.#draft = undefined;
    return draft;
  }

  settled(): void {
    this.#draft = undefined;
  }

  expects(): boolean {
    return false;
  }
}

/** An acknowledgement, a reset or a response: what may come of something we sent. */
function answersUs(datagram: Uint8Array): boolean {
  const header = peekHeader(datagram);
  return header !== undefined && (header.type === "ACK" || header.type === "RST" || isResponse(datagram[1]!));
}

/** 1, 10, 100 ...: what goes on for ever is told ever more rarely. */
function isRound(count: number): boolean {
  return /^10*$/.test(String(count));
}
