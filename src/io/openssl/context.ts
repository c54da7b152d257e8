/** What many lines share: the protocol, the suites that may be agreed, and certificates. */

import type { KeyObject } from "node:crypto";
import { BioCtrl, Ctrl, DTLS_1_2, EC_KEY, Option, Verify } from "./constants.ts";
import type { Openssl } from "./library.ts";
import { present } from "./line.ts";
import type { Pointer } from "./symbols.ts";

/** Our own certificate, and the key that belongs to it. */
export interface OwnCertificate {
  /** On P-256. */
  readonly privateKey: KeyObject;
  /** DER, our own first. */
  readonly chain: readonly Uint8Array[];
}

export interface ContextOptions {
  readonly role: "client" | "server";
  /** As `cipherList` gives it. */
  readonly ciphers: string;
  readonly own?: OwnCertificate;
}

/** RFC 7925 §4.4.1 names no other curve. Ends with the zero that C wants. */
const CURVES = Buffer.from("P-256\0");

/**
 * An `SSL_CTX`, which is the caller's to free: lines that were made of it keep it alive as long as they need it.
 * @throws Error if OpenSSL does not take the certificate, the key, or one of the suites.
 */
export function contextOf(openssl: Openssl, options: ContextOptions): bigint {
  const { api, callbacks } = openssl;
  const isClient = options.role === "client";
  const context = present(api.SSL_CTX_new(isClient ? api.DTLS_client_method() : api.DTLS_server_method()));
  try {
    api.SSL_CTX_ctrl(context, Ctrl.MinVersion, DTLS_1_2, null);
    api.SSL_CTX_ctrl(context, Ctrl.MaxVersion, DTLS_1_2, null);
    api.SSL_CTX_set_options(context, Option.NoQueryMtu | Option.NoTicket | Option.NoRenegotiation);
    taken(api.SSL_CTX_set_cipher_list(context, options.ciphers), "the cipher suites");
    taken(api.SSL_CTX_ctrl(context, Ctrl.Groups, 0, CURVES), "the curve P-256");
    if (isClient) api.SSL_CTX_set_psk_client_callback(context, callbacks.pointers.clientKey);
    else api.SSL_CTX_set_psk_server_callback(context, callbacks.pointers.serverKey);
    if (options.own) showCertificate(openssl, context, options.own);
    return context;
  } catch (error) {
    api.SSL_CTX_free(context);
    throw error;
  } finally {
    api.ERR_clear_error();
  }
}

const shared = new WeakMap<Openssl, Map<string, bigint>>();

/** One for all clients with pre-shared keys: who each of them is, its line is asked. Kept as long as the process runs. */
export function pskClientContext(openssl: Openssl, ciphers: string): bigint {
  const contexts = shared.get(openssl) ?? new Map<string, bigint>();
  shared.set(openssl, contexts);
  const context = contexts.get(ciphers) ?? contextOf(openssl, { role: "client", ciphers });
  contexts.set(ciphers, context);
  return context;
}

/** The peer's certificate is judged by the line's hook alone. */
export function judgePeer({ api, callbacks }: Openssl, context: bigint): void {
  api.SSL_CTX_set_verify(context, Verify.Peer, null);
  api.SSL_CTX_set_cert_verify_callback(context, callbacks.pointers.judge, null);
}

/** The peer must show a certificate that leads to one of these, DER each; OpenSSL judges. @throws Error if one is none. */
export function trustAuthorities(openssl: Openssl, context: bigint, authorities: readonly Uint8Array[]): void {
  const { api } = openssl;
  const store = api.SSL_CTX_get_cert_store(context);
  for (const der of authorities) {
    const certificate = certificateOf(openssl, der);
    taken(api.X509_STORE_add_cert(store, certificate), "an authority's certificate");
    api.SSL_CTX_add_client_CA(context, certificate);
    api.X509_free(certificate);
  }
  api.SSL_CTX_set_verify(context, Verify.Peer | Verify.FailIfNoPeerCertificate, null);
}

function showCertificate(openssl: Openssl, context: bigint, { privateKey, chain }: OwnCertificate): void {
  const { api } = openssl;
  const [first, ...rest] = chain;
  if (!first) throw new Error("there is no certificate to show");
  taken(api.SSL_CTX_use_certificate_ASN1(context, first.length, first), "our certificate");
  for (const der of rest) {
    // The context owns it from here on.
    taken(api.SSL_CTX_ctrl(context, Ctrl.ChainCertificate, 0, certificateOf(openssl, der)), "our certificate's issuer");
  }
  const key = privateKey.export({ type: "sec1", format: "der" });
  const result = api.SSL_CTX_use_PrivateKey_ASN1(EC_KEY, context, key, key.length);
  key.fill(0);
  taken(result, "our private key");
}

/** An `X509`, which is the caller's. */
function certificateOf({ api }: Openssl, der: Uint8Array): Pointer {
  const bio = api.BIO_new(api.BIO_s_mem());
  try {
    api.BIO_ctrl(bio, BioCtrl.EofReturn, -1, null);
    api.BIO_write(bio, der, der.length);
    const certificate = api.d2i_X509_bio(bio, null);
    if (certificate === null) throw new Error("OpenSSL cannot read a certificate");
    return certificate;
  } finally {
    api.BIO_free(bio);
  }
}

function taken(result: number, what: string): void {
  if (result !== 1) throw new Error(`OpenSSL does not take ${what}`);
}
