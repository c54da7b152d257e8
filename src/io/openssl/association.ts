/** OpenSSL as the client's end of an association: for those who want no cryptographic protocol but OpenSSL's. */

import { createHash, createPublicKey } from "node:crypto";
import type {
  Associate,
  AssociateOptions,
  Association,
  AssociationFacts,
  AssociationOwner,
  SavedSession,
  SecurityFailure,
} from "../../base/association.ts";
import type { Stamp } from "../../base/clock.ts";
import type { Credentials, Judgement, PskCredentials, X509Credentials } from "../../base/credentials.ts";
import { contextOf, judgePeer, pskClientContext } from "./context.ts";
import { Ctrl, VerifyError } from "./constants.ts";
import { isProtected } from "./datagrams.ts";
import { failureOf, hungUp, silence } from "./failure.ts";
import type { Openssl } from "./library.ts";
import { Line, type Progress, realTiming, type Timing } from "./line.ts";
import { offerSession, saveSession } from "./session.ts";
import { cipherList, overheadOf, USUAL_SUITES } from "./suites.ts";

export interface OpensslOptions {
  readonly credentials: Credentials;
  /** By number, the preferred first; what LwM2M wants unless said otherwise. */
  readonly suites?: readonly number[];
  /** Before a flight is repeated for the first time, milliseconds. */
  readonly retransmitMs?: number;
  /** Refuses servers without RFC 7627; false unless said otherwise. */
  readonly requireExtendedMasterSecret?: boolean;
  /** The wall clock, for certificates and sessions. */
  readonly now: () => Stamp;
  readonly timing?: Timing;
}

const RETRANSMIT_MS = 1_000;
const MAX_REPETITIONS = 5;
const NO_EXTENDED_MASTER_SECRET = "the server has no extended master secret (RFC 7627), which is required here";

/**
 * Associations by OpenSSL: PSK and X.509, DTLS 1.2, no Connection ID.
 * @throws Error in words if the credentials are a bare key pair, or none of the suites is one of OpenSSL's.
 */
export function opensslAssociate(openssl: Openssl, options: OpensslOptions): Associate {
  const { credentials, suites = USUAL_SUITES } = options;
  if (credentials.mode === "rpk")
    throw new Error(`${openssl.version} is not used with raw public keys: take the built-in DTLS for mode rpk`);
  const ciphers = cipherList(suites, credentials.mode === "psk" ? "psk" : "certificate");
  const parts: Parts = { openssl, ciphers, options, credentials };
  return (owner, settings) => new OpensslAssociation(parts, owner, settings);
}

interface Parts {
  readonly openssl: Openssl;
  readonly ciphers: string;
  readonly options: OpensslOptions;
  readonly credentials: PskCredentials | X509Credentials;
}

class OpensslAssociation implements Association {
  state: Association["state"] = "idle";
  facts: AssociationFacts | undefined;
  readonly #parts: Parts;
  readonly #owner: AssociationOwner;
  readonly #settings: AssociateOptions;
  #line: Line | undefined;
  #now = 0;
  #heard = false;
  /** Something under keys has gone out: the peer can tell whether ours are right. */
  #proved = false;
  #judgement: Judgement | undefined;
  #session: SavedSession | undefined;

  constructor(parts: Parts, owner: AssociationOwner, settings: AssociateOptions) {
    this.#parts = parts;
    this.#owner = owner;
    this.#settings = settings;
  }

  get deadline(): number | undefined {
    return this.state === "handshaking" ? this.#line?.deadline : undefined;
  }

  get maxPayload(): number {
    return this.#settings.maxDatagram - overheadOf(this.#session?.suite);
  }

  start(now: number): void {
    if (this.state !== "idle") return;
    this.#now = now;
    this.state = "handshaking";
    try {
      this.#line = this.#makeLine();
    } catch (error) {
      this.#end({ kind: "protocol", reason: `OpenSSL cannot begin: ${String(error)}` });
      return;
    }
    this.#resume();
    this.#shake();
  }

  receive(datagram: Uint8Array, now: number): void {
    this.#now = now;
    if (!this.#line) return;
    this.#heard = true;
    this.#line.feed(datagram);
    if (this.state === "handshaking") this.#shake();
    if (this.state === "open") this.#read();
  }

  onTimeout(now: number): void {
    this.#now = now;
    const line = this.#line;
    if (!line || this.deadline === undefined || now < this.deadline) return;
    if (line.repetitions >= MAX_REPETITIONS) {
      this.#end(silence({ heard: this.#heard, proved: this.#proved, who: whoIs(this.#parts.credentials) }));
      return;
    }
    this.#after(line.repeat(now));
  }

  seal(payload: Uint8Array): Uint8Array | undefined {
    if (this.state !== "open" || !this.#line) return undefined;
    if (payload.length > this.maxPayload) throw new RangeError(`${payload.length} bytes do not fit into one record`);
    this.#line.write(payload, this.#now);
    return this.#line.drain()[0];
  }

  close(): void {
    if (this.state === "closed") return;
    if (this.state === "open") {
      this.#line?.shutdown(this.#now);
      this.#transmit();
    }
    this.#end({ kind: "closed", reason: "closed by us" });
  }

  session(): SavedSession | undefined {
    return this.#session;
  }

  #makeLine(): Line {
    const { openssl, ciphers, options, credentials } = this.#parts;
    const { retransmitMs = RETRANSMIT_MS, timing = realTiming } = options;
    const common = { role: "client", mtu: this.#settings.maxDatagram, retransmitMs, timing } as const;
    if (credentials.mode === "psk") {
      const clientKey = () => ({ identity: credentials.identity, key: credentials.key.export() });
      return new Line(openssl, pskClientContext(openssl, ciphers), { ...common, hooks: { clientKey } });
    }
    const context = contextOf(openssl, { role: "client", ciphers, own: credentials });
    try {
      judgePeer(openssl, context);
      const judge = (chain: readonly Uint8Array[]) => this.#judge(credentials, chain);
      return new Line(openssl, context, { ...common, hooks: { judge } });
    } finally {
      // The line keeps it alive.
      openssl.api.SSL_CTX_free(context);
    }
  }

  #resume(): void {
    const { openssl, options, credentials } = this.#parts;
    const { resume } = this.#settings;
    const line = this.#line;
    if (!line) return;
    if (credentials.mode === "x509" && credentials.serverName !== undefined)
      openssl.api.SSL_ctrl(line.ssl, Ctrl.ServerName, 0, Buffer.from(`${credentials.serverName}\0`));
    // RFC 7627 §5.3: without the extended master secret, a session is not resumed.
    if (resume?.extendedMasterSecret === true && resume.credentials === markOf(credentials))
      offerSession(openssl, line.ssl, resume, Math.floor(options.now().ms / 1_000));
  }

  #judge(credentials: X509Credentials, chain: readonly Uint8Array[]): number {
    const judgement = credentials.judge(chain, this.#parts.options.now());
    this.#judgement = judgement;
    if (judgement.status === "trusted") return VerifyError.Ok;
    return judgement.status === "wait" ? VerifyError.NotYetValid : FAULTS[judgement.fault];
  }

  #shake(): void {
    const line = this.#line;
    if (line) this.#after(line.handshake(this.#now));
  }

  /** What follows a step of the handshake. */
  #after(progress: Progress): void {
    const line = this.#line;
    if (!line) return;
    this.#transmit();
    if (progress.status === "failed" || progress.status === "closed") this.#end(this.#failure(progress));
    else if (this.state === "handshaking" && progress.status === "done" && this.#isFinished(line)) this.#open(line);
  }

  /** The line may have done what it was asked, and still be in the middle of its handshake. */
  #isFinished(line: Line): boolean {
    return this.#parts.openssl.api.SSL_is_init_finished(line.ssl) === 1;
  }

  #open(line: Line): void {
    const { openssl, credentials, options } = this.#parts;
    const { api } = openssl;
    const extendedMasterSecret = api.SSL_ctrl(line.ssl, Ctrl.ExtendedMasterSecret, 0, null) === 1;
    if (options.requireExtendedMasterSecret === true && !extendedMasterSecret) {
      // RFC 7627 §5.2: a client may insist. OpenSSL itself does not, and so it is too late for an alert of the handshake.
      line.shutdown(this.#now);
      this.#transmit();
      this.#end({ kind: "protocol", reason: NO_EXTENDED_MASTER_SECRET });
      return;
    }
    this.#session = saveSession(openssl, line.ssl, markOf(credentials));
    this.state = "open";
    const peer = api.SSL_get1_peer_certificate(line.ssl);
    this.facts = {
      suite: api.SSL_CIPHER_standard_name(api.SSL_get_current_cipher(line.ssl)) ?? "unknown",
      peerCid: false,
      ownCid: false,
      extendedMasterSecret,
      resumed: api.SSL_session_reused(line.ssl) === 1,
      ...(peer !== null && { peerFingerprint: sha256(openssl.certificate(peer)) }),
    };
    if (peer !== null) api.X509_free(peer);
    this.#owner.opened(this.facts);
  }

  #read(): void {
    for (let line = this.#line; line; line = this.#line) {
      const read = line.read(this.#now);
      this.#transmit();
      if (read instanceof Uint8Array) this.#owner.received(read);
      else {
        if (read.status === "failed" || read.status === "closed") this.#end(this.#failure(read));
        return;
      }
    }
  }

  #transmit(): void {
    for (const datagram of this.#line?.drain() ?? []) {
      if (isProtected(datagram)) this.#proved = true;
      this.#owner.transmit(datagram);
    }
  }

  #failure(progress: Progress): SecurityFailure {
    const who = whoIs(this.#parts.credentials);
    // libcoap over GnuTLS ends handshakes like this that it cannot finish.
    if (progress.status === "closed" && this.state === "handshaking" && this.#proved) return hungUp(who);
    return failureOf(progress, { judgement: this.#judgement, who });
  }

  #end(failure: SecurityFailure): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#line?.free();
    this.#line = undefined;
    this.#owner.ended(failure);
  }
}

const FAULTS = {
  bad: VerifyError.Rejected,
  unsupported: VerifyError.Purpose,
  expired: VerifyError.Expired,
  "unknown-authority": VerifyError.UnknownAuthority,
  unknown: VerifyError.Unpermitted,
} as const;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Tells one set of credentials from another, without telling what they are. */
function markOf(credentials: PskCredentials | X509Credentials): string {
  const hash = createHash("sha256");
  if (credentials.mode === "psk") hash.update(credentials.identity).update("\0").update(credentials.key.export());
  else {
    // Whom the server must be as well: resuming asks no judge, and what another one trusted is not trusted by this.
    const { privateKey, serverName = "", judgeName = "" } = credentials;
    hash.update(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
    hash.update(`\0${serverName}\0${judgeName}`);
  }
  return `openssl ${credentials.mode} ${hash.digest("hex")}`;
}

function whoIs(credentials: PskCredentials | X509Credentials): string {
  return credentials.mode === "psk"
    ? `identity \`${Buffer.from(credentials.identity).toString()}\``
    : "our certificate";
}
