/** One DTLS 1.2 association as its client: datagrams and time in, datagrams, payloads and its end out. No sockets, no timers. */

import type {
  Association,
  AssociateOptions,
  AssociationFacts,
  AssociationOwner,
  SavedSession,
  SecurityFailure,
} from "../base/association.ts";
import { alertBody, type AlertName, HandshakeFault, readAlert } from "./alert.ts";
import { ContentType, HandshakeType } from "./constants.ts";
import type { FlightPart } from "./flight.ts";
import { Attempt, type AttemptContext, repeatLast } from "./handshake/attempt.ts";
import { factsOf, sessionOf } from "./handshake/result.ts";
import type { Settings } from "./handshake/settings.ts";
import { broken, refused } from "./handshake/words.ts";
import { Line } from "./line.ts";
import { readFragments } from "./reassembly.ts";
import { readRecords, type WireRecord } from "./record.ts";
import { resumable } from "./session.ts";

/** So often a last flight is said again: no server repeats its own more often. */
const MAX_REPEATS = 8;
/** What a record has around its payload before it is known which suite and which Connection ID; rather too much. */
const OVERHEAD_UNKNOWN = 112;

export class ClientAssociation implements Association {
  readonly #settings: Settings;
  readonly #owner: AssociationOwner;
  readonly #options: AssociateOptions;
  readonly #line: Line;
  #state: Association["state"] = "idle";
  #attempt: Attempt | undefined;
  #facts: AssociationFacts | undefined;
  #session: SavedSession | undefined;
  /** Kept while the server may not have seen it: it repeats its own until then (RFC 6347 §4.2.4). */
  #lastFlight: readonly FlightPart[] | undefined;
  #repeats = 0;
  /** Of the Connection ID in records that come in; known to the parser before it is agreed on. */
  #cidLength = 0;
  #maxPayload: number;

  constructor(settings: Settings, owner: AssociationOwner, options: AssociateOptions) {
    this.#settings = settings;
    this.#owner = owner;
    this.#options = options;
    this.#line = new Line(settings.counters);
    this.#maxPayload = Math.max(0, options.maxDatagram - OVERHEAD_UNKNOWN);
  }

  get state(): Association["state"] {
    return this.#state;
  }

  get facts(): AssociationFacts | undefined {
    return this.#facts;
  }

  get deadline(): number | undefined {
    return this.#attempt?.deadline;
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  session(): SavedSession | undefined {
    return this.#session;
  }

  start(now: number): void {
    if (this.#state !== "idle") return;
    const { suites, fingerprint, counters } = this.#settings;
    this.#state = "handshaking";
    counters.handshakes++;
    const attempt = new Attempt(this.#context(), resumable(this.#options.resume, suites, fingerprint));
    this.#attempt = attempt;
    this.#cidLength = attempt.handshake.ownCid?.length ?? 0;
    attempt.start(now);
  }

  receive(datagram: Uint8Array, now: number): void {
    if (this.#state === "idle" || this.#state === "closed") return;
    for (const record of readRecords(datagram, this.#cidLength, this.#settings.counters)) {
      // What came before may have ended it.
      if (this.#isOver()) return;
      this.#guarded(record, now);
    }
  }

  onTimeout(now: number): void {
    const failure = this.#attempt?.onTimeout(now);
    if (failure) this.#end(failure);
  }

  seal(payload: Uint8Array): Uint8Array | undefined {
    if (this.#state !== "open") return undefined;
    if (payload.length > this.#maxPayload)
      throw new RangeError(`a record here carries ${this.#maxPayload} bytes, not ${payload.length}`);
    if (this.#line.exhausted) {
      // RFC 6347 §4.1: a new association before a sequence number comes twice.
      this.#end({ kind: "closed", reason: "all sequence numbers of this association are used" });
      return undefined;
    }
    return this.#line.record(ContentType.ApplicationData, 1, payload);
  }

  close(): void {
    if (this.#isOver()) return;
    if (this.#state === "open") this.#sayGoodbye();
    this.#end({ kind: "closed", reason: "closed by us" });
  }

  /** One record; whatever is wrong with it ends in words, never in an exception. */
  #guarded(record: WireRecord, now: number): void {
    try {
      this.#take(record, now);
    } catch (error) {
      const { failure, alert } = broken(this.#settings, error);
      this.#say("fatal", alert);
      this.#fail(failure);
    }
  }

  #take(record: WireRecord, now: number): void {
    switch (record.epoch) {
      case 0:
        this.#takePlain(record, now);
        return;
      case 1:
        this.#takeSealed(record, now);
        return;
      default:
        // There is no renegotiation, and so no third epoch.
        this.#settings.counters.misplaced++;
    }
  }

  #takePlain({ type, body }: WireRecord, now: number): void {
    const attempt = this.#attempt;
    if (attempt === undefined) {
      this.#countStranger(type, body);
      return;
    }
    switch (type) {
      case ContentType.Handshake:
        attempt.plainHandshake(body, now);
        this.#settle();
        return;
      case ContentType.ChangeCipherSpec:
        if (attempt.change(body))
          for (const held of attempt.releaseHeld()) if (!this.#isOver()) this.#guarded(held, now);
        return;
      case ContentType.Alert:
        attempt.plainAlert(body, now);
        return;
      default:
        // Application data in the clear: nothing that we asked for.
        this.#settings.counters.misplaced++;
    }
  }

  /** Once it is open, nothing in the clear counts: anybody can write it. */
  #countStranger(type: number, body: Uint8Array): void {
    const { counters } = this.#settings;
    if (type === ContentType.Alert) counters.foreignAlerts++;
    else if (type === ContentType.Handshake && body[0] === HandshakeType.ClientHello) counters.foreignHellos++;
    else counters.misplaced++;
  }

  #takeSealed(record: WireRecord, now: number): void {
    if (!this.#line.readable) {
      this.#attempt?.hold(record);
      return;
    }
    const opened = this.#line.open(record);
    if (opened === undefined) return;
    const { type, payload } = opened;
    switch (type) {
      case ContentType.ApplicationData:
        this.#takeData(payload);
        return;
      case ContentType.Handshake:
        if (this.#attempt === undefined) this.#takeLateHandshake(payload);
        else {
          this.#attempt.sealedHandshake(payload, now);
          this.#settle();
        }
        return;
      case ContentType.Alert:
        this.#takeAlert(payload);
        return;
      default:
        // RFC 5246 §6: authentic, and no record type that could come here.
        throw new HandshakeFault("unexpected_message", `a record of type ${type}`);
    }
  }

  #takeData(payload: Uint8Array): void {
    if (this.#attempt) this.#attempt.holdData(payload);
    else {
      // The server talks, so it has our Finished.
      this.#lastFlight = undefined;
      // Empty ones only hide how much is said (RFC 5246 §6.2.1).
      if (payload.length > 0) this.#owner.received(payload);
    }
  }

  /** RFC 5246 §7.2: authentic, so it is the server's word. */
  #takeAlert(body: Uint8Array): void {
    const alert = readAlert(body);
    if (alert === undefined) throw new HandshakeFault("decode_error", `an alert of ${body.length} bytes`);
    if (alert.name === "close_notify") {
      // RFC 5246 §7.2.1: answered in kind.
      this.#sayGoodbye();
      this.#end({ kind: "closed", reason: `${this.#settings.name} closed the association`, alert: alert.name });
    } else if (alert.level === "fatal") this.#fail(refused(this.#settings, alert.name));
  }

  /** Open already: a Finished that comes again asks for ours; a HelloRequest asks for what we do not do (RFC 5246 §7.4.1.1). */
  #takeLateHandshake(body: Uint8Array): void {
    const repeated = readFragments(body).some(({ type }) => type === HandshakeType.Finished);
    if (!repeated || this.#lastFlight === undefined || this.#repeats >= MAX_REPEATS) {
      this.#settings.counters.misplaced++;
      return;
    }
    this.#repeats++;
    this.#settings.counters.retransmissions++;
    repeatLast(this.#lastFlight, this.#context());
  }

  /** The handshake may just have been completed. */
  #settle(): void {
    const attempt = this.#attempt;
    if (!attempt?.over) return;
    const { settings, maxDatagram } = this.#context();
    const facts = factsOf(attempt.handshake);
    this.#attempt = undefined;
    this.#facts = facts;
    this.#session = sessionOf(attempt.handshake, settings.fingerprint);
    this.#lastFlight = attempt.lastFlight;
    if (!facts.ownCid) this.#cidLength = 0;
    this.#maxPayload = this.#line.room(1, maxDatagram);
    this.#state = "open";
    settings.counters.completed++;
    if (facts.resumed) settings.counters.resumed++;
    this.#owner.opened(facts);
    for (const payload of attempt.releaseData()) if (!this.#isOver()) this.#takeData(payload);
  }

  #sayGoodbye(): void {
    this.#say("warning", "close_notify");
  }

  #say(level: "warning" | "fatal", name: AlertName): void {
    if (this.#line.exhausted) return;
    this.#owner.transmit(this.#line.record(ContentType.Alert, this.#line.writeEpoch, alertBody(level, name)));
  }

  /** RFC 5246 §7.2.2: a session that ended in a fatal alert is never resumed. */
  #fail(failure: SecurityFailure): void {
    this.#session = undefined;
    this.#end(failure);
  }

  #end(failure: SecurityFailure): void {
    if (this.#isOver()) return;
    this.#state = "closed";
    this.#attempt = undefined;
    this.#lastFlight = undefined;
    this.#owner.ended(failure);
  }

  #isOver(): boolean {
    return this.#state === "closed";
  }

  #context(): AttemptContext {
    const { maxDatagram } = this.#options;
    return {
      settings: this.#settings,
      line: this.#line,
      maxDatagram,
      transmit: (datagram) => {
        this.#owner.transmit(datagram);
      },
    };
  }
}
