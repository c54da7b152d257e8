/** Sessions that outlive their lines: out of OpenSSL as id and master secret, and in again in its own notation. */

import type { SavedSession } from "../../base/association.ts";
import { BioCtrl, Ctrl, DTLS_1_2 } from "./constants.ts";
import type { Openssl } from "./library.ts";
import type { Pointer } from "./symbols.ts";

const MASTER_SECRET = 48;
const MAX_ID = 32;
/** `SSL_SESS_FLAG_EXTMS` in the `SSL_SESSION` structure. */
const EXTENDED_MASTER_SECRET = 1;
/** Seconds; how long a session is worth anything is the server's to say (RFC 5246 §F.1.4 suggests a day at most). */
const LIFETIME = 86_400;

/** Undefined: the server gave no id, and nothing can be resumed. */
export function saveSession(openssl: Openssl, ssl: bigint, credentials: string): SavedSession | undefined {
  const { api } = openssl;
  const session = api.SSL_get_session(ssl);
  if (session === null) return undefined;
  const length = new Uint32Array(1);
  const at = api.SSL_SESSION_get_id(session, new Uint8Array(length.buffer));
  const idLength = Math.min(length[0] ?? 0, MAX_ID);
  if (at === null || idLength === 0) return undefined;
  const masterSecret = new Uint8Array(MASTER_SECRET);
  if (api.SSL_SESSION_get_master_key(session, masterSecret, MASTER_SECRET) !== MASTER_SECRET) return undefined;
  return {
    id: openssl.callbacks.bytes(at, idLength),
    masterSecret,
    suite: api.SSL_CIPHER_get_protocol_id(api.SSL_get_current_cipher(ssl)),
    extendedMasterSecret: api.SSL_ctrl(ssl, Ctrl.ExtendedMasterSecret, 0, null) === 1,
    credentials,
  };
}

/** Offers a session to the server; false: OpenSSL does not take it. `seconds`: now, since 1970. */
export function offerSession({ api }: Openssl, ssl: bigint, saved: SavedSession, seconds: number): boolean {
  const der = sessionDer(saved, seconds);
  const text = `-----BEGIN SSL SESSION PARAMETERS-----\n${lines(der)}-----END SSL SESSION PARAMETERS-----\n`;
  der.fill(0);
  const bytes = Buffer.from(text);
  const bio = api.BIO_new(api.BIO_s_mem());
  let session: Pointer = null;
  try {
    api.BIO_ctrl(bio, BioCtrl.EofReturn, -1, null);
    api.BIO_write(bio, bytes, bytes.length);
    session = api.PEM_read_bio_SSL_SESSION(bio, null, null, null);
    return session !== null && api.SSL_set_session(ssl, session) === 1;
  } finally {
    bytes.fill(0);
    api.BIO_free(bio);
    if (session !== null) api.SSL_SESSION_free(session);
    api.ERR_clear_error();
  }
}

const lines = (der: Uint8Array) =>
  Buffer.from(der)
    .toString("base64")
    .replace(/.{1,64}/g, "$&\n");

/**
 * The structure that OpenSSL's manual describes in d2i_SSL_SESSION(3); its public functions cannot set the flag of the
 * extended master secret (RFC 7627 §5.3), without which no session may be resumed.
 */
function sessionDer(saved: SavedSession, seconds: number): Uint8Array {
  return tlv(0x30, [
    integer(1),
    integer(DTLS_1_2),
    tlv(0x04, [Uint8Array.of(saved.suite >> 8, saved.suite & 0xff)]),
    tlv(0x04, [saved.id]),
    tlv(0x04, [saved.masterSecret]),
    tlv(0xa1, [integer(seconds)]),
    tlv(0xa2, [integer(LIFETIME)]),
    tlv(0xad, [integer(saved.extendedMasterSecret ? EXTENDED_MASTER_SECRET : 0)]),
  ]);
}

/** Not negative, and below 2^47. */
function integer(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  // A first bit that is set would make it negative.
  if (bytes.length === 0 || (bytes[0] ?? 0) > 0x7f) bytes.unshift(0);
  return tlv(0x02, [Uint8Array.from(bytes)]);
}

function tlv(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : [0x81, body.length];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}
