/** The transmission parameters of RFC 7252 §4.8, and what follows from them. All times in milliseconds. */

export interface Parameters {
  readonly ackTimeout: number;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  /** Confirmable messages of ours that may be outstanding at once (§4.7). */
  readonly nstart: number;
  /** How long a datagram may be under way (§4.8.2). */
  readonly maxLatency: number;
  /** After this long without an answer of the handler, an empty ACK goes out and the answer follows by itself (§5.2.2). */
  readonly piggybackWindow: number;
  /** The largest body that is accepted or put together from blocks, in bytes (RFC 7959 §2.9.3). */
  readonly maxBody: number;
  /** The largest payload of one of our own messages, in bytes: 16 to 1024, a power of two (RFC 7959 §2.2). */
  readonly blockSize: number;
  /** Finished exchanges remembered for duplicates; the oldest is forgotten first. */
  readonly remembered: number;
}

export const DEFAULT_PARAMETERS: Parameters = {
  ackTimeout: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  maxLatency: 100_000,
  piggybackWindow: 200,
  maxBody: 65_536,
  blockSize: 1_024,
  remembered: 16,
};

/** From the first transmission to the last retransmission: 45 s by default. */
export function maxTransmitSpan({ ackTimeout, ackRandomFactor, maxRetransmit }: Parameters): number {
  return ackTimeout * (2 ** maxRetransmit - 1) * ackRandomFactor;
}

/** From the first transmission until the sender gives up: 93 s by default. */
export function maxTransmitWait({ ackTimeout, ackRandomFactor, maxRetransmit }: Parameters): number {
  return ackTimeout * (2 ** (maxRetransmit + 1) - 1) * ackRandomFactor;
}

/** How long a message id of a confirmable message must not be reused: 247 s by default. */
export function exchangeLifetime(parameters: Parameters): number {
  return maxTransmitSpan(parameters) + 2 * parameters.maxLatency + parameters.ackTimeout;
}

/** The same for a non-confirmable message: 145 s by default. */
export function nonLifetime(parameters: Parameters): number {
  return maxTransmitSpan(parameters) + parameters.maxLatency;
}
