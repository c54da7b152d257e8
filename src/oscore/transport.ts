/**
 * OSCORE as a `Transport` around another: what goes down is protected, what comes up has been (RFC 8613).
 *
 * The CoAP engine above sees datagrams with the options that were inside; tokens, message ids, acknowledgements and
 * resets stay as they are. So block-wise transfer, Observe and retransmission work as they do without.
 */

import { DecodeError, toHex } from "../base/bytes.ts";
import { BoundedMap } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { notable } from "../base/notable.ts";
import type { Random } from "../base/random.ts";
import type { LineSecurity, Transport } from "../base/transport.ts";
import {
  Code,
  codeText,
  decodeMessage,
  encodeMessage,
  isRequest,
  isSuccess,
  type Message,
  OptionNumber,
} from "../coap/index.ts";
import type { RequestId } from "./aead.ts";
import { ECHO, Listener } from "./challenge.ts";
import { complaintOf } from "./complaint.ts";
import { type Context, deriveContext, type OscoreSecrets, sequenceOf } from "./context.ts";
import { decodeOption, OSCORE, type OscoreOption } from "./option.ts";
import { protectRequest, protectResponse, unprotectRequest, unprotectResponse } from "./protect.ts";
import { Recent } from "./recent.ts";
import { SenderSequence, type SequenceStore } from "./sender.ts";

export interface OscoreOptions {
  readonly secrets: OscoreSecrets;
  readonly sequence: SequenceStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class OscoreCounters {
  /** Came without protection, where nothing may. */
  unprotected = 0;
  /** Of another context. */
  strange = 0;
  replayed = 0;
  /** Not sealed by the other end, or changed on the way. */
  forged = 0;
  malformed = 0;
  /** Could not be sent: no number was free, or nobody had asked. */
  unsent = 0;
}

/** A request of ours. */
interface Asked {
  readonly id: RequestId;
  readonly messageId: number;
  /** As it was handed down, to know it when it is repeated. */
  readonly plain: Uint8Array;
  readonly wire: Uint8Array;
  /** It was said again with an Echo, under this message id. */
  readonly again: number | undefined;
  /** The highest number of a notification; -1: none yet. */
  notified: number;
}

/** A request of the other end. */
interface Heard {
  readonly id: RequestId;
  /** Its number has served for an answer already: it must not serve twice. */
  spent: boolean;
}

/** Requests of either end that may still be answered, observations among them. */
const MAX_OPEN = 256;
const EMPTY = new Uint8Array(0);
/** What is added to a message, ids and tag aside: two options' headers, flags, number, Observe, marker and code. */
const OVERHEAD = 20;

export class OscoreTransport implements Transport {
  readonly counters = new OscoreCounters();
  readonly #line: Transport;
  readonly #options: OscoreOptions;
  readonly #context: Context;
  readonly #sequence: SenderSequence;
  readonly #asked = new BoundedMap<string, Asked>(MAX_OPEN);
  readonly #heard = new BoundedMap<string, Heard>(MAX_OPEN);
  /** Those that are observations by now: however much is asked besides, they are not forgotten for it. */
  readonly #observed = new BoundedMap<string, Heard>(MAX_OPEN);
  readonly #recent = new Recent();
  #listener: Listener | undefined;
  #up: ((datagram: Uint8Array) => void) | undefined;

  /** @throws RangeError if these secrets are none (`deriveContext`). */
  constructor(line: Transport, options: OscoreOptions) {
    this.#line = line;
    this.#options = options;
    this.#context = deriveContext(options.secrets);
    this.#sequence = new SenderSequence(options.sequence, (error) =>
      options.log.error("oscore-sequence-not-stored", { error, hint: "nothing more is sent until the disk takes it" }),
    );
    line.onDatagram((datagram) => this.#receive(datagram));
  }

  get maxDatagram(): number {
    const { aead, senderId, idContext } = this.#context;
    return (
      this.#line.maxDatagram - OVERHEAD - aead.tagLength - senderId.length - (idContext ? idContext.length + 1 : 0)
    );
  }

  get bert(): boolean | undefined {
    return this.#line.bert;
  }

  /** What protects each message from end to end; and where the line below is secured as well, that. */
  get security(): LineSecurity {
    const below = this.#line.security;
    if (below === undefined) return { protocol: "OSCORE", suite: this.#context.aead.name };
    return { ...below, protocol: `OSCORE over ${below.protocol}` };
  }

  async open(signal?: AbortSignal): Promise<void> {
    const isNew = await this.#sequence.open(this.#options.clock.now());
    this.#listener ??= new Listener(this.#options.random, isNew);
    await this.#line.open(signal);
  }

  send(datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    if (message.code === Code.Empty) {
      this.#line.send(datagram);
      return;
    }
    const wire = isRequest(message.code) ? this.#ask(message, datagram) : this.#answer(message);
    if (wire === undefined) this.counters.unsent += 1;
    else this.#line.send(wire);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#up = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#line.onClose(listener);
  }

  onUnreachable(listener: () => void): void {
    this.#line.onUnreachable?.(listener);
  }

  renew(): Promise<void> {
    return this.#line.renew();
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  #ask(message: Message, datagram: Uint8Array): Uint8Array | undefined {
    const token = toHex(message.token);
    const before = this.#asked.get(token);
    // Repeated, it stays the same: the answer to the first may be on its way, and names its number (§8.4).
    if (before?.messageId === message.messageId && Buffer.compare(before.plain, datagram) === 0) return before.wire;
    return this.#protect(message, datagram, undefined);
  }

  #protect(message: Message, plain: Uint8Array, again: number | undefined): Uint8Array | undefined {
    const sequence = this.#sequence.take();
    if (sequence === undefined) return undefined;
    const [outer, id] = protectRequest(this.#context, message, sequence);
    const wire = encodeMessage(again === undefined ? outer : { ...outer, messageId: again });
    const { messageId } = message;
    this.#asked.set(toHex(message.token), { id, messageId, plain, wire, again, notified: -1 });
    return wire;
  }

  #answer(message: Message): Uint8Array | undefined {
    const token = toHex(message.token);
    const heard = this.#heard.get(token) ?? this.#observed.get(token);
    if (!heard) return undefined;
    const observe = message.options.some(({ number }) => number === OptionNumber.Observe);
    if (observe && this.#heard.delete(token)) this.#observed.set(token, heard);
    // A notification needs an order, and a number under one key must not seal two texts (§8.3).
    const sequence = heard.spent || observe ? this.#sequence.take() : undefined;
    if (sequence === undefined && (heard.spent || observe)) return undefined;
    if (sequence === undefined) heard.spent = true;
    return encodeMessage(protectResponse(this.#context, message, heard.id, sequence));
  }

  /** Never throws. */
  #receive(datagram: Uint8Array): void {
    const known = this.#recent.find(datagram, this.#options.clock.monotonic());
    if (known) {
      this.#up?.(known);
      return;
    }
    try {
      this.#read(datagram);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#refuse("malformed", error.message);
    }
  }

  /** @throws DecodeError */
  #read(datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    const option = message.options.find(({ number }) => number === OSCORE);
    if (message.code === Code.Empty) this.#passEmpty(message, datagram);
    else if (!isRequest(message.code)) this.#readResponse(message, option?.value, datagram);
    else if (option) this.#readRequest(message, option.value, datagram);
    else {
      this.#refuse("unprotected", "a request without protection");
      this.#complain(message, Code.Unauthorized, "OSCORE is wanted");
    }
  }

  /** Acknowledgements and resets are the message layer's, under the message id that it knows (§8 speaks of none). */
  #passEmpty(message: Message, datagram: Uint8Array): void {
    for (const { again, messageId } of this.#asked.values())
      if (again === message.messageId && message.type !== "CON") {
        this.#up?.(encodeMessage({ ...message, messageId }));
        return;
      }
    this.#up?.(datagram);
  }

  #readRequest(outer: Message, value: Uint8Array, datagram: Uint8Array): void {
    const found = this.#requestOption(outer, value);
    if (!found) return;
    const { kid, partialIv } = found;
    const id = { kid, partialIv };
    const sequence = sequenceOf(partialIv);
    const listener = this.#listener;
    if (!listener || listener.isReplay(sequence)) {
      this.#refuse("replayed", "a request heard before");
      this.#complain(outer, Code.Unauthorized, "Replay detected");
      return;
    }
    const inner = unprotectRequest(this.#context, outer, id);
    if (!inner || !isRequest(inner.code)) {
      this.#refuse("forged", "a request that does not authenticate");
      this.#complain(outer, Code.BadRequest, "Decryption failed");
      return;
    }
    const echo = inner.options.find(({ number }) => number === ECHO)?.value;
    const verdict = listener.take(sequence, echo);
    const token = toHex(outer.token);
    // Of a request that may be a recording, the number may have served already.
    this.#heard.set(token, { id, spent: !listener.proven });
    this.#observed.delete(token);
    if (verdict === "fresh") this.#pass({ ...inner, options: without(inner, ECHO) }, datagram);
    else this.#challenge(inner, listener.challenge);
  }

  #requestOption(outer: Message, value: Uint8Array): Required<Omit<OscoreOption, "kidContext">> | undefined {
    const option = attempt(() => decodeOption(value));
    if (option?.kid === undefined || option.partialIv === undefined) {
      this.#refuse("malformed", "an OSCORE option that names no context");
      this.#complain(outer, Code.BadOption, "Failed to decode COSE");
      return undefined;
    }
    const { kid, partialIv, kidContext } = option;
    const { recipientId, idContext = EMPTY } = this.#context;
    if (Buffer.compare(kid, recipientId) === 0 && (!kidContext || Buffer.compare(kidContext, idContext) === 0))
      return { kid, partialIv };
    this.#refuse("strange", "a request under another context");
    this.#complain(outer, Code.Unauthorized, "Security context not found");
    return undefined;
  }

  /** 4.01 with an Echo, for a request that may be a recording (Appendix B.1.2). */
  #challenge(inner: Message, challenge: Uint8Array): void {
    const answer = answerTo(inner, Code.Unauthorized, this.#options.random);
    const wire = this.#answer({ ...answer, options: [{ number: ECHO, value: challenge }] });
    if (wire) this.#line.send(wire);
  }

  #readResponse(outer: Message, value: Uint8Array | undefined, datagram: Uint8Array): void {
    const token = toHex(outer.token);
    const asked = this.#asked.get(token);
    if (value === undefined) {
      this.#readUnprotected(outer, asked, datagram);
      return;
    }
    const option = decodeOption(value);
    const inner = asked && unprotectResponse(this.#context, outer, option, asked.id);
    if (!asked || !inner || isRequest(inner.code)) {
      this.#refuse("forged", "an answer that does not authenticate");
      return;
    }
    const notification = inner.options.some(({ number }) => number === OptionNumber.Observe);
    const order = option.partialIv ? sequenceOf(option.partialIv) : -1;
    // §7.4.1: a notification that was overtaken, or heard before.
    if (notification && asked.notified >= 0 && order <= asked.notified) {
      this.#refuse("replayed", "a notification heard before");
      return;
    }
    asked.notified = Math.max(asked.notified, order);
    const echo = inner.options.find(({ number }) => number === ECHO)?.value;
    if (inner.code === Code.Unauthorized && echo && asked.again === undefined) {
      this.#askAgain(asked, echo);
      return;
    }
    if (!notification) this.#asked.delete(token);
    this.#pass(ofAsked(inner, asked), datagram);
  }

  /** The other end wants to see that we are alive: the same request with its Echo, as a message of its own (RFC 9175 §2.3). */
  #askAgain(asked: Asked, echo: Uint8Array): void {
    const plain = decodeMessage(asked.plain);
    // Far from the ids that the message layer counts up from here.
    const again = (plain.messageId + 0x8000) & 0xffff;
    const options = [...plain.options, { number: ECHO, value: echo }];
    const wire = this.#protect({ ...plain, options }, asked.plain, again);
    if (wire) this.#line.send(wire);
  }

  /** Nobody can tell who says so: believed only where it says no, and taken for 4.01 whatever it says (§8.4). */
  #readUnprotected(outer: Message, asked: Asked | undefined, datagram: Uint8Array): void {
    if (!asked || isSuccess(outer.code)) {
      this.#refuse("unprotected", "an answer without protection");
      return;
    }
    const complaint = complaintOf(outer);
    const reason = new TextDecoder().decode(complaint.payload);
    this.#options.log.warn("oscore-refused", { code: codeText(outer.code), reason });
    this.#asked.delete(toHex(outer.token));
    this.#pass(ofAsked(complaint, asked), datagram);
  }

  #pass(message: Message, datagram: Uint8Array): void {
    const plain = encodeMessage(message);
    this.#recent.add(datagram, plain, this.#options.clock.monotonic());
    this.#up?.(plain);
  }

  /** Says why without protection, as nothing else can be said (§8.2); to confirmable requests alone. */
  #complain(outer: Message, code: number, why: string): void {
    if (outer.type !== "CON") return;
    // §8.2: nobody may keep this answer.
    const options = [{ number: OptionNumber.MaxAge, value: EMPTY }];
    const payload = new TextEncoder().encode(why);
    this.#line.send(encodeMessage({ ...outer, type: "ACK", code, options, payload }));
  }

  #refuse(kind: keyof OscoreCounters, reason: string): void {
    this.counters[kind] += 1;
    if (notable(this.counters[kind])) this.#options.log.warn("oscore-dropped", { reason, times: this.counters[kind] });
  }
}

/** Under the message id that the message layer knows its request by. */
function ofAsked(message: Message, { again, messageId }: Asked): Message {
  return message.type === "ACK" && again === message.messageId ? { ...message, messageId } : message;
}

function without({ options }: Message, option: number): Message["options"] {
  return options.filter(({ number }) => number !== option);
}

/** Piggybacked on the acknowledgement, or a message of its own where there is none (RFC 7252 §5.2). */
function answerTo(request: Message, code: number, random: Random): Message {
  const [high = 0, low = 0] = random.bytes(2);
  const ids =
    request.type === "CON"
      ? ({ type: "ACK", messageId: request.messageId } as const)
      : ({ type: "NON", messageId: (high << 8) | low } as const);
  return { ...ids, code, token: request.token, options: [], payload: EMPTY };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
