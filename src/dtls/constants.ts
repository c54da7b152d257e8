/** Numbers that DTLS 1.2 has names for: of records, of handshake messages, of extensions and of cipher suites. */

/** DTLS 1.2 (RFC 6347 §4.1). */
export const VERSION = 0xfefd;
/** DTLS 1.0, which a server may still write on its first flight (RFC 6347 §4.2.1). */
export const VERSION_OF_HELLO_VERIFY = 0xfeff;

export const ContentType = {
  ChangeCipherSpec: 20,
  Alert: 21,
  Handshake: 22,
  ApplicationData: 23,
  /** A protected record that carries a Connection ID and hides its real type (RFC 9146 §4). */
  Tls12Cid: 25,
} as const;

/** RFC 5246 §7.4, RFC 6347 §4.3.2. */
export const HandshakeType = {
  HelloRequest: 0,
  ClientHello: 1,
  ServerHello: 2,
  HelloVerifyRequest: 3,
  NewSessionTicket: 4,
  Certificate: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  ServerHelloDone: 14,
  CertificateVerify: 15,
  ClientKeyExchange: 16,
  Finished: 20,
  CertificateStatus: 22,
} as const;

export const ExtensionId = {
  /** RFC 6066 §3. */
  ServerName: 0,
  /** RFC 6066 §4. */
  MaxFragmentLength: 1,
  /** RFC 8422 §5.1.1. */
  SupportedGroups: 10,
  /** RFC 8422 §5.1.2. */
  EcPointFormats: 11,
  /** RFC 5246 §7.4.1.4.1. */
  SignatureAlgorithms: 13,
  /** RFC 7250 §3. */
  ClientCertificateType: 19,
  ServerCertificateType: 20,
  /** RFC 7366 §2. */
  EncryptThenMac: 22,
  /** RFC 7627 §5.1. */
  ExtendedMasterSecret: 23,
  /** RFC 8449 §4. */
  RecordSizeLimit: 28,
  /** RFC 5077 §3.2. */
  SessionTicket: 35,
  /** RFC 9146 §3. */
  ConnectionId: 54,
  /** RFC 5746 §3.2. */
  RenegotiationInfo: 0xff01,
} as const;

/** Says "no renegotiation" in a ClientHello without an extension (RFC 5746 §3.3). */
export const RENEGOTIATION_SCSV = 0x00ff;

/** Most bytes of plaintext that one record carries (RFC 5246 §6.2.1). */
export const MAX_PLAINTEXT = 2 ** 14;

export type KeyExchange = "psk" | "ecdhe-psk" | "ecdhe-ecdsa";
/** AES-128 in this mode; `ccm-8` has a tag of 8 bytes, `ccm` and `gcm` of 16. */
export type CipherMode = "ccm-8" | "ccm" | "gcm" | "cbc";

export interface Suite {
  readonly id: number;
  /** As IANA registered it. */
  readonly name: string;
  readonly keyExchange: KeyExchange;
  readonly cipher: CipherMode;
  /** Of the PRF and of the transcript; and of the MAC with `cbc`. */
  readonly hash: "sha256";
}

const suite = (id: number, name: string, keyExchange: KeyExchange, cipher: CipherMode): Suite => ({
  id,
  name,
  keyExchange,
  cipher,
  hash: "sha256",
});

/** By id; RFC 6655 §3-4, RFC 5487 §2, RFC 7251 §2, RFC 5289 §3.2, RFC 8442 §3, RFC 5489 §3.2. */
const SUITES: ReadonlyMap<number, Suite> = new Map(
  [
    suite(0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8", "psk", "ccm-8"),
    suite(0xc0a4, "TLS_PSK_WITH_AES_128_CCM", "psk", "ccm"),
    suite(0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", "psk", "gcm"),
    suite(0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256", "psk", "cbc"),
    suite(0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ecdhe-ecdsa", "ccm-8"),
    suite(0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ecdhe-ecdsa", "ccm"),
    suite(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ecdhe-ecdsa", "gcm"),
    suite(0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ecdhe-ecdsa", "cbc"),
    suite(0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "ecdhe-psk", "ccm-8"),
    suite(0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", "ecdhe-psk", "ccm"),
    suite(0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "ecdhe-psk", "gcm"),
    suite(0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "ecdhe-psk", "cbc"),
  ].map((each) => [each.id, each]),
);

/** The suite of that number, if it is one we speak. */
export function suiteOf(id: number): Suite | undefined {
  return SUITES.get(id);
}

/** Every suite we speak. */
export function allSuites(): Suite[] {
  return [...SUITES.values()];
}
