/** What an endpoint has seen and done, for the status page and for tests. */

/** Each only grows. */
export class Counters {
  /** Datagrams in, good and bad. */
  received = 0;
  /** Datagrams out, retransmissions included. */
  sent = 0;
  /** Datagrams that are no CoAP message (RFC 7252 §3). */
  malformed = 0;
  /** Messages that nobody may send: reserved codes, acknowledgements that ask (§4.2, §4.3). */
  rejected = 0;
  /** Messages seen before within their lifetime (§4.5). */
  duplicates = 0;
  /** Messages of ours sent again (§4.2). */
  retransmissions = 0;
  /** Messages of ours given up after the last retransmission. */
  timeouts = 0;
  resetsReceived = 0;
  resetsSent = 0;
  /** Responses, acknowledgements and resets that fit to nothing we sent. */
  unmatched = 0;
  /** Requests handed to the handler. */
  requests = 0;
  /** Requests answered with an error before any handler saw them. */
  refused = 0;
  /** Datagrams dropped because we sleep. */
  ignoredAsleep = 0;
  /** Observations asked for beyond as many as there may be: answered once, never told again (RFC 7641 §4.1). */
  unobserved = 0;
  /** Request bodies begun and never ended: out of order, silent for too long, or one too many at once. */
  abandoned = 0;
  /** How often the way reported that nobody takes what we send (ICMP). */
  unreachable = 0;
  /** Notifications composed; each of their transmissions counts in `sent`. */
  notifications = 0;
  /** Messages of ours that found the queue full. */
  overflows = 0;
}
