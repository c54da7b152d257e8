/** Signatures under certificates: which are strong enough, and whether one is the issuer's (RFC 5280 §6.1.3 (a)(1)). */

import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { DecodeError } from "../../base/bytes.ts";
import type { Certificate } from "./certificate.ts";
import { constructed, DerReader, objectIdentifier, only, Tag } from "./der.ts";

interface Algorithm {
  /** As `asymmetricKeyType` has it. */
  readonly key: "ec" | "rsa" | "ed25519";
  readonly hash: string | null;
  readonly pss?: boolean;
}

/** What is not here is too weak, such as all with SHA-1 (RFC 9155 §2), or nothing that OpenSSL verifies. */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  "1.2.840.10045.4.3.2": { key: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { key: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { key: "ec", hash: "sha512" },
  "1.2.840.113549.1.1.11": { key: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { key: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { key: "rsa", hash: "sha512" },
  "1.3.101.112": { key: "ed25519", hash: null },
};
const RSA_PSS = "1.2.840.113549.1.1.10";
/** The hashes that PSS names in its parameters (RFC 4055 §2.1); SHA-1, which it means by silence, is none of them. */
const PSS_HASHES: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

const STRONG_CURVES: readonly (string | undefined)[] = ["prime256v1", "secp384r1", "secp521r1"];
const STRONG_MODULUS = 2_048;
/** Longer ones, or with exponents that nobody chooses, only take time: seconds, of whoever listens to a stranger. */
const LONGEST_MODULUS = 8_192;
const LARGEST_EXPONENT = 0xffff_ffffn;

/** A key takes longer to open than a signature to verify: each is opened once, as long as its certificate is held. */
const keys = new WeakMap<Certificate, KeyObject | null>();

/** The certificate's key; undefined if it is none. */
export function keyOf(certificate: Certificate): KeyObject | undefined {
  let key = keys.get(certificate);
  if (key === undefined) {
    key = opened(certificate.publicKey);
    keys.set(certificate, key);
  }
  return key ?? undefined;
}

/** Whether the signature is of a kind that is believed. */
export function isStrong(certificate: Certificate): boolean {
  return algorithmOf(certificate.signatureAlgorithm) !== undefined;
}

/** Whether the issuer's key made the signature, and both are strong. Never throws. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const algorithm = algorithmOf(certificate.signatureAlgorithm);
  const key = keyOf(issuer);
  if (algorithm === undefined || key?.asymmetricKeyType !== algorithm.key || !isStrongKey(key)) return false;
  const padding = algorithm.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : {};
  try {
    return verify(algorithm.hash, certificate.toBeSigned, { key, ...padding }, certificate.signature);
  } catch {
    return false;
  }
}

function isStrongKey({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (asymmetricKeyType === "rsa") {
    const { modulusLength = 0, publicExponent = 0n } = details ?? {};
    return modulusLength >= STRONG_MODULUS && modulusLength <= LONGEST_MODULUS && publicExponent <= LARGEST_EXPONENT;
  }
  // A curve given by its parameters has no name, and may be anything.
  return asymmetricKeyType === "ed25519" || STRONG_CURVES.includes(details?.namedCurve);
}

function algorithmOf(identifier: Uint8Array): Algorithm | undefined {
  try {
    const reader = new DerReader(only(identifier, Tag.Sequence, "algorithm").content);
    const id = objectIdentifier(reader.take(Tag.ObjectIdentifier, "algorithm"));
    return id === RSA_PSS ? pssOf(reader) : ALGORITHMS[id];
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function pssOf(reader: DerReader): Algorithm | undefined {
  const parameters = new DerReader(reader.take(Tag.Sequence, "parameters").content);
  const hash = new DerReader(parameters.take(constructed(0), "hash").content);
  const named = new DerReader(hash.take(Tag.Sequence, "hash").content);
  const name = PSS_HASHES[objectIdentifier(named.take(Tag.ObjectIdentifier, "hash"))];
  return name === undefined ? undefined : { key: "rsa", hash: name, pss: true };
}

function opened(spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
