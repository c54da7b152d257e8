/** OpenSSL as the server's end of many associations, without sockets and timers: for tests, and for the lab. */

import { createHmac } from "node:crypto";
import type { SecurityFailure } from "../../base/association.ts";
import { BoundedMap } from "../../base/bounded.ts";
import { contextOf, type OwnCertificate, trustAuthorities } from "./context.ts";
import { Ctrl, Option } from "./constants.ts";
import { clientRandomOf } from "./datagrams.ts";
import type { Openssl } from "./library.ts";
import { Line, present, realTiming, type Timing } from "./line.ts";
import { type PeerFacts, ServerPeer } from "./server-peer.ts";
import { cipherList, USUAL_SUITES } from "./suites.ts";

export interface OpensslServerOptions {
  /** The key of an identity, 1 to 64 bytes; undefined: unknown. Without it there are no pre-shared keys. */
  readonly psk?: (identity: Uint8Array) => Uint8Array | undefined;
  /** The server's certificate. Without it there are only pre-shared keys. */
  readonly certificate?: OwnCertificate;
  /** DER. If there are any, a client has to show a certificate that one of them issued; OpenSSL judges it. */
  readonly authorities?: readonly Uint8Array[];
  /** By number, the preferred first. */
  readonly suites?: readonly number[];
  /** For clients whose identity depends on it (RFC 4279 §5.2). */
  readonly hint?: string;
  /** Asks each client to repeat itself before anything is remembered of it (RFC 6347 §4.2.1); true unless said otherwise. */
  readonly cookies?: boolean;
  /** Unpredictable bytes. */
  readonly cookieSecret: Uint8Array;
  readonly maxDatagram?: number;
  readonly retransmitMs?: number;
  readonly timing?: Timing;
  readonly maxPeers?: number;
}

/** Told by the server, from within its methods. Peers are whatever name their datagrams came under. */
export interface OpensslServerOwner {
  transmit(peer: string, datagram: Uint8Array): void;
  opened(peer: string, facts: PeerFacts): void;
  received(peer: string, payload: Uint8Array): void;
  ended(peer: string, failure: SecurityFailure): void;
}

const MAX_DATAGRAM = 1_232;
const RETRANSMIT_MS = 1_000;
const MAX_PEERS = 10_000;
const MAX_SESSIONS = 20_000;
const COOKIE = 16;
const SESSION_CONTEXT = Buffer.from("isthmus");

export class OpensslServer {
  /** Datagrams of strangers that were no ClientHello, or without the right cookie. */
  strangers = 0;
  readonly #openssl: Openssl;
  readonly #options: OpensslServerOptions;
  readonly #owner: OpensslServerOwner;
  readonly #context: bigint;
  /** For `DTLSv1_listen`, which wants to say where the client is; it cannot know. */
  readonly #address: bigint;
  /** Those heard last are last; the longest silent makes room. */
  readonly #peers: BoundedMap<string, ServerPeer>;
  readonly #shaking = new Set<ServerPeer>();
  /** Asks strangers for the cookie; becomes the line of the first that has it. */
  #listener: Line | undefined;
  #asking = "";
  #now = 0;
  #closed = false;

  /** @throws Error in words if OpenSSL does not take the certificate, an authority's, or one of the suites. */
  constructor(openssl: Openssl, options: OpensslServerOptions, owner: OpensslServerOwner) {
    this.#openssl = openssl;
    this.#options = options;
    this.#owner = owner;
    this.#context = serverContext(openssl, options);
    this.#address = present(openssl.api.BIO_ADDR_new());
    this.#peers = new BoundedMap(options.maxPeers ?? MAX_PEERS, (_, longestSilent) => longestSilent.close(this.#now));
  }

  /** How many are there, their handshakes over or not. */
  get size(): number {
    return this.#peers.size;
  }

  /** When `onTimeout` wants to be called next. */
  get deadline(): number | undefined {
    let first: number | undefined;
    for (const { deadline } of this.#shaking)
      if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
    return first;
  }

  /** One datagram of a peer, or of anybody who claims to be it. Never throws. */
  receive(peer: string, datagram: Uint8Array, now: number): void {
    if (this.#closed) return;
    this.#now = now;
    const random = clientRandomOf(datagram);
    const known = this.#peers.get(peer);
    // RFC 6347 §4.2.8: a client that lost its state begins anew from the same address; until it has proved that it is
    // there, what we have stays.
    if (known && (random === undefined || random === known.clientRandom)) known.receive(datagram, now);
    else if (random === undefined) this.strangers += 1;
    else this.#welcome(peer, { datagram, random }, now);
  }

  /** False: there is no open line to this peer, or the payload is too long for a datagram. */
  send(peer: string, payload: Uint8Array, now: number): boolean {
    return this.#peers.peek(peer)?.send(payload, now) ?? false;
  }

  onTimeout(now: number): void {
    for (const peer of [...this.#shaking]) peer.onTimeout(now);
  }

  /** Says close_notify to a peer, and forgets it. */
  drop(peer: string, now: number): void {
    this.#peers.peek(peer)?.close(now);
  }

  /** Forgets all peers without a word, as a server does that is started anew; sessions can still be resumed. */
  forget(): void {
    for (const peer of [...this.#peers.values()]) peer.vanish();
  }

  /** Says close_notify to all, and ends. Safe to call twice. */
  close(now: number): void {
    if (this.#closed) return;
    for (const peer of [...this.#peers.values()]) peer.close(now);
    this.#closed = true;
    this.#listener?.free();
    this.#openssl.api.BIO_ADDR_free(this.#address);
    this.#openssl.api.SSL_CTX_free(this.#context);
  }

  #welcome(peer: string, hello: Hello, now: number): void {
    if (this.#options.cookies === false) {
      this.#begin(peer, { line: this.#line(), hello }, now);
      return;
    }
    const listener = (this.#listener ??= this.#line());
    this.#asking = peer;
    listener.feed(hello.datagram);
    const progress = listener.listen(now, this.#address);
    for (const datagram of listener.drain()) this.#owner.transmit(peer, datagram);
    if (progress.status === "done") {
      this.#listener = undefined;
      this.#begin(peer, { line: listener, hello }, now);
      return;
    }
    this.strangers += 1;
    if (progress.status === "waiting") return;
    // What it read has broken it.
    listener.free();
    this.#listener = undefined;
  }

  #begin(name: string, { line, hello }: { line: Line; hello: Hello }, now: number): void {
    this.#peers.peek(name)?.vanish();
    const peer = new ServerPeer({
      openssl: this.#openssl,
      line,
      clientRandom: hello.random,
      maxDatagram: this.#options.maxDatagram ?? MAX_DATAGRAM,
      owner: {
        transmit: (datagram) => this.#owner.transmit(name, datagram),
        opened: (facts) => {
          this.#shaking.delete(peer);
          this.#owner.opened(name, facts);
        },
        received: (payload) => this.#owner.received(name, payload),
        ended: (failure) => {
          this.#shaking.delete(peer);
          if (this.#peers.peek(name) === peer) this.#peers.delete(name);
          this.#owner.ended(name, failure);
        },
      },
    });
    this.#peers.set(name, peer);
    this.#shaking.add(peer);
    peer.receive(hello.datagram, now);
  }

  #line(): Line {
    const { psk, maxDatagram = MAX_DATAGRAM, retransmitMs = RETRANSMIT_MS, timing = realTiming } = this.#options;
    return new Line(this.#openssl, this.#context, {
      role: "server",
      mtu: maxDatagram,
      retransmitMs,
      timing,
      hooks: { cookie: () => this.#cookie(), ...(psk && { serverKey: psk }) },
    });
  }

  #cookie(): Uint8Array {
    return createHmac("sha256", this.#options.cookieSecret).update(this.#asking).digest().subarray(0, COOKIE);
  }
}

interface Hello {
  readonly datagram: Uint8Array;
  readonly random: string;
}

function serverContext(openssl: Openssl, options: OpensslServerOptions): bigint {
  const { api, callbacks } = openssl;
  const { certificate, psk, authorities = [], suites = USUAL_SUITES } = options;
  const keys = certificate ? (psk ? "both" : "certificate") : "psk";
  const ciphers = cipherList(suites, keys);
  const context = contextOf(openssl, { role: "server", ciphers, ...(certificate && { own: certificate }) });
  try {
    if (authorities.length > 0) trustAuthorities(openssl, context, authorities);
    if (options.hint !== undefined) api.SSL_CTX_use_psk_identity_hint(context, options.hint);
    if (options.cookies !== false) api.SSL_CTX_set_options(context, Option.CookieExchange);
    api.SSL_CTX_set_cookie_generate_cb(context, callbacks.pointers.makeCookie);
    api.SSL_CTX_set_cookie_verify_cb(context, callbacks.pointers.checkCookie);
    api.SSL_CTX_set_session_id_context(context, SESSION_CONTEXT, SESSION_CONTEXT.length);
    api.SSL_CTX_ctrl(context, Ctrl.SessionCacheSize, MAX_SESSIONS, null);
    return context;
  } catch (error) {
    api.SSL_CTX_free(context);
    throw error;
  } finally {
    // Node's own cryptography would find there what was wrong with an authority, and take it for its own failure.
    api.ERR_clear_error();
  }
}
