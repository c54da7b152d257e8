/**
 * A certificate, taken apart and not yet believed (RFC 5280 §4.1).
 *
 *     SEQUENCE { toBeSigned, signatureAlgorithm, signature }
 *     toBeSigned = SEQUENCE { [0] version, serial, signatureAlgorithm, issuer, validity, subject, publicKey, [3] extensions }
 */

import { DecodeError, sameBytes } from "../../base/bytes.ts";
import { DerReader, Tag, constructed, instant, only, primitive, smallNumber, wholeBytes } from "./der.ts";
import { type Extensions, decodeExtensions } from "./extensions.ts";
import { commonNameOf } from "./directory-name.ts";

/** Views of `der`, where they are bytes. */
export interface Certificate {
  readonly der: Uint8Array;
  /** What the signature is over. */
  readonly toBeSigned: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** DER: names are the same if their bytes are (RFC 5280 §7.1). */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The most specific ones of the subject and of the issuer. */
  readonly commonName: string | undefined;
  readonly issuerName: string | undefined;
  /** Milliseconds since 1970 UTC; Infinity: it has no end. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** DER of the AlgorithmIdentifier. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
}

/** Longer ones come from nobody who wants to be understood; a handshake message is no longer either. */
export const MAX_CERTIFICATE = 16_384;

/** @throws DecodeError unless `der` is one certificate and nothing else. */
export function decodeCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE) throw new DecodeError(`a certificate of ${der.length} bytes`);
  const outer = new DerReader(only(der, Tag.Sequence, "certificate").content);
  const body = outer.take(Tag.Sequence, "body of a certificate");
  const { whole: signatureAlgorithm } = outer.take(Tag.Sequence, "signature algorithm");
  const signature = wholeBytes(outer.take(Tag.BitString, "signature"));
  outer.end("signature");
  const fields = decodeBody(body.content);
  // Only the inner one is signed (RFC 5280 §4.1.1.2).
  if (!sameBytes(fields.signatureAlgorithm, signatureAlgorithm))
    throw new DecodeError("a certificate with two signature algorithms");
  return { ...fields, der, toBeSigned: body.whole, signature };
}

function decodeBody(body: Uint8Array): Omit<Certificate, "der" | "toBeSigned" | "signature"> {
  const reader = new DerReader(body);
  const version = decodeVersion(reader.optional(constructed(0))?.content);
  const serial = reader.take(Tag.Integer, "serial number").content;
  if (serial.length === 0 || serial.length > 32) throw new DecodeError("no serial number");
  const { whole: signatureAlgorithm } = reader.take(Tag.Sequence, "signature algorithm");
  const { whole: issuer } = reader.take(Tag.Sequence, "issuer");
  const validity = new DerReader(reader.take(Tag.Sequence, "validity").content);
  const [validFrom, validUntil] = [instant(validity.next()), instant(validity.next())];
  validity.end("validity");
  const { whole: subject } = reader.take(Tag.Sequence, "subject");
  const { whole: publicKey } = reader.take(Tag.Sequence, "public key");
  // Unique identifiers of issuer and subject: nobody uses them (RFC 5280 §4.1.2.8).
  reader.optional(primitive(1));
  reader.optional(primitive(2));
  const extensions = reader.optional(constructed(3))?.content;
  reader.end("list of extensions");
  if (extensions !== undefined && version !== 3) throw new DecodeError(`extensions in version ${version}`);
  return {
    version,
    issuer,
    subject,
    commonName: commonNameOf(subject),
    issuerName: commonNameOf(issuer),
    validFrom,
    validUntil,
    publicKey,
    signatureAlgorithm,
    extensions: decodeExtensions(extensions),
  };
}

function decodeVersion(content: Uint8Array | undefined): 1 | 2 | 3 {
  if (content === undefined) return 1;
  const version = smallNumber(only(content, Tag.Integer, "version"));
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw new DecodeError(`certificate version ${version + 1}`);
}

/** For words that people read: its common name, quoted and without anything that does not print. */
export function titleOf({ commonName }: Pick<Certificate, "commonName">): string {
  return commonName === undefined ? "a certificate without a name" : `certificate "${printable(commonName)}"`;
}

/** Text of strangers, fit for a log: printable, and no longer than a line bears. */
export function printable(text: string): string {
  const clean = text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "?").replaceAll('"', "'");
  return clean.length > 64 ? `${clean.slice(0, 63)}…` : clean;
}
