/** TLS over TCP to one peer as a ByteStream: a pre-shared key or certificates, and ALPN that says CoAP (RFC 8323 §8.2). */

import type { KeyObject } from "node:crypto";
import { isIP } from "node:net";
import {
  connect,
  type ConnectionOptions,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  TLSSocket,
} from "node:tls";
import { BoundedMap } from "../../base/bounded.ts";
import type { Clock } from "../../base/clock.ts";
import type { Credentials, PskCredentials, X509Credentials } from "../../base/credentials.ts";
import { codeOf, words } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { LineSecurity } from "../../base/transport.ts";
import { explainUnreachable, type Peer, SocketStream } from "./socket-stream.ts";

export interface TlsOptions extends Peer {
  readonly credentials: Credentials;
  /** Judges dates in certificates. */
  readonly clock: Clock;
  /** For Server Name Indication where it is another than `host`, or that of the credentials (RFC 6066 §3). */
  readonly serverName?: string;
  /** Ids of cipher suites in order of preference; what suits the credentials unless given. Unknown ones are left out. */
  readonly suites?: readonly number[];
  /**
   * Whether the server must speak of CoAP in ALPN. RFC 8323 §8.2 wants it on all ports but 5684, to tell services apart
   * that share a certificate; a pre-shared key is nobody else's, and widespread servers leave ALPN out, so that unless
   * said otherwise it is wanted with certificates only.
   */
  readonly requireAlpn?: boolean;
  /** Shared by streams that differ in their keys alone. */
  readonly contexts?: TlsContexts;
  readonly log?: Log;
  /** What is to be shown beside how it is secured. */
  readonly notice?: (() => Pick<LineSecurity, "warning"> | undefined) | undefined;
}

/** Of different lists of cipher suites: those of the configuration, and what Bootstrap-Servers think of. */
const MAX_CONTEXTS = 16;

/** OpenSSL's settings for a connection: a third of what an idle one weighs, and the same for all with pre-shared keys. */
export class TlsContexts {
  readonly #byCiphers = new BoundedMap<string, SecureContext>(MAX_CONTEXTS);

  /** @throws Error if OpenSSL knows none of the suites. */
  psk(ciphers: string): SecureContext {
    const known = this.#byCiphers.get(ciphers);
    if (known !== undefined) return known;
    // Pre-shared keys of TLS 1.3 are others, and not those of LwM2M.
    const made = createSecureContext({ ciphers, minVersion: OLDEST, maxVersion: "TLSv1.2" });
    this.#byCiphers.set(ciphers, made);
    return made;
  }
}

const COAP = "coap";
/** RFC 8323 §9.1. */
const OLDEST = "TLSv1.2";
/** Where a server may leave ALPN out. */
const DEFAULT_PORT = 5_684;

/** By id, what OpenSSL calls them (LwM2M Transport 1.2 §5.2.9: the mandatory ones, and what is better than those). */
const SUITES: ReadonlyMap<number, string> = new Map([
  [0xc0a8, "PSK-AES128-CCM8"],
  [0xc0a4, "PSK-AES128-CCM"],
  [0x00a8, "PSK-AES128-GCM-SHA256"],
  [0x00ae, "PSK-AES128-CBC-SHA256"],
  [0xc037, "ECDHE-PSK-AES128-CBC-SHA256"],
  [0xc0ae, "ECDHE-ECDSA-AES128-CCM8"],
  [0xc0ac, "ECDHE-ECDSA-AES128-CCM"],
  [0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"],
  [0xc023, "ECDHE-ECDSA-AES128-SHA256"],
  [0x1301, "TLS_AES_128_GCM_SHA256"],
  [0x1304, "TLS_AES_128_CCM_SHA256"],
  [0x1305, "TLS_AES_128_CCM_8_SHA256"],
]);
/** Those in which the key that both have proves who they are: by any other, a server would prove nothing to us. */
const WITH_KEY = /^(?:ECDHE-)?PSK-/;
const PSK_SUITES = [0xc0a8, 0xc0a4, 0x00a8];
const X509_SUITES = [0x1301, 0x1304, 0xc0ae, 0xc0ac, 0xc02b];

/** A stream that also tells how it is secured. */
export class TlsStream extends SocketStream {
  readonly #line: Line;
  readonly #notice: TlsOptions["notice"];

  constructor(options: TlsOptions) {
    const line: Line = { security: NOT_YET };
    super(options, {
      ready: "secureConnect",
      connect: ({ host, port }) => connect({ host, port, ...securing(options, host) }),
      inspect: (socket) => {
        if (!(socket instanceof TLSSocket)) return "no TLS";
        const trouble = alpnTrouble(options, socket) ?? judge(options, socket);
        if (trouble === undefined) line.security = securityOf(socket);
        return trouble;
      },
      explain: explainHandshake(options.credentials),
    });
    this.#line = line;
    this.#notice = options.notice;
  }

  /** Of the last opening. */
  get security(): LineSecurity {
    const notice = this.#notice?.();
    return notice ? { ...this.#line.security, ...notice } : this.#line.security;
  }

  override async open(signal?: AbortSignal): Promise<void> {
    try {
      await super.open(signal);
    } catch (error) {
      this.#line.security = { ...NOT_YET, failure: words(error) };
      throw error;
    }
  }
}

interface Line {
  security: LineSecurity;
}

const NOT_YET: LineSecurity = { protocol: "TLS" };

/** Opening it connects, and proves who both ends are. @throws what `SocketStream.open` throws. */
export const tls = (options: TlsOptions): TlsStream => new TlsStream(options);

function securing(options: TlsOptions, host: string): ConnectionOptions {
  const { credentials } = options;
  const common: ConnectionOptions = {
    ALPNProtocols: [COAP],
    minVersion: OLDEST,
    // Judged by ourselves, by the rules of LwM2M, once the handshake has proved that the key is theirs.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    servername: serverNameOf(options, host),
  };
  switch (credentials.mode) {
    case "psk":
      return { ...common, ...withPsk(credentials, options) };
    case "x509":
      return { ...common, ...withCertificate(credentials, options.suites ?? X509_SUITES) };
    case "rpk":
      throw new Error(
        "raw public keys are not to be had over TLS here: take coaps (DTLS), or a certificate or pre-shared key",
      );
  }
}

/** An address is no name (RFC 6066 §3). */
function serverNameOf({ credentials, serverName }: TlsOptions, host: string): string {
  const chosen = serverName ?? (credentials.mode === "x509" ? credentials.serverName : undefined) ?? host;
  return isIP(chosen) === 0 ? chosen : "";
}

function withPsk({ identity, key }: PskCredentials, options: TlsOptions): ConnectionOptions {
  // The runtime takes a string and sends its UTF-8: anything else would arrive as another identity.
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(identity);
  if (Buffer.compare(Buffer.from(name), identity) !== 0)
    throw new Error("the identity is no UTF-8, which TLS needs here: take coaps (DTLS), or another identity");
  const { contexts = new TlsContexts(), suites = PSK_SUITES } = options;
  return {
    secureContext: contexts.psk(ciphersOf(suites, true)),
    pskCallback: () => ({ psk: key.export(), identity: name }),
  };
}

function withCertificate(credentials: X509Credentials, suites: readonly number[]): ConnectionOptions {
  const { chain, privateKey } = credentials;
  return {
    ciphers: ciphersOf(suites, false),
    cert: chain.map((der) => pem("CERTIFICATE", der)).join(""),
    key: pkcs8(privateKey),
    ecdhCurve: "P-256",
  };
}

/** Those that suit the credentials. @throws Error if none of them is known. */
function ciphersOf(suites: readonly number[], withKey: boolean): string {
  const names = suites.flatMap((id) => SUITES.get(id) ?? []).filter((name) => WITH_KEY.test(name) === withKey);
  if (names.length === 0) throw new Error("none of the cipher suites given is one of TLS that is known here");
  // Later releases of OpenSSL count CCM with its tag of 8 bytes as weak, and LwM2M has it as mandatory.
  return `${names.join(":")}:@SECLEVEL=0`;
}

function pkcs8(key: KeyObject): string | Buffer {
  return key.export({ type: "pkcs8", format: "pem" });
}

function pem(what: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${what}-----\n${lines.join("\n")}\n-----END ${what}-----\n`;
}

function alpnTrouble({ port, credentials, requireAlpn }: TlsOptions, socket: TLSSocket): string | undefined {
  const wanted = requireAlpn ?? (credentials.mode === "x509" && port !== DEFAULT_PORT);
  if (socket.alpnProtocol === COAP || !wanted) return undefined;
  return `the server speaks TLS but does not say that it speaks CoAP (ALPN, RFC 8323 §8.2)`;
}

/** The server's certificate, where that is what it proves itself with. */
function judge({ credentials, clock }: TlsOptions, socket: TLSSocket): string | undefined {
  if (credentials.mode !== "x509")
    // Nobody else looks at a certificate here: whoever shows one instead of the key has proved nothing.
    return WITH_KEY.test(socket.getCipher().name) ? undefined : "the server did not prove that it has the key";
  const judgement = credentials.judge(chainOf(socket), clock.now());
  return judgement.status === "trusted" ? undefined : judgement.reason;
}

/** As the server has shown it, its own first. */
function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  // An empty object stands for none, and a root is its own issuer.
  while (next?.raw !== undefined && next.fingerprint256 !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(new Uint8Array(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

function securityOf(socket: TLSSocket): LineSecurity {
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
  return {
    // "TLSv1.2" as it is called among people.
    protocol: (socket.getProtocol() ?? "TLS").replace("v", " "),
    suite: socket.getCipher().standardName,
    resumed: socket.isSessionReused(),
    ...(fingerprint !== undefined && { fingerprint }),
  };
}

/** By the alert that the server sent (RFC 5246 §7.2, RFC 4279 §2), or by how it fell silent. */
function explainHandshake(credentials: Credentials) {
  return (error: unknown): string => {
    const code = codeOf(error) ?? "";
    const who = credentials.mode === "psk" ? ` "${new TextDecoder().decode(credentials.identity)}"` : "";
    if (/UNKNOWN_PSK_IDENTITY/.test(code)) return `the server does not know the identity${who}`;
    if (/DECRYPT_ERROR|BAD_RECORD_MAC|DECRYPTION_FAILED/.test(code))
      return `the server could not check our proof: a wrong key for the identity${who}?`;
    if (/HANDSHAKE_FAILURE|NO_CIPHERS|INSUFFICIENT_SECURITY/.test(code))
      return "server and client have no cipher suite in common, or the server wants another kind of credentials";
    if (/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN|REQUIRED)|ACCESS_DENIED/.test(code))
      return `the server does not accept our certificate (${code})`;
    if (/NO_APPLICATION_PROTOCOL/.test(code)) return "the server speaks TLS, but not CoAP (ALPN, RFC 8323 §8.2)";
    if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code)) return "what answers there does not speak TLS";
    if (code === "ECONNRESET") return `the server broke off the handshake: a wrong key or unknown identity${who}?`;
    return explainUnreachable(error);
  };
}
