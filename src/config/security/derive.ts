/**
 * Keys of many endpoints from one secret, so that a server who has it as well can work out each of them.
 *
 *     key = HKDF-SHA256(secret, salt: none, info: label ‖ 00 ‖ context ‖ 00 ‖ endpoint, length)      (RFC 5869)
 *
 * All parts of `info` are UTF-8, and none of them can hold a zero byte: no two endpoints share what is put in. A key that
 * is lost gives away neither the secret nor another key; the secret gives away all of them.
 */

import { hkdfSync } from "node:crypto";
import type { Secret } from "../../base/secret.ts";

/** What a key is for: the same secret makes others for each. A number for the day when this must change. */
export type Purpose = "isthmus psk 1" | "isthmus oscore secret 1" | "isthmus oscore id 1";

export interface Derivation {
  /** Hexadecimal digits of 16 bytes at least. */
  readonly secret: Secret;
  /** Sets servers apart that share a secret: none knows the keys of another. */
  readonly context: string;
}

const NO_SALT = new Uint8Array(0);

/** `length` bytes, of one endpoint and for one purpose. */
export function derivedKey(
  { secret, context }: Derivation,
  { purpose, endpoint, length }: { purpose: Purpose; endpoint: string; length: number },
): Uint8Array {
  const info = Buffer.from(`${purpose}\0${context}\0${endpoint}`);
  return new Uint8Array(hkdfSync("sha256", Buffer.from(secret.reveal(), "hex"), NO_SALT, info, length));
}
