/** Sessions to be resumed: when one may be offered, and whose it is (RFC 5246 §7.3, RFC 7627 §5.3). */

import { createHash } from "node:crypto";
import type { SavedSession } from "../base/association.ts";
import type { Credentials } from "../base/credentials.ts";
import type { Suite } from "./constants.ts";
import { MAX_SESSION_ID } from "./messages.ts";

const MASTER_LENGTH = 48;

/** A session and the suite it was made with. */
export interface Resumable {
  readonly session: SavedSession;
  readonly suite: Suite;
}

/**
 * The session, if it may be offered: made with the same credentials, since the server is not asked again who it is; bound
 * to its handshake (RFC 7627 §5.3); of a suite that is still offered.
 */
export function resumable(
  session: SavedSession | undefined,
  suites: readonly Suite[],
  fingerprint: string,
): Resumable | undefined {
  if (session === undefined || !session.extendedMasterSecret || session.credentials !== fingerprint) return undefined;
  if (session.masterSecret.length !== MASTER_LENGTH) return undefined;
  if (session.id.length === 0 || session.id.length > MAX_SESSION_ID) return undefined;
  const suite = suites.find(({ id }) => id === session.suite);
  return suite && { session, suite };
}

/** What tells credentials apart without giving them away: a hash over all of them, the keys included. */
export function credentialsFingerprint(credentials: Credentials): string {
  const hash = createHash("sha256");
  const add = (...parts: Uint8Array[]) => {
    // Each with its length, so that no two lists of parts run together to the same bytes.
    for (const part of parts) hash.update(`${part.length}:`).update(part);
  };
  hash.update(`${credentials.mode}:`);
  switch (credentials.mode) {
    case "psk":
      add(credentials.identity, credentials.key.export());
      break;
    case "rpk":
      add(credentials.publicKey, credentials.serverKey, Uint8Array.of(credentials.serverKeyMatching ?? 0));
      break;
    case "x509":
      add(Buffer.from(credentials.serverName ?? ""), Buffer.from(credentials.judgeName ?? ""), ...credentials.chain);
      break;
  }
  return hash.digest("hex");
}
