/** One handshake as its client: messages of the server in, flights of ours and secrets out; no records, no time. */

import { timingSafeEqual } from "node:crypto";
import type { Credentials } from "../../base/credentials.ts";
import { DecodeError, sameBytes } from "../../base/bytes.ts";
import { HandshakeFault } from "../alert.ts";
import { HandshakeType } from "../constants.ts";
import { ECDSA_SHA256 } from "../extensions.ts";
import type { FlightPart } from "../flight.ts";
import {
  extendedMasterSecret,
  type FinishedLabel,
  keyBlock,
  type KeyBlock,
  masterSecret,
  pskPreMaster,
  verifyData,
} from "../kdf.ts";
import {
  type CertificateRequest,
  decodeCertificateRequest,
  decodeEcdheKeyExchange,
  decodeEcdhePskKeyExchange,
  decodeHelloVerifyRequest,
  decodeNothing,
  decodePskKeyExchange,
  decodeServerHello,
  encodeCertificateList,
  encodeCertificateVerify,
  encodeClientHello,
  encodeClientKeyExchange,
  encodeRawPublicKey,
} from "../messages.ts";
import { type HandshakeMessage, wholeMessage } from "../reassembly.ts";
import type { Resumable } from "../session.ts";
import { type Agreement, agree, helloOf, propose, type Proposal } from "./hello.ts";
import { TrustFault } from "./fault.ts";
import { checkPoint, checkSignature, judgeCertificates, judgeRawKey, type ServerIdentity } from "./server-proof.ts";
import type { EphemeralPair } from "../types.ts";
import type { Settings } from "./settings.ts";
import { actionFor, afterHello, afterKeyExchange, messageName, type State } from "./table.ts";
import { Transcript } from "./transcript.ts";

/** What a message has led to. */
export type Step =
  | { readonly do: "wait" }
  /** There are keys; `flight` is ours to send with them, and absent where the server proves itself first. */
  | { readonly do: "secure"; readonly keys: KeyBlock; readonly flight?: readonly FlightPart[] }
  /** The server has proved that it has the master secret. `flight` is our last, and has no answer. */
  | { readonly do: "open"; readonly flight?: readonly FlightPart[] };

const WAIT: Step = { do: "wait" };
/** So many cookies are taken in one handshake: a server that changes its secret gives a second one (RFC 6347 §4.2.1). */
const MAX_COOKIES = 3;
/** RFC 8422 §5.5. */
const ECDSA_SIGN = 64;

export class ClientHandshake {
  readonly #settings: Settings;
  readonly #proposal: Proposal;
  readonly #transcript = new Transcript();
  #state: State = "hello";
  #nextSequence = 0;
  #cookie: Uint8Array = new Uint8Array(0);
  #cookies = 0;
  #agreement: Agreement | undefined;
  #server: ServerIdentity | undefined;
  /** The server's part of the key exchange. */
  #serverPoint: Uint8Array | undefined;
  #request: CertificateRequest | undefined;
  #master: Uint8Array | undefined;

  constructor(settings: Settings, resume: Resumable | undefined) {
    this.#settings = settings;
    this.#proposal = propose(settings, resume);
  }

  get state(): State {
    return this.#state;
  }

  get ownCid(): Uint8Array | undefined {
    return this.#proposal.offer.ownCid;
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  get serverFingerprint(): string | undefined {
    return this.#server?.fingerprint;
  }

  get master(): Uint8Array | undefined {
    return this.#master;
  }

  hello(): FlightPart[] {
    return [this.#say(HandshakeType.ClientHello, encodeClientHello(helloOf(this.#proposal, this.#cookie)))];
  }

  get hasCookie(): boolean {
    return this.#cookies > 0;
  }

  /**
   * The server wants its cookie back before it remembers anything: we begin again, with the same random and session id
   * (RFC 6347 §4.2.1). Undefined if this changes nothing: unreadable, a repetition, or one cookie too many.
   */
  restart(body: Uint8Array): FlightPart[] | undefined {
    const cookie = cookieIn(body);
    if (cookie === undefined || this.#cookies >= MAX_COOKIES || sameBytes(cookie, this.#cookie)) return undefined;
    this.#cookies++;
    this.#cookie = cookie.slice();
    this.#transcript.restart();
    // A server without memory counts from the first cookie on: its ServerHello is number 1 in any case.
    this.#nextSequence = 1;
    return this.hello();
  }

  /** The next message of the server. @throws HandshakeFault, DecodeError */
  receive(message: HandshakeMessage): Step {
    const action = actionFor(this.#state, message.type);
    switch (action) {
      case "negotiate":
        return this.#negotiate(message);
      case "certificate":
        return this.#certificate(message);
      case "key-exchange":
        return this.#keyExchange(message);
      case "request":
        return this.#certificateRequest(message);
      case "answer":
        return this.#answer(message);
      case "verify":
        return this.#verify(message);
      case undefined:
        throw new HandshakeFault(
          "unexpected_message",
          `${messageName(message.type)} came where it may not (${this.#state})`,
        );
    }
  }

  /** The server's ChangeCipherSpec: what it writes from here on is of epoch 1. False if it does not belong here. */
  change(): boolean {
    if (this.#state !== "change") return false;
    this.#state = "finished";
    return true;
  }

  #negotiate(message: HandshakeMessage): Step {
    const agreement = agree(decodeServerHello(message.body), this.#proposal, this.#settings);
    this.#agreement = agreement;
    this.#transcript.add(message);
    if (agreement.resumed === undefined) {
      this.#state = afterHello(agreement.suite.keyExchange);
      return WAIT;
    }
    this.#state = "change";
    this.#master = agreement.resumed.session.masterSecret;
    return { do: "secure", keys: this.#keys(agreement, this.#master) };
  }

  #certificate(message: HandshakeMessage): Step {
    const { credentials, now } = this.#settings;
    this.#server = judgeServer(message.body, credentials, now);
    this.#transcript.add(message);
    this.#state = "key-exchange";
    return WAIT;
  }

  #keyExchange(message: HandshakeMessage): Step {
    const { suite, serverRandom } = this.#agreed();
    switch (suite.keyExchange) {
      case "psk":
        decodePskKeyExchange(message.body);
        break;
      case "ecdhe-psk":
        this.#serverPoint = checkPoint(decodeEcdhePskKeyExchange(message.body)).slice();
        break;
      case "ecdhe-ecdsa": {
        const parameters = decodeEcdheKeyExchange(message.body);
        const point = checkPoint(parameters);
        if (this.#server === undefined)
          throw new HandshakeFault("internal_error", "a key exchange without a certificate");
        checkSignature(parameters, [this.#proposal.random, serverRandom], this.#server);
        this.#serverPoint = point.slice();
        break;
      }
    }
    this.#transcript.add(message);
    this.#state = afterKeyExchange(suite.keyExchange);
    return WAIT;
  }

  #certificateRequest(message: HandshakeMessage): Step {
    const { answered } = this.#agreed();
    this.#request = decodeCertificateRequest(message.body);
    // RFC 7250 §4.2: a server that asks says which kind it takes, or takes certificates.
    if (this.#settings.credentials.mode === "rpk" && !answered.rawClientKey)
      throw new HandshakeFault(
        "unsupported_certificate",
        "the server asks for a certificate, and we have a raw public key",
      );
    this.#transcript.add(message);
    this.#state = "done";
    return WAIT;
  }

  /** The server has said all: our proof, our part of the key exchange, and from there on in secret (RFC 5246 §7.4.6 to §7.4.9). */
  #answer(message: HandshakeMessage): Step {
    decodeNothing(message.body);
    this.#transcript.add(message);
    const agreement = this.#agreed();
    const parts: FlightPart[] = [];
    const canSign = this.#canSign();
    if (this.#request)
      parts.push(this.#say(HandshakeType.Certificate, ownCertificate(this.#settings.credentials, canSign)));
    const { preMaster, body } = this.#exchange();
    parts.push(this.#say(HandshakeType.ClientKeyExchange, body));
    this.#master = agreement.answered.extendedMasterSecret
      ? extendedMasterSecret(preMaster, this.#transcript.hash())
      : masterSecret(preMaster, this.#proposal.random, agreement.serverRandom);
    preMaster.fill(0);
    if (this.#request && canSign) parts.push(this.#certificateVerify());
    parts.push(...this.#finish(this.#master));
    this.#state = "change";
    return { do: "secure", keys: this.#keys(agreement, this.#master), flight: parts };
  }

  /** The server's Finished: nothing counts before it (RFC 5246 §7.4.9). */
  #verify(message: HandshakeMessage): Step {
    const master = this.#master;
    if (master === undefined) throw new HandshakeFault("internal_error", "a Finished without a master secret");
    const expected = this.#verifyData(master, "server finished");
    if (message.body.length !== expected.length)
      throw new HandshakeFault("decode_error", `a Finished of ${message.body.length} bytes`);
    if (!timingSafeEqual(message.body, expected))
      throw new TrustFault(
        "decrypt_error",
        "the server's Finished does not fit what was said: it has another key, or somebody meddles",
      );
    this.#transcript.add(message);
    const resumed = this.#agreed().resumed !== undefined;
    this.#state = "over";
    // In a resumed session the server finishes first, and we last (RFC 5246 §7.3, figure 2).
    return resumed ? { do: "open", flight: this.#finish(master) } : { do: "open" };
  }

  /** RFC 5246 §7.4.4: in a way that the server can check. */
  #canSign(): boolean {
    return this.#request?.types.includes(ECDSA_SIGN) === true && this.#request.schemes.includes(ECDSA_SHA256);
  }

  #certificateVerify(): FlightPart {
    const { credentials, keyWork } = this.#settings;
    if (credentials.mode === "psk") throw new HandshakeFault("internal_error", "a pre-shared key signs nothing");
    const value = keyWork.sign(credentials.privateKey, this.#transcript.bytes());
    return this.#say(HandshakeType.CertificateVerify, encodeCertificateVerify({ scheme: ECDSA_SHA256, value }));
  }

  #finish(master: Uint8Array): FlightPart[] {
    return [{ part: "change" }, this.#say(HandshakeType.Finished, this.#verifyData(master, "client finished"), 1)];
  }

  #verifyData(master: Uint8Array, label: FinishedLabel): Uint8Array {
    return verifyData(master, label, this.#transcript.hash());
  }

  /** Our part of the key exchange, and the secret that comes of both. */
  #exchange(): { preMaster: Uint8Array; body: Uint8Array } {
    const { credentials, keyWork } = this.#settings;
    const pair = this.#serverPoint && keyWork.ephemeral();
    const shared = pair && this.#serverPoint && agreeOn(this.#serverPoint, pair);
    if (credentials.mode === "psk")
      return {
        preMaster: pskPreMaster(credentials.key, shared),
        body: encodeClientKeyExchange(credentials.identity, pair?.point),
      };
    if (shared === undefined) throw new HandshakeFault("internal_error", "no key exchange");
    return { preMaster: shared, body: encodeClientKeyExchange(undefined, pair?.point) };
  }

  #keys({ suite, serverRandom }: Agreement, master: Uint8Array): KeyBlock {
    return keyBlock(master, this.#proposal.random, serverRandom, suite);
  }

  #agreed(): Agreement {
    if (this.#agreement === undefined) throw new HandshakeFault("internal_error", "nothing is agreed yet");
    return this.#agreement;
  }

  #say(type: number, body: Uint8Array, epoch: 0 | 1 = 0): FlightPart {
    const message = wholeMessage(type, this.#nextSequence++, body);
    this.#transcript.add(message);
    return { part: "message", epoch, message };
  }
}

/** Anybody can write it, so that what cannot be read is dropped rather than answered (RFC 6347 §4.1.2.7). */
function cookieIn(body: Uint8Array): Uint8Array | undefined {
  try {
    return decodeHelloVerifyRequest(body);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function judgeServer(body: Uint8Array, credentials: Credentials, now: Settings["now"]): ServerIdentity {
  switch (credentials.mode) {
    case "x509":
      return judgeCertificates(body, credentials, now());
    case "rpk":
      return judgeRawKey(body, credentials);
    case "psk":
      throw new HandshakeFault("internal_error", "a certificate with a pre-shared key");
  }
}

/** None, if the server cannot check it: then it decides (RFC 5246 §7.4.6). */
function ownCertificate(credentials: Credentials, canSign: boolean): Uint8Array {
  if (credentials.mode === "x509") return encodeCertificateList(canSign ? credentials.chain : []);
  if (credentials.mode === "rpk" && canSign) return encodeRawPublicKey(credentials.publicKey);
  throw new HandshakeFault("handshake_failure", "the server does not take signatures by ECDSA on P-256 with SHA-256");
}

/** A point that is not on the curve would give away our half (RFC 8422 §5.11). */
function agreeOn(point: Uint8Array, pair: EphemeralPair): Uint8Array {
  try {
    return pair.agree(point);
  } catch {
    throw new HandshakeFault("illegal_parameter", "the server's point is not on the curve");
  }
}
