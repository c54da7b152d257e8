/** Handshake messages as bytes: those that a client writes, and those that a server sends it (RFC 5246 §7.4, RFC 6347 §4.3.2). */

import { ByteReader, ByteWriter, DecodeError } from "../base/bytes.ts";
import { VERSION } from "./constants.ts";

export const RANDOM_LENGTH = 32;
export const MAX_SESSION_ID = 32;
/** Uncompressed, on P-256: 4, x, y (RFC 8422 §5.4.1). */
export const POINT_LENGTH = 65;

const NULL_COMPRESSION = 0;
const NAMED_CURVE = 3;

export interface ClientHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  /** Empty until the server has asked for one (RFC 6347 §4.2.1). */
  readonly cookie: Uint8Array;
  readonly suites: readonly number[];
  /** Encoded, without the length before them. */
  readonly extensions: Uint8Array;
}

export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly compression: number;
  /** Undefined: the field is not there at all. */
  readonly extensions: Uint8Array | undefined;
}

export interface SignedParameters {
  /** What is signed, after both randoms: curve and point as they stand in the message. */
  readonly parameters: Uint8Array;
  readonly curve: number;
  readonly point: Uint8Array;
}

export interface Signature {
  /** Hash and signature algorithm: 0x0403 is ecdsa_secp256r1_sha256. */
  readonly scheme: number;
  readonly value: Uint8Array;
}

export interface CertificateRequest {
  readonly types: Uint8Array;
  readonly schemes: readonly number[];
}

/** RFC 6347 §4.3.2: the ClientHello of RFC 5246 §7.4.1.2, with a cookie after the session id. */
export function encodeClientHello(hello: ClientHello): Uint8Array {
  const writer = new ByteWriter(128).u16(VERSION).bytes(hello.random);
  writeVector8(writer, hello.sessionId);
  writeVector8(writer, hello.cookie);
  writer.u16(hello.suites.length * 2);
  for (const suite of hello.suites) writer.u16(suite);
  writer.u8(1).u8(NULL_COMPRESSION);
  return writer.u16(hello.extensions.length).bytes(hello.extensions).finish();
}

/** The cookie of a HelloVerifyRequest. Its version means nothing (RFC 6347 §4.2.1), and is only held to be one of DTLS. */
export function decodeHelloVerifyRequest(body: Uint8Array): Uint8Array {
  return whole(body, "HelloVerifyRequest", (reader) => {
    if (reader.u16() >> 8 !== VERSION >> 8) throw reader.error("HelloVerifyRequest of no version of DTLS");
    return reader.bytes(reader.u8());
  });
}

/** RFC 5246 §7.4.1.3. What it says is judged by the one who offered. */
export function decodeServerHello(body: Uint8Array): ServerHello {
  return whole(body, "ServerHello", (reader) => {
    const version = reader.u16();
    const random = reader.bytes(RANDOM_LENGTH);
    const sessionId = reader.bytes(reader.u8());
    if (sessionId.length > MAX_SESSION_ID) throw reader.error(`a session id of ${sessionId.length} bytes`);
    const suite = reader.u16();
    const compression = reader.u8();
    const extensions = reader.done ? undefined : vector16(reader);
    return { version, random, sessionId, suite, compression, extensions };
  });
}

/** A list of X.509 certificates, DER each, the sender's own first (RFC 5246 §7.4.2). */
export function decodeCertificateList(body: Uint8Array): Uint8Array[] {
  return whole(body, "Certificate", (reader) => {
    const list = new ByteReader(vector24(reader));
    const certificates: Uint8Array[] = [];
    while (!list.done) {
      const certificate = vector24(list);
      if (certificate.length === 0) throw list.error("an empty certificate");
      certificates.push(certificate);
    }
    return certificates;
  });
}

/** One SubjectPublicKeyInfo, not in a list (RFC 7250 §3). */
export function decodeRawPublicKey(body: Uint8Array): Uint8Array {
  return whole(body, "Certificate", (reader) => {
    const key = vector24(reader);
    if (key.length === 0) throw reader.error("an empty public key");
    return key;
  });
}

/** A hint of which key is meant; clients may ignore it, and we do (RFC 4279 §5.2). */
export function decodePskKeyExchange(body: Uint8Array): Uint8Array {
  return whole(body, "ServerKeyExchange", vector16);
}

/** A hint and an unsigned point: the key that both ends have authenticates it (RFC 5489 §2). */
export function decodeEcdhePskKeyExchange(body: Uint8Array): SignedParameters {
  return whole(body, "ServerKeyExchange", (reader) => {
    vector16(reader);
    return readParameters(reader, body);
  });
}

/** A point, and the signature over it (RFC 8422 §5.4). */
export function decodeEcdheKeyExchange(body: Uint8Array): SignedParameters & { readonly signature: Signature } {
  return whole(body, "ServerKeyExchange", (reader) => {
    const parameters = readParameters(reader, body);
    return { ...parameters, signature: { scheme: reader.u16(), value: vector16(reader) } };
  });
}

function readParameters(reader: ByteReader, body: Uint8Array): SignedParameters {
  const start = reader.offset;
  // Explicit curves are forbidden (RFC 8422 §5.4); they would not parse as what follows.
  if (reader.u8() !== NAMED_CURVE) throw reader.error("a curve that is not a named one");
  const curve = reader.u16();
  const point = reader.bytes(reader.u8());
  return { parameters: body.subarray(start, reader.offset), curve, point };
}

/** RFC 5246 §7.4.4. The authorities it names are read and left: we have one certificate, and the server judges it. */
export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  return whole(body, "CertificateRequest", (reader) => {
    const types = reader.bytes(reader.u8());
    const list = vector16(reader);
    const authorities = new ByteReader(vector16(reader));
    while (!authorities.done) vector16(authorities);
    if (types.length === 0 || list.length === 0 || list.length % 2 !== 0)
      throw reader.error("lists of types or of signature algorithms that are empty or cut off");
    const schemes = Array.from({ length: list.length / 2 }, (_, i) => (list[2 * i]! << 8) | list[2 * i + 1]!);
    return { types, schemes };
  });
}

/** ServerHelloDone and HelloRequest say all by being there. @throws DecodeError if they say more. */
export function decodeNothing(body: Uint8Array): void {
  if (body.length > 0) throw new DecodeError(`${body.length} bytes in a message that has none`);
}

export function encodeCertificateList(chain: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(512);
  writeU24(
    writer,
    chain.reduce((sum, { length }) => sum + 3 + length, 0),
  );
  for (const certificate of chain) writeU24(writer, certificate.length).bytes(certificate);
  return writer.finish();
}

export function encodeRawPublicKey(key: Uint8Array): Uint8Array {
  return writeU24(new ByteWriter(3 + key.length), key.length)
    .bytes(key)
    .finish();
}

/** The identity with `psk` (RFC 4279 §2), the point with `ecdhe-ecdsa` (RFC 8422 §5.7), both with `ecdhe-psk` (RFC 5489 §2). */
export function encodeClientKeyExchange(identity: Uint8Array | undefined, point: Uint8Array | undefined): Uint8Array {
  const writer = new ByteWriter(80);
  if (identity) writer.u16(identity.length).bytes(identity);
  if (point) writer.u8(point.length).bytes(point);
  return writer.finish();
}

/** RFC 5246 §7.4.8. */
export function encodeCertificateVerify({ scheme, value }: Signature): Uint8Array {
  return new ByteWriter(4 + value.length).u16(scheme).u16(value.length).bytes(value).finish();
}

/** Runs a decoder over all of `body`: what it leaves over makes the message malformed. */
function whole<T>(body: Uint8Array, name: string, decode: (reader: ByteReader) => T): T {
  const reader = new ByteReader(body);
  const decoded = decode(reader);
  if (!reader.done) throw reader.error(`${name} has ${reader.remaining} bytes too many`);
  return decoded;
}

function vector16(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.u16());
}

function vector24(reader: ByteReader): Uint8Array {
  return reader.bytes((reader.u8() << 16) | reader.u16());
}

function writeVector8(writer: ByteWriter, value: Uint8Array): void {
  writer.u8(value.length).bytes(value);
}

function writeU24(writer: ByteWriter, value: number): ByteWriter {
  return writer.u8(value >> 16).u16(value & 0xffff);
}
