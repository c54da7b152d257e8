/** A handshake under way: its messages put together, its flights sent until they are answered, its strangers' voices kept in bounds. */

import { copyOf, DecodeError } from "../../base/bytes.ts";
import type { SecurityFailure } from "../../base/association.ts";
import { readAlert } from "../alert.ts";
import { HandshakeType } from "../constants.ts";
import {
  type Attempt as Sending,
  datagramsOf,
  firstAttempt,
  type FlightPart,
  nextAttempt,
  SMALLEST_DATAGRAM,
} from "../flight.ts";
import type { Line } from "../line.ts";
import { Protection } from "../protect.ts";
import { type Fragment, HANDSHAKE_HEADER_LENGTH, Reassembly, readFragments } from "../reassembly.ts";
import type { WireRecord } from "../record.ts";
import type { Resumable } from "../session.ts";
import { ClientHandshake, type Step } from "./client.ts";
import type { Settings } from "./settings.ts";
import { refused, silence } from "./words.ts";

/** What an attempt needs of its association. */
export interface AttemptContext {
  readonly settings: Settings;
  readonly line: Line;
  readonly maxDatagram: number;
  readonly transmit: (datagram: Uint8Array) => void;
}

/** A flight that waits for its answer. */
interface Outstanding {
  readonly parts: readonly FlightPart[];
  readonly sending: Sending;
  readonly sentAt: number;
  readonly deadline: number;
  /** Whether retransmissions may use smaller datagrams: a ClientHello in pieces is not understood by servers without memory. */
  readonly divisible: boolean;
}

/** A flight is sent again so often at most. */
const MAX_RETRANSMISSIONS = 5;
/** Servers that do not repeat their last flight are common: a small flight that was not answered after these will not be. */
const MAX_LAST_RETRANSMISSIONS = 3;
/** Records of epoch 1 that came before the ChangeCipherSpec, or before the Finished. */
const MAX_HELD = 8;
const MAX_HELD_BYTES = 2_048;
/** For so long after an alert in the clear, the server may show that it did not write it. */
const ALERT_PATIENCE_MS = 1_000;
const CHANGE_BODY = 1;

export class Attempt {
  readonly handshake: ClientHandshake;
  readonly #context: AttemptContext;
  readonly #reassembly = new Reassembly();
  #outstanding: Outstanding | undefined;
  /** The last message of the server's flight that ours answers. */
  #answeredTo: number | undefined;
  #answered = false;
  #over = false;
  #lastFlight: readonly FlightPart[] | undefined;
  #held: WireRecord[] = [];
  #early: Uint8Array[] = [];
  #alert: { readonly name: string; readonly until: number } | undefined;

  constructor(context: AttemptContext, resume: Resumable | undefined) {
    this.#context = context;
    this.handshake = new ClientHandshake(context.settings, resume);
  }

  /** The server's Finished has been verified. */
  get over(): boolean {
    return this.#over;
  }

  /** Ours, if it was the last: to be sent again when the server repeats its own (RFC 6347 §4.2.4). */
  get lastFlight(): readonly FlightPart[] | undefined {
    return this.#lastFlight;
  }

  get deadline(): number | undefined {
    const flight = this.#outstanding?.deadline;
    if (this.#alert === undefined || flight === undefined) return flight;
    return Math.min(flight, this.#alert.until);
  }

  start(now: number): void {
    this.#send(this.handshake.hello(), now);
  }

  /** How it ended, if it did. */
  onTimeout(now: number): SecurityFailure | undefined {
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return undefined;
    const { settings } = this.#context;
    if (this.#alert && now >= this.#alert.until) return refused(settings, this.#alert.name);
    if (now < outstanding.deadline) return undefined;
    const sending = nextAttempt(outstanding.sending, this.#patience(outstanding));
    if (sending === undefined) {
      if (this.#alert) return refused(settings, this.#alert.name);
      const resuming = this.handshake.agreement?.resumed !== undefined;
      return silence(settings, { state: this.handshake.state, answered: this.#answered, resuming });
    }
    this.#outstanding = { ...outstanding, sending, sentAt: now, deadline: now + sending.waitMs };
    this.#repeat(this.#outstanding);
    return undefined;
  }

  /** Handshake messages in the clear. Malformed ones are anybody's, and dropped (RFC 6347 §4.1.2.7). */
  plainHandshake(body: Uint8Array, now: number): void {
    const { counters } = this.#context.settings;
    let fragments: Fragment[];
    try {
      fragments = readFragments(body);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.malformed++;
      return;
    }
    for (const fragment of fragments) this.#plainFragment(fragment, now);
    this.#proceed(now);
  }

  /** Handshake messages that proved authentic. @throws DecodeError */
  sealedHandshake(body: Uint8Array, now: number): void {
    for (const fragment of readFragments(body)) this.#add(fragment);
    this.#proceed(now);
  }

  /** A ChangeCipherSpec in the clear. True: records of epoch 1 can be read from here on. */
  change(body: Uint8Array): boolean {
    const { line, settings } = this.#context;
    // RFC 5246 §7.1: a single byte of value 1. Early ones are dropped: keys of no handshake must never be used.
    if (body.length !== 1 || body[0] !== CHANGE_BODY || !this.handshake.change()) {
      settings.counters.misplaced++;
      return false;
    }
    line.peerChanged();
    // What was said in the clear about messages to come counts no more.
    this.#reassembly.restart(this.#reassembly.expected);
    return true;
  }

  /** Anybody can write it: it is remembered as the likely reason, and believed if nothing else comes. */
  plainAlert(body: Uint8Array, now: number): void {
    const alert = readAlert(body);
    // Warnings but this one say nothing that matters (RFC 5246 §7.2.2).
    if (alert && (alert.level === "fatal" || alert.name === "close_notify") && this.#alert === undefined)
      this.#alert = { name: alert.name, until: now + ALERT_PATIENCE_MS };
    else this.#context.settings.counters.foreignAlerts++;
  }

  /** A record of epoch 1 before its time: it may have overtaken what makes it readable. */
  hold(record: WireRecord): void {
    const { header, body, cid } = record;
    if (this.#held.length >= MAX_HELD || body.length > MAX_HELD_BYTES) {
      this.#context.settings.counters.overflows++;
      return;
    }
    this.#held.push({ ...record, header: copyOf(header), body: copyOf(body), cid: cid && copyOf(cid) });
  }

  releaseHeld(): WireRecord[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** Application data that overtook the Finished: nothing is believed before that. */
  holdData(payload: Uint8Array): void {
    if (this.#early.length >= MAX_HELD) this.#context.settings.counters.overflows++;
    else this.#early.push(copyOf(payload));
  }

  releaseData(): Uint8Array[] {
    const early = this.#early;
    this.#early = [];
    return early;
  }

  #plainFragment(fragment: Fragment, now: number): void {
    const { counters } = this.#context.settings;
    switch (fragment.type) {
      case HandshakeType.HelloVerifyRequest:
        this.#verifyRequest(fragment, now);
        return;
      // RFC 5246 §7.4.1.1: ignored while a handshake is under way, and no part of it.
      case HandshakeType.HelloRequest:
        counters.misplaced++;
        return;
      // A server that would rather be the client (OMA LwM2M servers may): we are not its server.
      case HandshakeType.ClientHello:
        counters.foreignHellos++;
        return;
    }
    // Once the server writes in secret, nothing of the handshake is said in the clear.
    if (this.#context.line.readable) counters.misplaced++;
    else if (this.#add(fragment) === "old") this.#peerRepeats(fragment, now);
  }

  /** Stands outside of the count of messages: a server without memory writes 0 each time. */
  #verifyRequest(fragment: Fragment, now: number): void {
    const flight = this.#mayRestart(fragment) ? this.handshake.restart(fragment.data) : undefined;
    if (flight === undefined) {
      this.#context.settings.counters.misplaced++;
      return;
    }
    this.#answered = true;
    this.#alert = undefined;
    this.#reassembly.restart(1);
    this.#send(flight, now);
  }

  /**
   * A second cookie counts only where the first one was sent twice in vain: it may be a late answer to a ClientHello
   * without one, and the server may have taken the first meanwhile.
   */
  #mayRestart({ offset, length, data, sequence }: Fragment): boolean {
    if (offset !== 0 || data.length !== length || sequence !== 0) return false;
    const again = this.#outstanding?.sending.retransmissions ?? 0;
    return this.handshake.state === "hello" && (!this.handshake.hasCookie || again > 0);
  }

  #add(fragment: Fragment): "kept" | "old" | "refused" {
    const placed = this.#reassembly.add(fragment);
    if (placed === "refused") this.#context.settings.counters.overflows++;
    return placed;
  }

  /** The server sends its flight again: it has not seen ours (RFC 6347 §4.2.4). Not at once again, or two would shout for ever. */
  #peerRepeats({ sequence }: Fragment, now: number): void {
    const outstanding = this.#outstanding;
    if (outstanding === undefined || sequence !== this.#answeredTo) return;
    if (now - outstanding.sentAt < this.#context.settings.retransmitMs / 2) return;
    this.#outstanding = { ...outstanding, sentAt: now };
    this.#repeat(this.#outstanding);
  }

  #proceed(now: number): void {
    for (let message = this.#reassembly.take(); message && !this.#over; message = this.#reassembly.take()) {
      const step = this.handshake.receive(message);
      this.#answered = true;
      // It goes on: so the server had not given up, and somebody else wrote the alert.
      if (this.#alert) this.#context.settings.counters.foreignAlerts++;
      this.#alert = undefined;
      this.#take(step, message.sequence, now);
    }
  }

  #take(step: Step, sequence: number, now: number): void {
    switch (step.do) {
      case "wait":
        return;
      case "secure": {
        this.#secure(step);
        if (step.flight === undefined) return;
        this.#answeredTo = sequence;
        this.#send(step.flight, now);
        return;
      }
      case "open":
        this.#over = true;
        this.#outstanding = undefined;
        this.#lastFlight = step.flight;
        if (step.flight) this.#transmit(step.flight, this.#context.maxDatagram);
    }
  }

  #secure({ keys }: Extract<Step, { do: "secure" }>): void {
    const { line, settings } = this.#context;
    const { agreement, ownCid } = this.handshake;
    if (agreement === undefined) return;
    const { peerCid } = agreement.answered;
    // RFC 9146 §3: in use only if the server answered, with an empty one or not.
    const cids = { peerCid, ownCid: peerCid && ownCid };
    line.secure(new Protection(agreement.suite, keys, { ...cids, random: settings.random }));
  }

  #patience({ parts, divisible }: Outstanding): number {
    const bytes = parts.reduce(
      (sum, each) => sum + (each.part === "message" ? HANDSHAKE_HEADER_LENGTH + each.message.body.length : 0),
      0,
    );
    return divisible && bytes <= SMALLEST_DATAGRAM ? MAX_LAST_RETRANSMISSIONS : MAX_RETRANSMISSIONS;
  }

  #send(parts: readonly FlightPart[], now: number): void {
    const { settings, maxDatagram } = this.#context;
    const sending = firstAttempt(settings.retransmitMs, maxDatagram);
    const divisible = parts.some(({ part }) => part === "change");
    this.#outstanding = { parts, sending, sentAt: now, deadline: now + sending.waitMs, divisible };
    this.#transmit(parts, maxDatagram);
  }

  #repeat({ parts, sending, divisible }: Outstanding): void {
    this.#context.settings.counters.retransmissions++;
    this.#transmit(parts, divisible ? sending.maxDatagram : this.#context.maxDatagram);
  }

  #transmit(parts: readonly FlightPart[], maxDatagram: number): void {
    const { line, transmit } = this.#context;
    for (const datagram of datagramsOf(parts, maxDatagram, line)) transmit(datagram);
  }
}

/** Sends a last flight once more. */
export function repeatLast(parts: readonly FlightPart[], { line, maxDatagram, transmit }: AttemptContext): void {
  for (const datagram of datagramsOf(parts, maxDatagram, line)) transmit(datagram);
}
