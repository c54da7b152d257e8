/**
 * CoAP over datagrams: RFC 7252, with Observe (RFC 7641), long bodies in blocks (RFC 7959), FETCH and iPATCH (RFC 8132).
 *
 * An `Endpoint` talks with one peer over a `Transport`, as client and server at once. It is our own because the engine
 * at hand sends non-confirmable notifications as acknowledgements, overhears Observe=1, knows no 4.02, 4.08 or 4.13,
 * keeps kilobytes and a timer per message for minutes, and can be stopped by one datagram of its peer.
 */

export { decodeMessage, encodeMessage } from "./codec.ts";
export type { Counters } from "./counters.ts";
export { Endpoint, type EndpointOptions } from "./endpoint.ts";
export {
  Code,
  codeText,
  isRequest,
  isResponse,
  isSuccess,
  type Message,
  type MessageType,
  type Option,
} from "./message.ts";
export { OptionNumber } from "./options.ts";
export {
  DEFAULT_PARAMETERS,
  exchangeLifetime,
  maxTransmitSpan,
  maxTransmitWait,
  nonLifetime,
  type Parameters,
} from "./parameters.ts";
export {
  type Answer,
  CoapError,
  type IncomingRequest,
  type NotificationFate,
  type NotifyOptions,
  type Observation,
  type ObservationEnd,
  type Observer,
  type OutgoingRequest,
  type Reply,
  type Response,
  type Sink,
  type Upload,
  type UploadChooser,
  type UploadHead,
} from "./request.ts";
export { StreamTransport, type StreamTransportOptions, streamTransport } from "./stream/transport.ts";
