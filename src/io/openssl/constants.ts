/** Numbers of OpenSSL's headers, which its macros stand for; all are part of its stable interface since 1.1. */

/** Of `SSL_ctrl` and `SSL_CTX_ctrl`. */
export const Ctrl = {
  Mtu: 17,
  SessionCacheSize: 42,
  SessionCacheMode: 44,
  DtlsTimeout: 73,
  DtlsHandleTimeout: 74,
  ChainCertificate: 89,
  Groups: 92,
  ExtendedMasterSecret: 122,
  MinVersion: 123,
  MaxVersion: 124,
  ServerName: 55,
} as const;

/** Of `BIO_ctrl`. */
export const BioCtrl = {
  Reset: 1,
  /** What reading nothing returns: 0 would mean that the wire has ended. */
  EofReturn: 130,
} as const;

export const Option = {
  /** A memory BIO knows no MTU. */
  NoQueryMtu: 0x1000,
  CookieExchange: 0x2000,
  /** Sessions are resumed by their id (RFC 5246 §7.3), as LwM2M peers do, and not by tickets. */
  NoTicket: 0x4000,
  NoRenegotiation: 0x4000_0000,
} as const;

/** Of `SSL_get_error`. */
export const SslError = { None: 0, Ssl: 1, WantRead: 2, WantWrite: 3, Syscall: 5, ZeroReturn: 6 } as const;

export const Verify = { None: 0, Peer: 1, FailIfNoPeerCertificate: 2 } as const;

/** Of `SSL_set_shutdown`: both ends have said close_notify. */
export const SHUT_DOWN = 3;

/** Why a certificate is not trusted, as OpenSSL wants to hear it: it chooses the alert from this. */
export const VerifyError = {
  Ok: 0,
  NotYetValid: 9,
  Expired: 10,
  UnknownAuthority: 20,
  Purpose: 26,
  Rejected: 28,
  /** That of a name that is not permitted; it has no alert of its own, and becomes certificate_unknown. */
  Unpermitted: 47,
} as const;

/** `NID_X9_62_id_ecPublicKey`. */
export const EC_KEY = 408;
export const DTLS_1_2 = 0xfe_fd;
/** Reasons from here on are alerts that the peer sent: this, and the alert's number (RFC 5246 §7.2). */
export const ALERT_REASON = 1_000;
/** The reason within an error code of OpenSSL 3. */
export const REASON_MASK = 0x7f_ffff;
/** Asks `OpenSSL_version` for the words that people know it by. */
export const VERSION_WORDS = 0;
