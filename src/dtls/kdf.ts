/** Secrets from secrets: the pseudorandom function of TLS 1.2 and what is derived with it (RFC 5246 §5, §6.3, §8.1). */

import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { Suite } from "./constants.ts";

const RANDOM_LENGTH = 32;
const MASTER_LENGTH = 48;
const VERIFY_LENGTH = 12;
/** AES-128. */
const KEY_LENGTH = 16;
/** HMAC-SHA256 (RFC 5487 §3.1). */
const MAC_KEY_LENGTH = 32;
/** The half of an AEAD nonce that stays secret (RFC 5288 §3, RFC 6655 §3). */
const SALT_LENGTH = 4;

/** What one end writes with. */
export interface WriteKeys {
  readonly key: KeyObject;
  /** The implicit part of the nonce, 4 bytes; empty with `cbc`, which has its IV in each record. */
  readonly salt: Uint8Array;
  /** Only with `cbc`. */
  readonly macKey: KeyObject | undefined;
}

/** RFC 5246 §6.3. */
export interface KeyBlock {
  readonly client: WriteKeys;
  readonly server: WriteKeys;
}

/** P_SHA256 of RFC 5246 §5, `length` bytes of it: every suite we speak uses SHA-256. */
export function prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const key = createSecretKey(secret);
  const labelled = Buffer.concat([Buffer.from(label, "latin1"), seed]);
  const output = new Uint8Array(length);
  let a = hmac(key, labelled);
  for (let at = 0; at < length; ) {
    const block = hmac(key, a, labelled).subarray(0, length - at);
    output.set(block, at);
    at += block.length;
    if (at < length) a = hmac(key, a);
  }
  return output;
}

function hmac(key: KeyObject, first: Uint8Array, second?: Uint8Array): Buffer {
  const mac = createHmac("sha256", key).update(first);
  return (second ? mac.update(second) : mac).digest();
}

/** RFC 5246 §8.1: 48 bytes. */
export function masterSecret(preMaster: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Uint8Array {
  return prf(preMaster, "master secret", randoms(clientRandom, serverRandom), MASTER_LENGTH);
}

/** RFC 7627 §4: bound to the handshake up to and including ClientKeyExchange, so that no two sessions share it. */
export function extendedMasterSecret(preMaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  return prf(preMaster, "extended master secret", sessionHash, MASTER_LENGTH);
}

/** The keys of a session, in the order of RFC 5246 §6.3. */
export function keyBlock(
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  suite: Pick<Suite, "cipher">,
): KeyBlock {
  const cbc = suite.cipher === "cbc";
  const macLength = cbc ? MAC_KEY_LENGTH : 0;
  const saltLength = cbc ? 0 : SALT_LENGTH;
  // The server's random comes first here, and only here.
  const seed = randoms(serverRandom, clientRandom);
  const block = prf(master, "key expansion", seed, 2 * (macLength + KEY_LENGTH + saltLength));
  const keysOf = (end: 0 | 1): WriteKeys => {
    const part = (before: number, length: number) => block.subarray(before + end * length, before + (end + 1) * length);
    return {
      key: createSecretKey(part(2 * macLength, KEY_LENGTH)),
      salt: part(2 * (macLength + KEY_LENGTH), saltLength).slice(),
      macKey: cbc ? createSecretKey(part(0, macLength)) : undefined,
    };
  };
  const keys = { client: keysOf(0), server: keysOf(1) };
  block.fill(0);
  return keys;
}

function randoms(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length !== RANDOM_LENGTH || second.length !== RANDOM_LENGTH) throw new RangeError("a random has 32 bytes");
  return Buffer.concat([first, second]);
}

export type FinishedLabel = "client finished" | "server finished";

/** What a Finished proves: 12 bytes over the hash of all that was said before it (RFC 5246 §7.4.9). */
export function verifyData(master: Uint8Array, label: FinishedLabel, transcriptHash: Uint8Array): Uint8Array {
  return prf(master, label, transcriptHash, VERIFY_LENGTH);
}

/**
 * The premaster secret of a pre-shared key: `other`, the key, each with its length before it. `other` is the ECDH
 * secret (RFC 5489 §2), or without one as many zeros as the key has bytes (RFC 4279 §2).
 */
export function pskPreMaster(key: KeyObject, other?: Uint8Array): Uint8Array {
  const psk = key.export();
  const first = other ?? new Uint8Array(psk.length);
  const preMaster = new Uint8Array(4 + first.length + psk.length);
  const view = new DataView(preMaster.buffer);
  view.setUint16(0, first.length);
  preMaster.set(first, 2);
  view.setUint16(2 + first.length, psk.length);
  preMaster.set(psk, 4 + first.length);
  psk.fill(0);
  return preMaster;
}
