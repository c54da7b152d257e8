/** What both ends of OSCORE derive from their common secret: keys, and the nonces that go with them (RFC 8613 §3, §5.2). */

import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { type Aead, aeadOf, DEFAULT_AEAD, DEFAULT_HKDF, hashOf } from "./algorithms.ts";
import { encodeCbor } from "./cbor.ts";

/** What both ends were given (RFC 8613 §3.2). */
export interface OscoreSecrets {
  readonly masterSecret: KeyObject;
  readonly masterSalt?: Uint8Array;
  /** Ours, 0 to 7 bytes with the usual algorithm; may be empty. */
  readonly senderId: Uint8Array;
  /** The peer's. */
  readonly recipientId: Uint8Array;
  readonly idContext?: Uint8Array;
  /** By their COSE numbers; AES-CCM-16-64-128 and HKDF SHA-256 unless said otherwise. */
  readonly aead?: number;
  readonly hkdf?: number;
}

/** The parts of a Security Context that never change. */
export interface Context {
  readonly aead: Aead;
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
  readonly idContext: Uint8Array | undefined;
  readonly senderKey: KeyObject;
  readonly recipientKey: KeyObject;
  readonly commonIv: Uint8Array;
}

/** Numbers of messages: up to five bytes (RFC 8613 §5). */
export const MAX_SEQUENCE = 2 ** 40 - 1;
const PIV_LENGTH = 5;
/** Of a nonce: five bytes of number, and one for the length of the id. */
const NONCE_REST = PIV_LENGTH + 1;
const NOTHING = new Uint8Array(0);

/** @throws RangeError on ids that are too long or the same, and on algorithms that are not known. */
export function deriveContext(secrets: OscoreSecrets): Context {
  const { masterSecret, masterSalt = NOTHING, senderId, recipientId, idContext } = secrets;
  const aead = aeadOf(secrets.aead ?? DEFAULT_AEAD);
  const hash = hashOf(secrets.hkdf ?? DEFAULT_HKDF);
  const longest = aead.nonceLength - NONCE_REST;
  if (senderId.length > longest || recipientId.length > longest)
    throw new RangeError(`Sender ID and Recipient ID may have ${longest} bytes at most with ${aead.name}`);
  // With one id for both, both would use the same nonces under the same key (§3.3).
  if (Buffer.compare(senderId, recipientId) === 0) throw new RangeError("Sender ID and Recipient ID are the same");
  // §3.2.1
  const derive = (id: Uint8Array, type: "Key" | "IV", length: number) => {
    const info = encodeCbor([id, idContext ?? null, aead.id, type, length]);
    return new Uint8Array(hkdfSync(hash, masterSecret, masterSalt, info, length));
  };
  return {
    aead,
    senderId,
    recipientId,
    idContext,
    senderKey: createSecretKey(derive(senderId, "Key", aead.keyLength)),
    recipientKey: createSecretKey(derive(recipientId, "Key", aead.keyLength)),
    commonIv: derive(NOTHING, "IV", aead.nonceLength),
  };
}

/** The nonce of the message that the end with this id gave this number (RFC 8613 §5.2). */
export function nonceOf({ commonIv }: Context, id: Uint8Array, partialIv: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(commonIv.length);
  nonce[0] = id.length;
  nonce.set(id, nonce.length - PIV_LENGTH - id.length);
  nonce.set(partialIv, nonce.length - partialIv.length);
  for (let i = 0; i < nonce.length; i++) nonce[i]! ^= commonIv[i]!;
  return nonce;
}

/** The number as it travels: in the shortest form, zero as one byte (RFC 8613 §6.1). */
export function partialIvOf(sequence: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = sequence; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes.length === 0 ? [0] : bytes);
}

export function sequenceOf(partialIv: Uint8Array): number {
  return partialIv.reduce((sequence, byte) => sequence * 256 + byte, 0);
}
