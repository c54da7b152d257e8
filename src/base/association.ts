/** A secured line over datagrams, without sockets and timers: bytes and `now` come in, and an `AssociationOwner` is told what to do. */

export interface Association {
  readonly state: "idle" | "handshaking" | "open" | "closed";
  /** Once it was open; what was agreed. */
  readonly facts: AssociationFacts | undefined;
  /** When `onTimeout` wants to be called, in milliseconds of the monotonic clock; undefined: nothing to wait for. */
  readonly deadline: number | undefined;
  /** Begins the handshake. Times are milliseconds of the monotonic clock. */
  start(now: number): void;
  /** One datagram of the peer, or of anybody who claims to be it. Never throws. */
  receive(datagram: Uint8Array, now: number): void;
  onTimeout(now: number): void;
  /** One record around this; undefined unless open. The owner sends it. @throws RangeError if it is longer than `maxPayload`. */
  seal(payload: Uint8Array): Uint8Array | undefined;
  /** Bytes that a record may carry in one datagram of the size given at creation. */
  readonly maxPayload: number;
  /** Says close_notify if it was open, and ends. Safe to call twice. */
  close(): void;
  /** What resumes this session at the same server; it holds a master secret. Undefined where nothing can be resumed. */
  session(): SavedSession | undefined;
}

/** Told by an association, from within its methods. */
export interface AssociationOwner {
  transmit(datagram: Uint8Array): void;
  opened(facts: AssociationFacts): void;
  /** What the peer sealed; valid until this returns unless it is copied. */
  received(payload: Uint8Array): void;
  /** It has ended, and will say no more. */
  ended(failure: SecurityFailure): void;
}

export interface AssociationFacts {
  /** By its IANA name, such as `TLS_PSK_WITH_AES_128_CCM_8`. */
  readonly suite: string;
  /** The peer issued a Connection ID for what we send, and we one for what it sends (RFC 9146). */
  readonly peerCid: boolean;
  readonly ownCid: boolean;
  readonly extendedMasterSecret: boolean;
  readonly resumed: boolean;
  /** Of the server's certificate or key; absent with a pre-shared key. */
  readonly peerFingerprint?: string;
}

/** How a handshake or an association ended, in words that an installer understands. */
export interface SecurityFailure {
  readonly kind:
    | "closed" // by us, or by the peer's close_notify
    | "silence" // nobody answered at all
    | "silence-after-finished" // answered, then silence once we had proved who we are: a wrong key, as a rule
    | "alert" // the peer refused
    | "untrusted" // the peer could not prove who it is
    | "clock" // the peer's certificate cannot be judged before the clock is set
    | "protocol"; // the peer broke the rules
  /** Names who, what and what to do; no secrets. */
  readonly reason: string;
  /** The alert that was sent or received, by its name in RFC 5246 §7.2. */
  readonly alert?: string;
}

/** A session that both ends remember, and can resume with one round trip less and no public-key arithmetic (RFC 5246 §7.3). */
export interface SavedSession {
  readonly id: Uint8Array;
  /** 48 bytes: a secret. */
  readonly masterSecret: Uint8Array;
  readonly suite: number;
  readonly extendedMasterSecret: boolean;
  /** Of the credentials it was made with: with others, it is not resumed. */
  readonly credentials: string;
}

/** Makes associations: our own DTLS, or another engine behind the same face. */
export type Associate = (owner: AssociationOwner, options: AssociateOptions) => Association;

export interface AssociateOptions {
  /** Bytes that one datagram may have. */
  readonly maxDatagram: number;
  readonly resume?: SavedSession;
}
