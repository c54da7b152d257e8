/** Hello extensions: what a client of ours offers, and what it lets a server answer (RFC 5246 §7.4.1.4). */

import { ByteReader, ByteWriter, sameBytes } from "../base/bytes.ts";
import { ExtensionId } from "./constants.ts";
import { HandshakeFault } from "./alert.ts";

/** secp256r1 (RFC 8422 §5.1.1). */
export const P256 = 23;
/** ecdsa_secp256r1_sha256: hash 4, signature 3 (RFC 5246 §7.4.1.4.1; RFC 7925 §4.4 asks for it). */
export const ECDSA_SHA256 = 0x0403;
/** RawPublicKey (RFC 7250 §3). */
const RAW_PUBLIC_KEY = 2;
const UNCOMPRESSED = 0;
const HOST_NAME = 0;

/** What is said in a ClientHello. */
export interface Offer {
  /** A DNS name. */
  readonly serverName: string | undefined;
  /** Suites with elliptic curves are among those offered. */
  readonly curves: boolean;
  /** Suites with signatures are among those offered. */
  readonly signatures: boolean;
  /** Both ends prove themselves with raw public keys. */
  readonly rawPublicKeys: boolean;
  readonly encryptThenMac: boolean;
  /** Undefined: no Connection ID is negotiated. */
  readonly ownCid: Uint8Array | undefined;
}

/** What a ServerHello has answered. */
export interface Answered {
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** Undefined: none negotiated. Empty: what we send goes without one. */
  readonly peerCid: Uint8Array | undefined;
  readonly rawClientKey: boolean;
  readonly rawServerKey: boolean;
}

/** The extensions of a ClientHello, in the order of their numbers. */
export function encodeOffer(offer: Offer): Uint8Array {
  const writer = new ByteWriter(64);
  const put = (id: number, ...bytes: number[]) => writer.u16(id).u16(bytes.length).bytes(Uint8Array.from(bytes));
  if (offer.serverName !== undefined) {
    const name = Buffer.from(offer.serverName, "latin1");
    // A list of one name: RFC 6066 §3.
    writer
      .u16(ExtensionId.ServerName)
      .u16(name.length + 5)
      .u16(name.length + 3)
      .u8(HOST_NAME)
      .u16(name.length)
      .bytes(name);
  }
  if (offer.curves) {
    put(ExtensionId.SupportedGroups, 0, 2, 0, P256);
    put(ExtensionId.EcPointFormats, 1, UNCOMPRESSED);
  }
  if (offer.signatures) put(ExtensionId.SignatureAlgorithms, 0, 2, ECDSA_SHA256 >> 8, ECDSA_SHA256 & 0xff);
  if (offer.rawPublicKeys) {
    put(ExtensionId.ClientCertificateType, 1, RAW_PUBLIC_KEY);
    put(ExtensionId.ServerCertificateType, 1, RAW_PUBLIC_KEY);
  }
  if (offer.encryptThenMac) put(ExtensionId.EncryptThenMac);
  put(ExtensionId.ExtendedMasterSecret);
  if (offer.ownCid) put(ExtensionId.ConnectionId, offer.ownCid.length, ...offer.ownCid);
  return writer.finish();
}

type Found = { -readonly [K in keyof Answered]: Answered[K] };
type Reading = (body: Uint8Array, found: Found) => void;

/** How each extension that a server may answer with is read; null: it may be offered, and never answered. */
const READINGS: ReadonlyMap<number, Reading | null> = new Map<number, Reading | null>([
  // "The extension_data field of this extension SHALL be empty": RFC 6066 §3.
  [ExtensionId.ServerName, (body) => expectNothing(body, "server_name")],
  // A client's extension alone (RFC 8422 §5.1); so is the next but one: "Servers MUST NOT send this extension" (RFC 5246 §7.4.1.4.1).
  [ExtensionId.SupportedGroups, null],
  [ExtensionId.EcPointFormats, readPointFormats],
  [ExtensionId.SignatureAlgorithms, null],
  [ExtensionId.ClientCertificateType, (body, found) => (found.rawClientKey = readCertificateType(body, "client"))],
  [ExtensionId.ServerCertificateType, (body, found) => (found.rawServerKey = readCertificateType(body, "server"))],
  [
    ExtensionId.EncryptThenMac,
    (body, found) => {
      expectNothing(body, "encrypt_then_mac");
      found.encryptThenMac = true;
    },
  ],
  [
    ExtensionId.ExtendedMasterSecret,
    (body, found) => {
      expectNothing(body, "extended_master_secret");
      found.extendedMasterSecret = true;
    },
  ],
  [ExtensionId.ConnectionId, readConnectionId],
  [ExtensionId.RenegotiationInfo, readRenegotiationInfo],
]);

/**
 * What the extensions of a ServerHello answer to `offer`.
 *
 * @throws HandshakeFault for one that was not offered, came twice, may not come from a server, or says what was not offered
 * @throws DecodeError for malformed bytes
 */
export function readAnswer(extensions: Uint8Array | undefined, offer: Offer): Answered {
  const found: Found = {
    extendedMasterSecret: false,
    encryptThenMac: false,
    peerCid: undefined,
    rawClientKey: false,
    rawServerKey: false,
  };
  const reader = new ByteReader(extensions ?? new Uint8Array(0));
  const seen = new Set<number>();
  while (!reader.done) {
    const id = reader.u16();
    const body = reader.bytes(reader.u16());
    const reading = READINGS.get(id);
    // "an extension type MUST NOT appear in the extended server hello unless the same extension type appeared in the
    // corresponding client hello" (RFC 5246 §7.4.1.4).
    if (reading === undefined || !isOffered(id, offer))
      throw new HandshakeFault(
        "unsupported_extension",
        `the server answered with extension ${id}, which was not offered`,
      );
    if (reading === null) throw new HandshakeFault("illegal_parameter", `extension ${id} may not come from a server`);
    if (seen.has(id)) throw new HandshakeFault("illegal_parameter", `extension ${id} came twice`);
    seen.add(id);
    reading(body, found);
  }
  return found;
}

function isOffered(id: number, offer: Offer): boolean {
  switch (id) {
    case ExtensionId.ServerName:
      return offer.serverName !== undefined;
    case ExtensionId.SupportedGroups:
    case ExtensionId.EcPointFormats:
      return offer.curves;
    case ExtensionId.SignatureAlgorithms:
      return offer.signatures;
    case ExtensionId.ClientCertificateType:
    case ExtensionId.ServerCertificateType:
      return offer.rawPublicKeys;
    case ExtensionId.EncryptThenMac:
      return offer.encryptThenMac;
    case ExtensionId.ConnectionId:
      return offer.ownCid !== undefined;
    default:
      // RFC 7627 §5.1, and RFC 5746 §3.4, where a cipher suite of its own offers it.
      return id === ExtensionId.ExtendedMasterSecret || id === ExtensionId.RenegotiationInfo;
  }
}

function expectNothing(body: Uint8Array, name: string): void {
  if (body.length > 0) throw new HandshakeFault("decode_error", `the server's ${name} extension is not empty`);
}

/** RFC 8422 §5.1.2: a list that names the uncompressed form, or the handshake ends. */
function readPointFormats(body: Uint8Array): void {
  const reader = new ByteReader(body);
  const formats = reader.bytes(reader.u8());
  if (!reader.done || formats.length === 0) throw reader.error("a list of point formats that is empty or too long");
  if (!formats.includes(UNCOMPRESSED))
    throw new HandshakeFault("illegal_parameter", "the server does not take uncompressed points");
}

/** RFC 7250 §4.2: one type, out of those offered, which is one. */
function readCertificateType(body: Uint8Array, whose: string): boolean {
  const reader = new ByteReader(body);
  const type = reader.u8();
  if (!reader.done) throw reader.error("more than one certificate type");
  if (type !== RAW_PUBLIC_KEY)
    throw new HandshakeFault(
      "illegal_parameter",
      `the server chose ${whose} certificate type ${type}, not raw public keys`,
    );
  return true;
}

/** RFC 9146 §3. */
function readConnectionId(body: Uint8Array, found: Found): void {
  const reader = new ByteReader(body);
  const cid = reader.bytes(reader.u8());
  if (!reader.done) throw reader.error("bytes after the Connection ID");
  found.peerCid = cid.slice();
}

/** RFC 5746 §3.4: in a first handshake, its only field is empty. */
function readRenegotiationInfo(body: Uint8Array): void {
  if (!sameBytes(body, Uint8Array.of(0)))
    throw new HandshakeFault("handshake_failure", "the server takes this for a renegotiation");
}
