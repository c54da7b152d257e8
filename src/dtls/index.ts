/**
 * DTLS 1.2 (RFC 6347) as a client, on node:crypto: pre-shared keys, raw public keys and certificates, with Connection ID
 * (RFC 9146), resumption and the extended master secret (RFC 7627), as LwM2M asks for them (RFC 7925).
 *
 * It is our own because no package has Connection IDs and raw public keys, repeats lost flights, and runs without a
 * compiler. `dtls(options)` makes associations that know no sockets; `DtlsTransport` lays one over a way of datagrams.
 */

import type { Associate } from "../base/association.ts";
import { ClientAssociation } from "./association.ts";
import { settingsOf } from "./handshake/settings.ts";
import type { DtlsOptions } from "./types.ts";

/**
 * Makes associations with one server, all with the same credentials.
 *
 * @throws RangeError in words if an option is out of its range, or no cipher suite fits the credentials
 */
export function dtls(options: DtlsOptions): Associate {
  const settings = settingsOf(options);
  return (owner, associateOptions) => new ClientAssociation(settings, owner, associateOptions);
}

export { certificatesOf, credentialsOf, type KeyMaterial, type Opened } from "./keys.ts";
export { type Ending, endingOf } from "./x509/ending.ts";
export { HandshakeGate, type GateOptions } from "./gate.ts";
export { SessionStore, type SessionFile, type SessionStoreOptions } from "./sessions.ts";
export { type DtlsShared, DtlsTransport, type DtlsTransportOptions, SecurityError } from "./transport.ts";
export { DtlsCounters, type DtlsOptions, type KeyWork } from "./types.ts";
