/**
 * OSCORE: CoAP messages protected from end to end, whatever carries them (RFC 8613, with the Echo of RFC 9175).
 *
 * An `OscoreTransport` stands between the CoAP engine and any other `Transport`, and neither of them notices. Numbers of
 * messages are set aside on the disk before they are used, since using one twice would give the key away.
 */

export { type OscoreSecrets } from "./context.ts";
export { type SequenceStore } from "./sender.ts";
export { OscoreCounters, type OscoreOptions, OscoreTransport } from "./transport.ts";
