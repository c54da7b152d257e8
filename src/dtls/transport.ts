/**
 * A secured way to one server as a Transport, around another one: datagrams in, records out.
 *
 * Thousands of these are open at once, so what only a handshake needs is there only while one is under way, and an open
 * association has no timer. Opening waits at the gate, offers the session of before, and tries other ways where there
 * are some; what it ends with is words for whoever installs the thing.
 */

import type {
  Associate,
  Association,
  AssociationFacts,
  AssociationOwner,
  SecurityFailure,
} from "../base/association.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { LineSecurity, Transport } from "../base/transport.ts";
import { alertNumber } from "./alert.ts";
import type { HandshakeGate, Pass } from "./gate.ts";
import type { SessionStore } from "./sessions.ts";
import { firstTry, nextTry, type Try } from "./tries.ts";

/** What all secured ways of a process share. */
export interface DtlsShared {
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: HandshakeGate;
  readonly sessions: SessionStore;
}

export interface DtlsTransportOptions {
  /** A way to the server, not yet open: from the port that the endpoint has, if any, or from a fresh one. */
  readonly dial: (port: Try["port"]) => Transport;
  /** The port of `dial("kept")` is one that the server may still know. */
  readonly known?: boolean;
  readonly associate: Associate;
  /** By which gate and sessions know it: its URI. */
  readonly server: string;
  readonly endpoint: string;
  readonly shared: DtlsShared;
  /** What is to be shown beside how it is secured. */
  readonly notice?: (() => Pick<LineSecurity, "warning"> | undefined) | undefined;
}

/** How an opening ended that did not succeed; the message is the reason, in words. */
export class SecurityError extends Error {
  override readonly name = "SecurityError";
  readonly failure: SecurityFailure;
  /** The server's, by its number: `alertOf` finds it here. */
  readonly alert: number | undefined;

  constructor(failure: SecurityFailure) {
    super(`DTLS: ${failure.reason}`);
    this.failure = failure;
    // What we say to a server that we do not trust is no alert of its own.
    this.alert = failure.kind === "alert" ? alertNumber(failure.alert ?? "") : undefined;
  }
}

const PROTOCOL = "DTLS 1.2";
/** What fits where nothing is agreed yet: the way below, less what the longest record of AES-CCM and a Connection ID take. */
const USUAL_PAYLOAD = 1_152;
/** How often is looked whether the clock has been set. */
const CLOCK_MS = 10_000;
/** Retransmissions without an answer after which a handshake counts as quiet. */
const QUIET_AFTER = 2;
const CLOSED: SecurityFailure = { kind: "closed", reason: "closed while opening" };

/** What is there while a handshake is under way, or waits, and gone once it is over. */
interface Opening {
  pass: Pass | undefined;
  /** Retransmissions since the server was heard last. */
  silent: number;
  /** The server's machine has said that nobody listens there. */
  unreachable: boolean;
  /** Somebody has answered, in whichever try. */
  heard: boolean;
  /** How the last try went, in words. */
  failure: string | undefined;
  /** Ends the try of now, or the wait before the next: as a success unless something failed. */
  settle: ((failed: SecurityFailure | Error | undefined) => void) | undefined;
}

export class DtlsTransport implements Transport, AssociationOwner {
  readonly #options: DtlsTransportOptions;
  #line: Transport | undefined;
  #association: Association | undefined;
  #opening: Opening | undefined;
  #timer: Timer | undefined;
  #due: number | undefined;
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #onUnreachable: (() => void) | undefined;

  constructor(options: DtlsTransportOptions) {
    this.#options = options;
  }

  get maxDatagram(): number {
    return this.#association?.maxPayload ?? USUAL_PAYLOAD;
  }

  get security(): LineSecurity {
    const facts = this.#association?.facts;
    const notice = this.#options.notice?.();
    if (facts) return { ...securityOf(facts), ...notice };
    const failure = this.#opening?.failure;
    return { protocol: PROTOCOL, ...notice, ...(failure !== undefined && { failure }) };
  }

  /** @throws SecurityError if no association came about; what the way below throws; Error if it is closed meanwhile. */
  open(signal?: AbortSignal): Promise<void> {
    return this.#begin(this.close(), this.#options.known ?? false, signal);
  }

  send(datagram: Uint8Array): void {
    const association = this.#association;
    if (association === undefined || datagram.length > association.maxPayload) return;
    const record = association.seal(datagram);
    if (record !== undefined) this.#line?.send(record);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  onUnreachable(listener: () => void): void {
    this.#onUnreachable = listener;
  }

  /**
   * The server seems to have lost the association: takes up its session in another one, or agrees on a new one. There is
   * nothing to do where nothing is open, or something opens already. @throws as `open` does; then it is closed.
   */
  renew(): Promise<void> {
    const line = this.#line;
    if (line === undefined || this.#opening) return Promise.resolve();
    this.#drop();
    return this.#begin(line.renew(), true);
  }

  async close(): Promise<void> {
    const settle = this.#opening?.settle;
    this.#opening = undefined;
    this.#drop();
    settle?.(CLOSED);
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }

  /** Part of the bargain with an association, as are the next three. */
  transmit(datagram: Uint8Array): void {
    this.#line?.send(datagram);
  }

  opened(facts: AssociationFacts): void {
    const { server, endpoint, shared } = this.#options;
    const session = this.#association?.session();
    if (session === undefined) shared.sessions.delete(server, endpoint);
    // One that was taken up again keeps its age.
    else if (!facts.resumed) shared.sessions.set(server, endpoint, session);
    shared.log.debug("secured", { endpoint, server, suite: facts.suite, resumed: facts.resumed, cid: facts.peerCid });
    this.#opening?.settle?.(undefined);
  }

  received(payload: Uint8Array): void {
    this.#onDatagram?.(payload);
  }

  ended(failure: SecurityFailure): void {
    // Whatever was dropped has nothing to say any more.
    if (this.#association === undefined) return;
    this.#association = undefined;
    const { server, endpoint, shared } = this.#options;
    if (this.#opening === undefined && spoils(failure)) shared.sessions.delete(server, endpoint);
    this.#failed(failure);
  }

  async #begin(before: Promise<void>, known: boolean, signal?: AbortSignal): Promise<void> {
    const opening: Opening = {
      pass: undefined,
      silent: 0,
      unreachable: false,
      heard: false,
      failure: undefined,
      settle: undefined,
    };
    this.#opening = opening;
    const stop = () => void this.close();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await before;
      signal?.throwIfAborted();
      await this.#secure(opening, known);
    } catch (error) {
      if (this.#opening === opening) await this.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  /** Tries what there is to try. @throws SecurityError, or what the way below throws. */
  async #secure(opening: Opening, known: boolean): Promise<void> {
    const { server, endpoint, shared } = this.#options;
    let current = firstTry(shared.sessions.get(server, endpoint) !== undefined);
    let telling: SecurityFailure | undefined;
    for (;;) {
      this.#stillWanted(opening);
      const failure = await this.#attempt(opening, current);
      this.#stillWanted(opening);
      if (failure === undefined) return;
      // A server that talks to one client at a time has no word for the next try: what went before says more than silence.
      if (failure.kind !== "silence") telling = failure.kind === "clock" ? undefined : failure;
      const { reason } = telling ?? failure;
      opening.failure = reason;
      if (current.resume && spoils(failure)) shared.sessions.delete(server, endpoint);
      // Who has answered is there, over a bad way: that is worth another try.
      const next = nextTry(current, failure, known || opening.heard);
      if (next === undefined) throw new SecurityError(telling ?? failure);
      shared.log.debug("dtls-tried-again", { endpoint, server, reason });
      if (next === "when-the-clock-is-set") await this.#clockSet(opening);
      else current = next;
    }
  }

  /** Another way below, open. */
  async #ready(opening: Opening, port: Try["port"]): Promise<void> {
    const before = this.#line;
    this.#line = undefined;
    await before?.close();
    this.#stillWanted(opening);
    const line = this.#options.dial(port);
    this.#line = line;
    line.onDatagram((datagram) => this.#came(datagram));
    line.onUnreachable?.(() => this.#unreachable());
    line.onClose((reason) => {
      if (this.#line === line) this.#failed({ kind: "closed", reason });
    });
    await line.open();
    this.#stillWanted(opening);
  }

  #stillWanted(opening: Opening): void {
    if (this.#opening !== opening) throw new Error(CLOSED.reason);
  }

  /** One handshake, when its turn has come. How it failed; undefined: it did not. @throws what the way below throws. */
  #attempt(opening: Opening, current: Try): Promise<SecurityFailure | undefined> {
    const { server, shared } = this.#options;
    opening.silent = 0;
    opening.unreachable = false;
    return new Promise((resolve, reject) => {
      opening.settle = (failed) => {
        opening.settle = undefined;
        opening.pass?.leave();
        opening.pass = undefined;
        if (failed instanceof Error) reject(failed);
        else resolve(failed && opening.unreachable ? unreachable(failed) : failed);
      };
      opening.pass = shared.gate.enter(server, () => void this.#start(opening, current));
    });
  }

  async #start(opening: Opening, { port, resume }: Try): Promise<void> {
    if (this.#line === undefined || port === "fresh") {
      try {
        // Looking up a name may take long, and is no arithmetic.
        opening.pass?.quiet();
        await this.#ready(opening, port);
        opening.pass?.heard();
      } catch (error) {
        if (this.#opening === opening) opening.settle?.(error instanceof Error ? error : new Error(words(error)));
        return;
      }
    }
    this.#associate(resume);
  }

  #associate(resume: boolean): void {
    const { server, endpoint, shared, associate } = this.#options;
    const { maxDatagram = 0 } = this.#line ?? {};
    const session = resume ? shared.sessions.get(server, endpoint) : undefined;
    try {
      const association = associate(this, { maxDatagram, ...(session && { resume: session }) });
      this.#association = association;
      association.start(shared.clock.monotonic());
    } catch (error) {
      // An engine of other people's making may refuse to start at all.
      this.#association = undefined;
      this.#failed({ kind: "protocol", reason: words(error) });
    }
    this.#arm();
  }

  /** Waits until certificates can be judged: the clock of a machine without a battery is set by the network, some time. */
  #clockSet(opening: Opening): Promise<void> {
    const { clock } = this.#options.shared;
    return new Promise((resolve) => {
      const look = () => {
        if (clock.now().trusted) opening.settle?.(undefined);
        else timer = clock.after(CLOCK_MS, look);
      };
      let timer = clock.after(CLOCK_MS, look);
      opening.settle = () => {
        opening.settle = undefined;
        timer.cancel();
        resolve();
      };
    });
  }

  #came(datagram: Uint8Array): void {
    const association = this.#association;
    if (association === undefined) return;
    const opening = this.#opening;
    if (opening) {
      opening.silent = 0;
      opening.heard = true;
      opening.pass?.heard();
    }
    association.receive(datagram, this.#options.shared.clock.monotonic());
    this.#arm();
  }

  /** One timer, and only while the association waits for something. */
  #arm(): void {
    const due = this.#association?.deadline;
    if (due === this.#due) return;
    const { clock } = this.#options.shared;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer = due === undefined ? undefined : clock.after(due - clock.monotonic(), () => this.#timeout());
  }

  #timeout(): void {
    const opening = this.#opening;
    this.#due = undefined;
    this.#timer = undefined;
    if (opening && ++opening.silent >= QUIET_AFTER) opening.pass?.quiet();
    this.#association?.onTimeout(this.#options.shared.clock.monotonic());
    this.#arm();
  }

  #unreachable(): void {
    if (this.#opening) this.#opening.unreachable = true;
    else this.#onUnreachable?.();
  }

  /** The try of now, or the association that was open. */
  #failed(failure: SecurityFailure): void {
    this.#arm();
    const opening = this.#opening;
    if (opening) {
      opening.settle?.(failure);
      return;
    }
    void this.close();
    this.#onClose?.(failure.reason);
  }

  /** Takes leave of the server, as far as it still listens. */
  #drop(): void {
    const association = this.#association;
    this.#association = undefined;
    association?.close();
    this.#arm();
  }
}

/** Whether a session that met this is good for nothing any more. Silence says nothing of it: nobody may have been there. */
function spoils({ kind }: SecurityFailure): boolean {
  return kind !== "silence" && kind !== "closed";
}

function unreachable(failure: SecurityFailure): SecurityFailure {
  if (failure.kind !== "silence") return failure;
  return { ...failure, reason: `${failure.reason} (its machine says that nothing listens on that port)` };
}

function securityOf({ suite, peerCid, resumed, peerFingerprint }: AssociationFacts): LineSecurity {
  return {
    protocol: PROTOCOL,
    suite,
    connectionId: peerCid,
    resumed,
    ...(peerFingerprint !== undefined && { fingerprint: peerFingerprint }),
  };
}
