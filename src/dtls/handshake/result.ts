/** What a completed handshake leaves behind: facts for people, and a session for the next time. */

import type { AssociationFacts, SavedSession } from "../../base/association.ts";
import { HandshakeFault } from "../alert.ts";
import type { ClientHandshake } from "./client.ts";
import type { Agreement } from "./hello.ts";

export function factsOf(handshake: ClientHandshake): AssociationFacts {
  const { suite, answered, resumed } = agreed(handshake);
  const { peerCid, extendedMasterSecret } = answered;
  const { serverFingerprint, ownCid } = handshake;
  return {
    suite: suite.name,
    // RFC 9146 §3: an empty one is as good as none in that direction.
    peerCid: peerCid !== undefined && peerCid.length > 0,
    ownCid: peerCid !== undefined && ownCid !== undefined && ownCid.length > 0,
    extendedMasterSecret,
    resumed: resumed !== undefined,
    ...(serverFingerprint === undefined ? {} : { peerFingerprint: serverFingerprint }),
  };
}

/** Undefined where the server will not resume it, or its secret is not bound to the handshake (RFC 7627 §5.3). */
export function sessionOf(handshake: ClientHandshake, credentials: string): SavedSession | undefined {
  const { suite, answered, resumed, sessionId } = agreed(handshake);
  if (resumed) return resumed.session;
  const { master } = handshake;
  if (master === undefined || sessionId.length === 0 || !answered.extendedMasterSecret) return undefined;
  // Copied: what was received is a view of a larger whole.
  return { id: sessionId.slice(), masterSecret: master, suite: suite.id, extendedMasterSecret: true, credentials };
}

function agreed({ agreement }: ClientHandshake): Agreement {
  if (agreement === undefined) throw new HandshakeFault("internal_error", "nothing was agreed");
  return agreement;
}
