/** Dials servers: one for a process, since handshakes stand in one line and sessions are kept in one text. */

import type { Associate } from "../base/association.ts";
import type { Clock } from "../base/clock.ts";
import type { Credentials } from "../base/credentials.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import { streamTransport } from "../coap/index.ts";
import {
  dtls,
  DtlsCounters,
  type DtlsOptions,
  type DtlsShared,
  DtlsTransport,
  HandshakeGate,
  SessionStore,
} from "../dtls/index.ts";
import { opensslAssociate } from "../io/openssl/association.ts";
import { findOpenssl, type OpensslFound } from "../io/openssl/library.ts";
import { tcp } from "../io/streams/tcp.ts";
import { tls, TlsContexts } from "../io/streams/tls.ts";
import { udp } from "../io/udp.ts";
import type { Account, BootstrapAccount } from "../lwm2m/index.ts";
import { OscoreTransport } from "../oscore/index.ts";
import { type Address, addressOf } from "./address.ts";
import { ExpiryWatch, type Notice } from "./expiry.ts";
import { GatedStream } from "./gated-stream.ts";
import { keysOf, oscoreOf } from "./security.ts";
import { SequenceBook } from "./sequences.ts";
import type { StateText } from "./state-text.ts";

export interface DialerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who does the cryptography of DTLS; our own unless given. */
  readonly backend?: "own" | "openssl";
  /** Texts that hold secrets, each in a private file; without them, all of it ends with the process. */
  readonly state?: StateTexts;
  /** How OpenSSL is looked for; in this process unless given. */
  readonly findOpenssl?: () => Promise<OpensslFound>;
  /** What DTLS is to be like, where that is not as usual. */
  readonly dtls?: Pick<DtlsOptions, "ownCidLength" | "retransmitMs" | "allowCbc" | "requireExtendedMasterSecret">;
}

export interface StateTexts {
  /** What resumes DTLS sessions. */
  readonly sessions: StateText;
  /** Numbers of OSCORE messages. */
  readonly sequences: StateText;
}

/** This end of the way: which port it had, and whom to tell which one it has. */
export interface LocalEnd {
  readonly port?: number;
  readonly onBound?: (port: number) => void;
}

export interface Dialling {
  readonly account: Account | BootstrapAccount;
  /** Whose sessions are to be taken up. */
  readonly endpoint: string;
  readonly local?: LocalEnd;
}

/** Openings of TLS that begin at once: with certificates, each costs some milliseconds in one piece. */
const STREAMS_AT_ONCE = 2;

export class Dialer {
  /** Of our own DTLS, over all endpoints. */
  readonly counters = new DtlsCounters();
  readonly #options: DialerOptions;
  /** One object for all: thousands of transports point to it. */
  readonly #shared: DtlsShared;
  readonly #sequences: SequenceBook;
  readonly #contexts = new TlsContexts();
  readonly #streamGate: HandshakeGate;
  readonly #expiry: ExpiryWatch;
  readonly #openssl: OpensslFound | undefined;

  private constructor(options: DialerOptions, openssl: OpensslFound | undefined) {
    const { clock, random, log, state } = options;
    this.#options = options;
    this.#openssl = openssl;
    const sessions = new SessionStore({ clock, log, ...(state && { file: state.sessions }) });
    this.#shared = { clock, log, gate: new HandshakeGate({ clock, random }), sessions };
    this.#streamGate = new HandshakeGate({ clock, random, limit: STREAMS_AT_ONCE });
    this.#sequences = new SequenceBook(state?.sequences);
    this.#expiry = new ExpiryWatch(clock, log);
  }

  /** Takes up the sessions of before, and looks for OpenSSL where that is wanted. Never rejects. */
  static async open(options: DialerOptions): Promise<Dialer> {
    const { backend, findOpenssl: find = findOpenssl } = options;
    const openssl = backend === "openssl" ? await find() : undefined;
    if (openssl?.status === "missing") options.log.error("openssl-missing", { reason: openssl.reason });
    const dialer = new Dialer(options, openssl);
    await dialer.#shared.sessions.load();
    return dialer;
  }

  /** A way to the account's server, not yet open. @throws Error in words if there is none, or its keys are not fit. */
  dial(wanted: Dialling): Transport {
    const address = addressOf(wanted.account.uri);
    const line = address.stream ? this.#stream(wanted, address) : this.#datagrams(wanted, address);
    const { oscore } = wanted.account;
    if (oscore === undefined) return line;
    const { clock, random, log } = this.#options;
    const secrets = oscoreOf(oscore);
    return new OscoreTransport(line, { secrets, sequence: this.#sequences.of(secrets), clock, random, log });
  }

  /** The counters by names of their own, such as `dtlsForged`; none before the first handshake. */
  get counts(): Readonly<Record<string, number>> {
    if (this.counters.handshakes === 0) return {};
    const counts: Record<string, number> = {};
    const all: [string, unknown][] = Object.entries(this.counters);
    for (const [name, count] of all) if (typeof count === "number") counts[`dtls${capitalised(name)}`] = count;
    return counts;
  }

  /** Keeps what is to be kept. Never rejects. */
  close(): Promise<void> {
    this.#expiry.stop();
    return this.#shared.sessions.close();
  }

  #datagrams({ account, endpoint, local }: Dialling, { host, port, uri, secured }: Address): Transport {
    const { log } = this.#options;
    const { port: kept, ...told } = local ?? {};
    const bare = (localPort: number | undefined) =>
      udp({ host, port, log, ...told, ...(localPort !== undefined && { localPort }) });
    if (!secured) return bare(kept);
    const credentials = keysOf(account, host);
    return new DtlsTransport({
      dial: (which) => bare(which === "kept" ? kept : undefined),
      known: kept !== undefined,
      associate: this.#associate(account, credentials, uri),
      server: uri,
      endpoint,
      shared: this.#shared,
      notice: this.#notice(credentials, endpoint, uri),
    });
  }

  #notice(credentials: Credentials, endpoint: string, uri: string): Notice | undefined {
    return credentials.mode === "x509" ? this.#expiry.watch(endpoint, uri, credentials.chain) : undefined;
  }

  #associate(account: Account | BootstrapAccount, credentials: Credentials, name: string): Associate {
    const { clock, random, dtls: more } = this.#options;
    const { ciphersuites: suites } = account;
    const now = () => clock.now();
    const openssl = this.#openssl;
    if (openssl === undefined)
      return dtls({ credentials, random, now, name, counters: this.counters, ...more, ...(suites && { suites }) });
    if (openssl.status === "missing") throw new Error(openssl.reason);
    const { retransmitMs, requireExtendedMasterSecret } = more ?? {};
    return opensslAssociate(openssl.openssl, {
      credentials,
      now,
      ...(suites && { suites }),
      ...(retransmitMs !== undefined && { retransmitMs }),
      ...(requireExtendedMasterSecret !== undefined && { requireExtendedMasterSecret }),
    });
  }

  /** A stream has no port that a server would know it by, and no session that we keep. */
  #stream({ account, endpoint }: Dialling, { host, port, secured, uri }: Address): Transport {
    const { clock, random, log } = this.#options;
    if (!secured) return streamTransport(tcp({ host, port, log }), { clock, random, log });
    const { ciphersuites: suites } = account;
    const credentials = keysOf(account, host);
    const notice = this.#notice(credentials, endpoint, uri);
    const contexts = this.#contexts;
    const bytes = tls({ host, port, credentials, contexts, clock, log, notice, ...(suites && { suites }) });
    const gated = new GatedStream(bytes, { gate: this.#streamGate, clock, server: uri });
    return streamTransport(gated, { clock, random, log });
  }
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
