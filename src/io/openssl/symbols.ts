/** The functions of OpenSSL that are called, as its manual declares them; a wrong line here ends the process. */

import type { LibraryHandle } from "koffi";

/** An address in C; null points nowhere. */
export type Pointer = bigint | null;
/** What may be handed over as an address: memory of ours stays put while the call lasts. */
export type Memory = Pointer | Uint8Array;

/** What is made once for many lines: an `SSL_CTX`. */
export interface ContextSymbols {
  readonly DTLS_client_method: () => Pointer;
  readonly DTLS_server_method: () => Pointer;
  readonly SSL_CTX_new: (method: Pointer) => Pointer;
  readonly SSL_CTX_free: (context: Pointer) => void;
  readonly SSL_CTX_ctrl: (context: Pointer, command: number, number: number, pointer: Memory) => number;
  readonly SSL_CTX_set_options: (context: Pointer, options: number) => number | bigint;
  readonly SSL_CTX_set_cipher_list: (context: Pointer, names: string) => number;
  readonly SSL_CTX_set_psk_client_callback: (context: Pointer, callback: Pointer) => void;
  readonly SSL_CTX_set_psk_server_callback: (context: Pointer, callback: Pointer) => void;
  readonly SSL_CTX_use_psk_identity_hint: (context: Pointer, hint: string) => number;
  readonly SSL_CTX_set_cookie_generate_cb: (context: Pointer, callback: Pointer) => void;
  readonly SSL_CTX_set_cookie_verify_cb: (context: Pointer, callback: Pointer) => void;
  readonly SSL_CTX_set_verify: (context: Pointer, mode: number, callback: Pointer) => void;
  readonly SSL_CTX_set_cert_verify_callback: (context: Pointer, callback: Pointer, own: Pointer) => void;
  readonly SSL_CTX_set_session_id_context: (context: Pointer, id: Uint8Array, length: number) => number;
  readonly SSL_CTX_use_certificate_ASN1: (context: Pointer, length: number, der: Uint8Array) => number;
  readonly SSL_CTX_use_PrivateKey_ASN1: (type: number, context: Pointer, der: Uint8Array, length: number) => number;
  readonly SSL_CTX_add_client_CA: (context: Pointer, certificate: Pointer) => number;
  readonly SSL_CTX_get_cert_store: (context: Pointer) => Pointer;
}

/** One secured line: an `SSL`. */
export interface LineSymbols {
  readonly SSL_new: (context: Pointer) => Pointer;
  readonly SSL_free: (ssl: Pointer) => void;
  readonly SSL_set_shutdown: (ssl: Pointer, mode: number) => void;
  readonly SSL_set_bio: (ssl: Pointer, read: Pointer, write: Pointer) => void;
  readonly SSL_set_connect_state: (ssl: Pointer) => void;
  readonly SSL_set_accept_state: (ssl: Pointer) => void;
  readonly SSL_ctrl: (ssl: Pointer, command: number, number: number, pointer: Memory) => number;
  readonly SSL_do_handshake: (ssl: Pointer) => number;
  readonly SSL_read: (ssl: Pointer, into: Uint8Array, length: number) => number;
  readonly SSL_write: (ssl: Pointer, bytes: Uint8Array, length: number) => number;
  readonly SSL_shutdown: (ssl: Pointer) => number;
  readonly SSL_get_error: (ssl: Pointer, result: number) => number;
  readonly SSL_get_current_cipher: (ssl: Pointer) => Pointer;
  readonly SSL_CIPHER_standard_name: (cipher: Pointer) => string | null;
  readonly SSL_CIPHER_get_protocol_id: (cipher: Pointer) => number;
  readonly SSL_is_init_finished: (ssl: Pointer) => number;
  readonly SSL_session_reused: (ssl: Pointer) => number;
  readonly SSL_get_psk_identity: (ssl: Pointer) => Pointer;
  readonly SSL_get1_peer_certificate: (ssl: Pointer) => Pointer;
  readonly SSL_get_session: (ssl: Pointer) => Pointer;
  readonly SSL_set_session: (ssl: Pointer, session: Pointer) => number;
  readonly SSL_SESSION_free: (session: Pointer) => void;
  readonly SSL_SESSION_get_id: (session: Pointer, length: Uint8Array) => Pointer;
  readonly SSL_SESSION_get_master_key: (session: Pointer, into: Uint8Array, length: number) => number;
  readonly PEM_read_bio_SSL_SESSION: (bio: Pointer, into: Pointer, callback: Pointer, own: Pointer) => Pointer;
  readonly SSL_alert_desc_string_long: (alert: number) => string;
  readonly DTLS_set_timer_cb: (ssl: Pointer, callback: Pointer) => void;
  readonly DTLSv1_listen: (ssl: Pointer, address: Pointer) => number;
}

/** Errors, memory that plays a wire, certificates, and two of C's own. */
export interface PlainSymbols {
  readonly OpenSSL_version: (what: number) => string;
  readonly OpenSSL_version_num: () => number;
  readonly ERR_clear_error: () => void;
  readonly ERR_get_error: () => number | bigint;
  readonly ERR_reason_error_string: (code: number | bigint) => string | null;
  readonly BIO_ADDR_new: () => Pointer;
  readonly BIO_ADDR_free: (address: Pointer) => void;
  readonly BIO_s_mem: () => Pointer;
  readonly BIO_new: (type: Pointer) => Pointer;
  readonly BIO_free: (bio: Pointer) => number;
  readonly BIO_ctrl: (bio: Pointer, command: number, number: number, pointer: Memory) => number;
  readonly BIO_read: (bio: Pointer, into: Uint8Array, length: number) => number;
  readonly BIO_write: (bio: Pointer, bytes: Uint8Array, length: number) => number;
  readonly d2i_X509_bio: (bio: Pointer, into: Pointer) => Pointer;
  readonly i2d_X509_bio: (bio: Pointer, certificate: Pointer) => number;
  readonly X509_free: (certificate: Pointer) => void;
  readonly X509_STORE_add_cert: (store: Pointer, certificate: Pointer) => number;
  readonly X509_STORE_CTX_get0_untrusted: (judged: Pointer) => Pointer;
  readonly X509_STORE_CTX_set_error: (judged: Pointer, code: number) => void;
  readonly OPENSSL_sk_num: (stack: Pointer) => number;
  readonly OPENSSL_sk_value: (stack: Pointer, index: number) => Pointer;
  readonly memcpy: (to: Memory, from: Memory, length: number) => Pointer;
  readonly strnlen: (text: Pointer, most: number) => number;
}

export interface Symbols extends ContextSymbols, LineSymbols, PlainSymbols {}

type Library = Pick<LibraryHandle, "func">;

/** @throws Error if one of them is not there. */
export function symbolsOf(library: Library): Symbols {
  return { ...contextSymbols(library), ...lineSymbols(library), ...plainSymbols(library) };
}

function contextSymbols(library: Library): ContextSymbols {
  return {
    DTLS_client_method: library.func("const void *DTLS_client_method()"),
    DTLS_server_method: library.func("const void *DTLS_server_method()"),
    SSL_CTX_new: library.func("void *SSL_CTX_new(const void *method)"),
    SSL_CTX_free: library.func("void SSL_CTX_free(void *ctx)"),
    SSL_CTX_ctrl: library.func("long SSL_CTX_ctrl(void *ctx, int cmd, long larg, void *parg)"),
    SSL_CTX_set_options: library.func("uint64_t SSL_CTX_set_options(void *ctx, uint64_t options)"),
    SSL_CTX_set_cipher_list: library.func("int SSL_CTX_set_cipher_list(void *ctx, const char *str)"),
    SSL_CTX_set_psk_client_callback: library.func("void SSL_CTX_set_psk_client_callback(void *ctx, void *cb)"),
    SSL_CTX_set_psk_server_callback: library.func("void SSL_CTX_set_psk_server_callback(void *ctx, void *cb)"),
    SSL_CTX_use_psk_identity_hint: library.func("int SSL_CTX_use_psk_identity_hint(void *ctx, const char *hint)"),
    SSL_CTX_set_cookie_generate_cb: library.func("void SSL_CTX_set_cookie_generate_cb(void *ctx, void *cb)"),
    SSL_CTX_set_cookie_verify_cb: library.func("void SSL_CTX_set_cookie_verify_cb(void *ctx, void *cb)"),
    SSL_CTX_set_verify: library.func("void SSL_CTX_set_verify(void *ctx, int mode, void *cb)"),
    SSL_CTX_set_cert_verify_callback: library.func(
      "void SSL_CTX_set_cert_verify_callback(void *ctx, void *cb, void *arg)",
    ),
    SSL_CTX_set_session_id_context: library.func(
      "int SSL_CTX_set_session_id_context(void *ctx, const void *id, unsigned int length)",
    ),
    SSL_CTX_use_certificate_ASN1: library.func("int SSL_CTX_use_certificate_ASN1(void *ctx, int len, const void *der)"),
    SSL_CTX_use_PrivateKey_ASN1: library.func(
      "int SSL_CTX_use_PrivateKey_ASN1(int type, void *ctx, const void *der, long len)",
    ),
    SSL_CTX_add_client_CA: library.func("int SSL_CTX_add_client_CA(void *ctx, void *x509)"),
    SSL_CTX_get_cert_store: library.func("void *SSL_CTX_get_cert_store(void *ctx)"),
  };
}

function lineSymbols(library: Library): LineSymbols {
  return {
    SSL_new: library.func("void *SSL_new(void *ctx)"),
    SSL_free: library.func("void SSL_free(void *ssl)"),
    SSL_set_shutdown: library.func("void SSL_set_shutdown(void *ssl, int mode)"),
    SSL_set_bio: library.func("void SSL_set_bio(void *ssl, void *rbio, void *wbio)"),
    SSL_set_connect_state: library.func("void SSL_set_connect_state(void *ssl)"),
    SSL_set_accept_state: library.func("void SSL_set_accept_state(void *ssl)"),
    SSL_ctrl: library.func("long SSL_ctrl(void *ssl, int cmd, long larg, void *parg)"),
    SSL_do_handshake: library.func("int SSL_do_handshake(void *ssl)"),
    SSL_read: library.func("int SSL_read(void *ssl, void *buf, int num)"),
    SSL_write: library.func("int SSL_write(void *ssl, const void *buf, int num)"),
    SSL_shutdown: library.func("int SSL_shutdown(void *ssl)"),
    SSL_get_error: library.func("int SSL_get_error(const void *ssl, int ret)"),
    SSL_get_current_cipher: library.func("const void *SSL_get_current_cipher(const void *ssl)"),
    SSL_CIPHER_standard_name: library.func("const char *SSL_CIPHER_standard_name(const void *cipher)"),
    SSL_CIPHER_get_protocol_id: library.func("uint16_t SSL_CIPHER_get_protocol_id(const void *cipher)"),
    SSL_is_init_finished: library.func("int SSL_is_init_finished(const void *ssl)"),
    SSL_session_reused: library.func("int SSL_session_reused(const void *ssl)"),
    SSL_get_psk_identity: library.func("const void *SSL_get_psk_identity(const void *ssl)"),
    SSL_get1_peer_certificate: library.func("void *SSL_get1_peer_certificate(const void *ssl)"),
    SSL_get_session: library.func("void *SSL_get_session(const void *ssl)"),
    SSL_set_session: library.func("int SSL_set_session(void *ssl, void *session)"),
    SSL_SESSION_free: library.func("void SSL_SESSION_free(void *session)"),
    SSL_SESSION_get_id: library.func("const void *SSL_SESSION_get_id(const void *session, void *len)"),
    SSL_SESSION_get_master_key: library.func(
      "size_t SSL_SESSION_get_master_key(const void *session, void *out, size_t outlen)",
    ),
    PEM_read_bio_SSL_SESSION: library.func("void *PEM_read_bio_SSL_SESSION(void *bio, void *x, void *cb, void *u)"),
    SSL_alert_desc_string_long: library.func("const char *SSL_alert_desc_string_long(int value)"),
    DTLS_set_timer_cb: library.func("void DTLS_set_timer_cb(void *ssl, void *cb)"),
    DTLSv1_listen: library.func("int DTLSv1_listen(void *ssl, void *peer)"),
  };
}

function plainSymbols(library: Library): PlainSymbols {
  return {
    OpenSSL_version: library.func("const char *OpenSSL_version(int t)"),
    OpenSSL_version_num: library.func("unsigned long OpenSSL_version_num()"),
    ERR_clear_error: library.func("void ERR_clear_error()"),
    ERR_get_error: library.func("unsigned long ERR_get_error()"),
    ERR_reason_error_string: library.func("const char *ERR_reason_error_string(unsigned long e)"),
    BIO_ADDR_new: library.func("void *BIO_ADDR_new()"),
    BIO_ADDR_free: library.func("void BIO_ADDR_free(void *address)"),
    BIO_s_mem: library.func("const void *BIO_s_mem()"),
    BIO_new: library.func("void *BIO_new(const void *type)"),
    BIO_free: library.func("int BIO_free(void *bio)"),
    BIO_ctrl: library.func("long BIO_ctrl(void *bio, int cmd, long larg, void *parg)"),
    BIO_read: library.func("int BIO_read(void *bio, void *buf, int len)"),
    BIO_write: library.func("int BIO_write(void *bio, const void *buf, int len)"),
    d2i_X509_bio: library.func("void *d2i_X509_bio(void *bio, void *x)"),
    i2d_X509_bio: library.func("int i2d_X509_bio(void *bio, const void *x)"),
    X509_free: library.func("void X509_free(void *x)"),
    X509_STORE_add_cert: library.func("int X509_STORE_add_cert(void *store, void *x)"),
    X509_STORE_CTX_get0_untrusted: library.func("void *X509_STORE_CTX_get0_untrusted(const void *ctx)"),
    X509_STORE_CTX_set_error: library.func("void X509_STORE_CTX_set_error(void *ctx, int s)"),
    OPENSSL_sk_num: library.func("int OPENSSL_sk_num(const void *stack)"),
    OPENSSL_sk_value: library.func("void *OPENSSL_sk_value(const void *stack, int i)"),
    memcpy: library.func("void *memcpy(void *to, const void *from, size_t length)"),
    strnlen: library.func("size_t strnlen(const void *text, size_t most)"),
  };
}
