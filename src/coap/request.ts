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
}

/** A whole response, blocks put together. */
export interface Response {
  readonly code: number;
  readonly format?: number | undefined;
  readonly locationPath: readonly string[];
  readonly locationQuery: readonly string[];
  readonly maxAge?: number | undefined;
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
  /** Accepts the observation asked for: the endpoint adds the Observe option and reports its life here. */
  readonly observer?: Observer;
}

/** What the resource side wants to know of an observation that it accepted. */
export interface Observer {
  started(observation: Observation): void;
  ended(why: ObservationEnd): void;
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
  /** Called once for a confirmable notification: true when acknowledged, false when given up, reset or superseded. */
  readonly settled?: (delivered: boolean) => void;
}

/** A handler's refusal that becomes the response: the peer's fault, with the words to say so. */
export class CoapError extends Error {
  override readonly name = "CoapError";
  readonly code: number;

  constructor(code: number, diagnostic: string) {
    super(diagnostic);
    this.code = code;
  }
}
