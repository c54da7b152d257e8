/** The algorithms that OSCORE contexts may name, by their numbers in the COSE registry (RFC 8613 §3.2, RFC 8152 §10). */

import type { CipherCCMTypes, CipherGCMTypes } from "node:crypto";

/** An AEAD as `node:crypto` calls it. Lengths in bytes. */
export type Aead = Readonly<{ id: number; name: string; keyLength: number; nonceLength: number; tagLength: number }> &
  (Readonly<{ mode: "ccm"; cipher: CipherCCMTypes }> | Readonly<{ mode: "gcm"; cipher: CipherGCMTypes }>);

const ccm = (id: number, bits: 128 | 256, tagLength: 8 | 16): Aead => ({
  id,
  name: `AES-CCM-16-${tagLength * 8}-${bits}`,
  mode: "ccm",
  cipher: `aes-${bits}-ccm`,
  keyLength: bits / 8,
  nonceLength: 13,
  tagLength,
});

const gcm = (id: number, bits: 128 | 192 | 256): Aead => ({
  id,
  name: `A${bits}GCM`,
  mode: "gcm",
  cipher: `aes-${bits}-gcm`,
  keyLength: bits / 8,
  nonceLength: 12,
  tagLength: 16,
});

/** RFC 8152 §10.1 and §10.2: those whose nonce leaves room for an id of its sender. */
const AEADS: ReadonlyMap<number, Aead> = new Map(
  [gcm(1, 128), gcm(2, 192), gcm(3, 256), ccm(10, 128, 8), ccm(11, 256, 8), ccm(30, 128, 16), ccm(31, 256, 16)].map(
    (aead) => [aead.id, aead],
  ),
);

/** HKDF by its hash: named as such (-10, -11; RFC 8152 §12.1.2), or by the HMAC inside of it (5, 7; §9.1). */
const HASHES: ReadonlyMap<number, "sha256" | "sha512"> = new Map([
  [-10, "sha256"],
  [5, "sha256"],
  [-11, "sha512"],
  [7, "sha512"],
]);

/** AES-CCM-16-64-128, which every implementation has (RFC 8613 §3.2). */
export const DEFAULT_AEAD = 10;
/** HKDF SHA-256. */
export const DEFAULT_HKDF = -10;

/** @throws RangeError that names what is known. */
export function aeadOf(id: number): Aead {
  const aead = AEADS.get(id);
  if (!aead) throw new RangeError(`AEAD algorithm ${id} is not one of ${[...AEADS.keys()].join(", ")}`);
  return aead;
}

/** @throws RangeError that names what is known. */
export function hashOf(id: number): "sha256" | "sha512" {
  const hash = HASHES.get(id);
  if (!hash) throw new RangeError(`HMAC algorithm ${id} is not one of ${[...HASHES.keys()].join(", ")}`);
  return hash;
}
