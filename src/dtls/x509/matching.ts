/** Matching Type: how /0/x/4 stands for a certificate or a public key, whole or as its hash (LwM2M Transport 1.2 §5.2.9.7; RFC 6698 §2.1.3). */

import { createHash, timingSafeEqual } from "node:crypto";

/** /0/x/13. */
export type MatchingType = 0 | 1 | 2 | 3;

/** By Matching Type; the numbers of LwM2M, not those of RFC 6698. */
const HASHES = {
  1: { name: "sha256", length: 32 },
  2: { name: "sha384", length: 48 },
  3: { name: "sha512", length: 64 },
};

export function isMatchingType(value: number): value is MatchingType {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

/** Which hash /0/x/4 holds, and of how many bytes; undefined: no hash. */
export function hashOf(type: MatchingType): { readonly name: string; readonly length: number } | undefined {
  return type === 0 ? undefined : HASHES[type];
}

/** Whether `shown`, DER, is what `expected` stands for. Takes as long wherever they differ. */
export function matches(shown: Uint8Array, expected: Uint8Array, type: MatchingType): boolean {
  const hash = hashOf(type);
  const compared = hash === undefined ? shown : createHash(hash.name).update(shown).digest();
  return compared.length === expected.length && timingSafeEqual(compared, expected);
}

/** SHA-256 of a certificate or a public key, DER, in hexadecimal digits: what two people can compare. */
export function fingerprint(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}
