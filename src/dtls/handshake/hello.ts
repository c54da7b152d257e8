/** The two hellos: what we offer, and what becomes agreed when a server answers (RFC 5246 §7.4.1). */

import { sameBytes } from "../../base/bytes.ts";
import { HandshakeFault } from "../alert.ts";
import { RENEGOTIATION_SCSV, type Suite, VERSION } from "../constants.ts";
import { type Answered, encodeOffer, type Offer, readAnswer } from "../extensions.ts";
import { type ClientHello, RANDOM_LENGTH, type ServerHello } from "../messages.ts";
import type { Resumable } from "../session.ts";
import type { Settings } from "./settings.ts";

/** What stays the same in every ClientHello of one handshake (RFC 6347 §4.2.1). */
export interface Proposal {
  readonly random: Uint8Array;
  readonly offer: Offer;
  readonly suites: readonly Suite[];
  readonly resume: Resumable | undefined;
}

/** What both ends have said yes to. */
export interface Agreement {
  readonly suite: Suite;
  readonly serverRandom: Uint8Array;
  /** Empty: the server will not resume this session. */
  readonly sessionId: Uint8Array;
  readonly resumed: Resumable | undefined;
  readonly answered: Answered;
}

/** Asks for the client's random first, and then for its Connection ID. */
export function propose(settings: Settings, resume: Resumable | undefined): Proposal {
  const { credentials, suites, ownCidLength, random } = settings;
  const clientRandom = random.bytes(RANDOM_LENGTH);
  const curves = suites.some(({ keyExchange }) => keyExchange !== "psk");
  return {
    random: clientRandom,
    suites,
    resume,
    offer: {
      serverName: credentials.mode === "x509" ? credentials.serverName : undefined,
      curves,
      signatures: credentials.mode !== "psk",
      rawPublicKeys: credentials.mode === "rpk",
      encryptThenMac: suites.some(({ cipher }) => cipher === "cbc"),
      ownCid: ownCidLength === undefined ? undefined : random.bytes(ownCidLength),
    },
  };
}

export function helloOf({ random, offer, suites, resume }: Proposal, cookie: Uint8Array): ClientHello {
  return {
    random,
    sessionId: resume?.session.id ?? new Uint8Array(0),
    cookie,
    // RFC 5746 §3.4: says that we know the attack on renegotiation; there is none with us.
    suites: [...suites.map(({ id }) => id), RENEGOTIATION_SCSV],
    extensions: encodeOffer(offer),
  };
}

/** @throws HandshakeFault if the answer is not one to what was proposed, or not good enough */
export function agree(hello: ServerHello, proposal: Proposal, settings: Settings): Agreement {
  if (hello.version !== VERSION) throw new HandshakeFault("protocol_version", "the server does not speak DTLS 1.2");
  // RFC 5246 §7.4.1.3: both out of what the client offered.
  const suite = proposal.suites.find(({ id }) => id === hello.suite);
  if (suite === undefined)
    throw new HandshakeFault("illegal_parameter", "the server chose a cipher suite that was not offered");
  if (hello.compression !== 0)
    throw new HandshakeFault("illegal_parameter", "the server chose a compression that was not offered");
  const answered = readAnswer(hello.extensions, proposal.offer);
  const agreement = { suite, serverRandom: hello.random, sessionId: hello.sessionId, answered };
  checkMac(suite, answered);
  const { resume } = proposal;
  const resumed = resume !== undefined && sameBytes(resume.session.id, hello.sessionId) ? resume : undefined;
  if (resumed) checkResumption(suite, answered, resumed);
  else checkNewSession(suite, answered, settings);
  return { ...agreement, resumed };
}

/** RFC 7366 §3: with CBC only together with it, as we want it, and with the others not at all. */
function checkMac({ cipher, name }: Suite, { encryptThenMac }: Answered): void {
  if (cipher === "cbc" && !encryptThenMac)
    throw new HandshakeFault(
      "handshake_failure",
      `the server chose ${name} without encrypt-then-MAC, which is not safe`,
    );
  if (cipher !== "cbc" && encryptThenMac)
    throw new HandshakeFault("illegal_parameter", "the server chose encrypt-then-MAC for a cipher that needs none");
}

/** RFC 5246 §7.4.1.3: the suite must be the session's. RFC 7627 §5.3: so must the extended master secret. */
function checkResumption(suite: Suite, { extendedMasterSecret }: Answered, resumed: Resumable): void {
  if (suite.id !== resumed.suite.id)
    throw new HandshakeFault("illegal_parameter", "the server resumed a session with another cipher suite");
  if (!extendedMasterSecret)
    throw new HandshakeFault(
      "handshake_failure",
      "the server resumed a session without the extended master secret it had",
    );
}

function checkNewSession({ keyExchange }: Suite, answered: Answered, settings: Settings): void {
  // RFC 7627 §5.2: a client may insist.
  if (settings.requireExtendedMasterSecret && !answered.extendedMasterSecret)
    throw new HandshakeFault(
      "handshake_failure",
      "the server has no extended master secret (RFC 7627), which is required here",
    );
  // RFC 7250 §4.2: without its answer, certificates would follow.
  if (keyExchange === "ecdhe-ecdsa" && settings.credentials.mode === "rpk" && !answered.rawServerKey)
    throw new HandshakeFault("unsupported_certificate", "the server has no raw public key to show");
}
