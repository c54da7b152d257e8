/** Requests, their answers, and observations, as the rooms above see them: whole bodies, no message ids, no blocks. */

import type { Option } from "./message.ts";

/** A request of ours. */
export interface OutgoingRequest {
  readonly code: number;
  readonly path: readonly string[];
  readonly query?: readonly string[];
  readonly format?: number;
  readonly accept?: number;
  readonly payload?: Uint8Array;
  /** CON unless said otherwise. */
  readonly confirmable?: boolean;
  /** Takes the body of a successful answer as it comes, of any length; the response then has an empty payload. */
  readonly sink?: Sink;
  /** With `sink`: the byte to go on from, a multiple of 16; best of `blockSize` (RFC 7959 §2.4). 0 unless given. */
  readonly from?: number;
  /** With `from`: the ETag of the part that is there already. Another one fails, "changed while being read". */
  readonly etag?: Uint8Array;
}

/** Where a body goes that need not fit into memory. What it throws ends the request, which then has failed. */
export interface Sink {
  /** The next bytes, in order. They are the endpoint's: who keeps them copies them. */
  chunk(bytes: Uint8Array, offset: number): void;
  /** The length of the whole body, as soon as the peer tells it (Size2, RFC 7959 §4). May never be called. */
  total?(size: number): void;
  /**
   * What names the representation that now begins, if anything does: with it, a later request may go on in its middle.
   * Called before it is held against the one asked for; must not throw.
   */
  etag?(tag: Uint8Array | undefined): void;
}

/** A whole response, blocks put together. */
export interface Response {
  readonly code: number;
  readonly format?: number | undefined;
  readonly locationPath: readonly string[];
  readonly locationQuery: readonly string[];
  readonly maxAge?: number | undefined;
  /** Names the representation (RFC 7252 §5.10.6): what a later request that goes on `from` here should give. */
  readonly etag?: Uint8Array | undefined;
  /** Empty where a `sink` has taken it. */
  readonly payload: Uint8Array;
}

/** How a request of ours ended: an expected ending is a value. */
export type Answer =
  | { readonly status: "answered"; readonly response: Response }
  /** The peer answered with RST: it knows nothing of this. */
  | { readonly status: "reset" }
  /** Retransmissions were exhausted (RFC 7252 §4.2), or a separate response never came. */
  | { readonly status: "timeout" }
  /** The endpoint was closed, the request cancelled, or the answer could not be put together. */
  | { readonly status: "failed"; readonly reason: string };

/** A request of the peer. */
export interface IncomingRequest {
  readonly code: number;
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly format?: number | undefined;
  readonly accept?: number | undefined;
  /** RFC 7641 §2: 0 registers, 1 deregisters; absent where the method cannot be observed. */
  readonly observe?: "register" | "deregister" | undefined;
  /** The whole body. */
  readonly payload: Uint8Array;
  /** Options by number that no field above shows, such as If-Match. */
  readonly options: readonly Option[];
  /** Aborted when the peer cannot be answered any more: the endpoint closed. */
  readonly signal: AbortSignal;
}

/** What a handler answers. */
export interface Reply {
  readonly code: number;
  readonly format?: number;
  readonly payload?: Uint8Array;
  readonly locationPath?: readonly string[];
  /** Seconds that the peer may believe this (RFC 7252 §5.10.5). */
  readonly maxAge?: number;
  /** Text for people, sent as payload of an error (RFC 7252 §5.5.2). */
  readonly diagnostic?: string;
  /** With 4.13: bytes of the largest body that would have been taken (RFC 7959 §2.9.3). */
  readonly size1?: number;
  /** Accepts the observation asked for: the endpoint adds the Observe option and reports its life here. */
  readonly observer?: Observer;
}

/** What is known of a body before it comes. */
export interface UploadHead {
  readonly code: number;
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly format?: number | undefined;
  /** Bytes of the whole body, if the peer says so (Size1, RFC 7959 §4) or it has come in one message. */
  readonly size?: number | undefined;
}

/**
 * Whoever takes the body of one request block by block instead of whole (RFC 7959 §2.5). Exactly one of three things
 * ends it: a refusal by `chunk`, `done`, or `aborted`.
 */
export interface Upload {
  /** Bytes that it takes at most; more is refused with 4.13 and this number as Size1. Unbounded unless given. */
  readonly max?: number;
  /** The next bytes, in order, from 0. They are the endpoint's: who keeps them copies them. A Reply refuses them. */
  chunk(bytes: Uint8Array, offset: number): Reply | undefined;
  /** All has come; the reply answers the request. */
  done(): Reply | Promise<Reply>;
  /** Nothing more will come: begun anew, out of order, silent for EXCHANGE_LIFETIME, or the endpoint was closed. */
  aborted(): void;
}

/** Undefined: the request goes to the handler, its body whole. A Reply refuses it. */
export type UploadChooser = (head: UploadHead) => Upload | Reply | undefined;

/** What the resource side wants to know of an observation that it accepted. */
export interface Observer {
  started(observation: Observation): void;
  ended(why: ObservationEnd): void;
  /** True: it knows another end to observations than a notification that nobody acknowledged (RFC 7641 §4.5). */
  readonly outlivesSilence?: boolean;
}

/** Why the peer receives no more (RFC 7641 §3.6, §4.5). */
export type ObservationEnd = "deregistered" | "reset" | "timeout" | "replaced" | "closed";

/** One peer's wish to be told of one resource. */
export interface Observation {
  /**
   * Sends the newest representation. A confirmable one still unacknowledged is superseded by the next
   * (RFC 7641 §4.5.2); an error reply ends the observation (§4.2).
   */
  notify(reply: Reply, options: NotifyOptions): void;
  /** Ends it from our side without a word; `ended` is not called. */
  forget(): void;
}

export interface NotifyOptions {
  readonly confirmable: boolean;
  /**
   * A report of something past: it waits its turn behind others of its kind, at most 8, and is never superseded, nor
   * supersedes anything. One too many is "cancelled" at once.
   */
  readonly keep?: boolean;
  /** Called at most once; always for what is or becomes confirmable, else only if the way says that it is closed. */
  readonly settled?: (fate: NotificationFate) => void;
}

/** What a notification came to. All but "acknowledged" leave open whether the peer has it. */
export type NotificationFate =
  | "acknowledged"
  /** A newer one took its place (RFC 7641 §4.5.2). */
  | "superseded"
  /** The peer rejected it, or the one before it, and the observation is over. */
  | "reset"
  /** It was given up, or waited behind one that was, and the observation is over unless it outlives silence. */
  | "timeout"
  /** The observation ended otherwise, or there was no room for it. */
  | "cancelled"
  /** Not confirmable, and the way reported since that nobody takes it (ICMP). */
  | "unreachable";

/** A handler's refusal that becomes the response: the peer's fault, with the words to say so. */
export class CoapError extends Error {
  override readonly name = "CoapError";
  readonly code: number;

  constructor(code: number, diagnostic: string) {
    super(diagnostic);
    this.code = code;
  }
}
