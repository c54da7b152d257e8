/** Handshake messages from the server's side: what a client writes, read; what a server writes, written. */

import { ByteReader, ByteWriter } from "../../../../src/base/bytes.ts";
import { VERSION } from "../../../../src/dtls/constants.ts";

const COOKIE_VERSION = 0xfeff;

export interface ReadHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly suites: readonly number[];
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

export function readClientHello(body: Uint8Array): ReadHello {
  const reader = new ByteReader(body);
  const version = reader.u16();
  const random = reader.bytes(32).slice();
  const sessionId = reader.bytes(reader.u8()).slice();
  const cookie = reader.bytes(reader.u8()).slice();
  const list = new ByteReader(reader.bytes(reader.u16()));
  const suites: number[] = [];
  while (!list.done) suites.push(list.u16());
  reader.bytes(reader.u8());
  const extensions = new Map<number, Uint8Array>();
  const rest = new ByteReader(reader.bytes(reader.u16()));
  while (!rest.done) extensions.set(rest.u16(), rest.bytes(rest.u16()).slice());
  if (!reader.done) throw reader.error("bytes after the extensions");
  return { version, random, sessionId, cookie, suites, extensions };
}

export function writeVerifyRequest(cookie: Uint8Array): Uint8Array {
  return new ByteWriter().u16(COOKIE_VERSION).u8(cookie.length).bytes(cookie).finish();
}

export interface WrittenHello {
  readonly version?: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly compression?: number;
  readonly extensions: readonly (readonly [id: number, body: Uint8Array])[];
}

export function writeServerHello(hello: WrittenHello): Uint8Array {
  const writer = new ByteWriter(128).u16(hello.version ?? VERSION).bytes(hello.random);
  writer.u8(hello.sessionId.length).bytes(hello.sessionId);
  writer.u16(hello.suite).u8(hello.compression ?? 0);
  const list = new ByteWriter();
  for (const [id, body] of hello.extensions) list.u16(id).u16(body.length).bytes(body);
  const extensions = list.finish();
  return extensions.length === 0 ? writer.finish() : writer.u16(extensions.length).bytes(extensions).finish();
}

/** Curve and point: what is signed. */
export function parametersOf(point: Uint8Array, curve = 23): Uint8Array {
  return new ByteWriter(80).u8(3).u16(curve).u8(point.length).bytes(point).finish();
}

export function writeSigned(parameters: Uint8Array, signature: Uint8Array, scheme = 0x0403): Uint8Array {
  return new ByteWriter(160).bytes(parameters).u16(scheme).u16(signature.length).bytes(signature).finish();
}

export function writeHint(hint: string, parameters?: Uint8Array): Uint8Array {
  const bytes = Buffer.from(hint);
  return new ByteWriter()
    .u16(bytes.length)
    .bytes(bytes)
    .bytes(parameters ?? new Uint8Array(0))
    .finish();
}

export function writeCertificateRequest(
  types = [64],
  schemes = [0x0403],
  authorities: readonly Uint8Array[] = [],
): Uint8Array {
  const writer = new ByteWriter()
    .u8(types.length)
    .bytes(Uint8Array.from(types))
    .u16(schemes.length * 2);
  for (const scheme of schemes) writer.u16(scheme);
  writer.u16(authorities.reduce((sum, { length }) => sum + 2 + length, 0));
  for (const name of authorities) writer.u16(name.length).bytes(name);
  return writer.finish();
}

export interface ReadKeyExchange {
  readonly identity: Uint8Array | undefined;
  readonly point: Uint8Array | undefined;
}

export function readClientKeyExchange(body: Uint8Array, parts: { identity: boolean; point: boolean }): ReadKeyExchange {
  const reader = new ByteReader(body);
  const identity = parts.identity ? reader.bytes(reader.u16()).slice() : undefined;
  const point = parts.point ? reader.bytes(reader.u8()).slice() : undefined;
  if (!reader.done) throw reader.error("bytes after the key exchange");
  return { identity, point };
}

export function readCertificateVerify(body: Uint8Array): { readonly scheme: number; readonly value: Uint8Array } {
  const reader = new ByteReader(body);
  return { scheme: reader.u16(), value: reader.bytes(reader.u16()) };
}
