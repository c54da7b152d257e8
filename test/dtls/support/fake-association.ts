/**
 * A secured line without security, in the hands of a test: it says HELLO until it is WELCOME, wraps what is sent, and ends
 * as it is told. What stands at the other end of the wire is a `FakeFar`.
 */

import type {
  Associate,
  AssociateOptions,
  Association,
  AssociationFacts,
  AssociationOwner,
  SavedSession,
  SecurityFailure,
} from "../../../src/base/association.ts";
import type { Transport } from "../../../src/base/transport.ts";

const HELLO = 1;
const WELCOME = 2;
const DATA = 3;
const BYE = 4;
const RETRY_MS = 1_000;
const TRIES = 5;
const OVERHEAD = 29;

export const FACTS: AssociationFacts = {
  suite: "TLS_PSK_WITH_AES_128_CCM_8",
  peerCid: true,
  ownCid: false,
  extendedMasterSecret: true,
  resumed: false,
};

export function session(id = 7): SavedSession {
  return {
    id: new Uint8Array(32).fill(id),
    masterSecret: new Uint8Array(48).fill(id + 1),
    suite: 0xc0a8,
    extendedMasterSecret: true,
    credentials: "psk of a test",
  };
}

export class FakeAssociation implements Association {
  state: Association["state"] = "idle";
  facts: AssociationFacts | undefined;
  deadline: number | undefined;
  readonly maxPayload: number;
  readonly options: AssociateOptions;
  readonly #owner: AssociationOwner;
  #tries = 0;

  constructor(owner: AssociationOwner, options: AssociateOptions) {
    this.#owner = owner;
    this.options = options;
    this.maxPayload = options.maxDatagram - OVERHEAD;
  }

  start(now: number): void {
    this.state = "handshaking";
    this.#hello(now);
  }

  receive([type, ...rest]: Uint8Array): void {
    if (type === WELCOME && this.state === "handshaking") this.open(this.options.resume !== undefined && rest[0] === 1);
    if (type === DATA && this.state === "open") this.#owner.received(Uint8Array.from(rest));
    if (type === BYE && this.state === "open") this.fail({ kind: "closed", reason: "the server took its leave" });
  }

  onTimeout(now: number): void {
    if (this.state !== "handshaking") return;
    if (this.#tries < TRIES) this.#hello(now);
    else this.fail({ kind: "silence", reason: "nobody answered" });
  }

  seal(payload: Uint8Array): Uint8Array | undefined {
    if (payload.length > this.maxPayload) throw new RangeError("too long");
    return this.state === "open" ? Uint8Array.from([DATA, ...payload]) : undefined;
  }

  close(): void {
    if (this.state === "open") this.#owner.transmit(Uint8Array.of(BYE));
    if (this.state !== "closed") this.fail({ kind: "closed", reason: "closed" });
  }

  session(): SavedSession | undefined {
    return session();
  }

  open(resumed = false): void {
    this.state = "open";
    this.deadline = undefined;
    this.facts = { ...FACTS, resumed };
    this.#owner.opened(this.facts);
  }

  fail(failure: SecurityFailure): void {
    this.state = "closed";
    this.deadline = undefined;
    this.facts = undefined;
    this.#owner.ended(failure);
  }

  #hello(now: number): void {
    this.#owner.transmit(Uint8Array.of(HELLO));
    this.deadline = now + RETRY_MS * 2 ** this.#tries;
    this.#tries += 1;
  }
}

/** Makes fake associations, and remembers them. */
export class FakeAssociations {
  readonly made: FakeAssociation[] = [];
  readonly associate: Associate = (owner, options) => {
    const association = new FakeAssociation(owner, options);
    this.made.push(association);
    return association;
  };

  get last(): FakeAssociation {
    const last = this.made.at(-1);
    if (!last) throw new Error("nothing was associated");
    return last;
  }
}

/** The other end, around a bare transport: it welcomes everybody, unless told otherwise, and unwraps what comes. */
export class FakeFar implements Transport {
  readonly maxDatagram: number;
  readonly #bare: Transport;
  /** What it says to a HELLO; undefined: nothing. */
  welcome: Uint8Array | undefined = Uint8Array.of(WELCOME, 1);
  hellos = 0;
  byes = 0;
  /** It has an association, and hears what comes over it. */
  knows = false;
  #onDatagram: (datagram: Uint8Array) => void = () => undefined;

  constructor(bare: Transport) {
    this.#bare = bare;
    this.maxDatagram = bare.maxDatagram - OVERHEAD;
    bare.onDatagram((datagram) => this.#hear(datagram));
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  send(datagram: Uint8Array): void {
    if (this.knows) this.#bare.send(Uint8Array.from([DATA, ...datagram]));
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onClose(): void {
    // It never breaks.
  }

  /** Takes its leave. */
  bye(): void {
    this.knows = false;
    this.#bare.send(Uint8Array.of(BYE));
  }

  /** Loses what it knew. */
  renew(): Promise<void> {
    this.knows = false;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #hear([type, ...rest]: Uint8Array): void {
    if (type === HELLO) {
      this.hellos += 1;
      if (this.welcome === undefined) return;
      this.knows = true;
      this.#bare.send(this.welcome);
    }
    if (type === BYE) this.byes += 1;
    if (type === DATA && this.knows) this.#onDatagram(Uint8Array.from(rest));
  }
}
