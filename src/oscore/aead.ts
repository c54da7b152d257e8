/** One protected text: sealed or opened with key, nonce and what must not be changed beside it (RFC 8613 §5.3, §5.4). */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { Aead } from "./algorithms.ts";
import { encodeCbor } from "./cbor.ts";

const VERSION = 1;
const NO_BYTES = new Uint8Array(0);

/** Who asked, and under which number: what ties a response to its request. */
export interface RequestId {
  readonly kid: Uint8Array;
  readonly partialIv: Uint8Array;
}

export interface Parts {
  readonly aead: Aead;
  readonly key: KeyObject;
  readonly nonce: Uint8Array;
  readonly request: RequestId;
}

/** The Enc_structure around the external_aad (§5.4). No option is of Class I. */
export function additionalData({ id }: Aead, { kid, partialIv }: RequestId): Uint8Array {
  return encodeCbor(["Encrypt0", NO_BYTES, encodeCbor([VERSION, [id], kid, partialIv, NO_BYTES])]);
}

export function seal({ aead, key, nonce, request }: Parts, plaintext: Uint8Array): Uint8Array {
  const cipher =
    aead.mode === "ccm"
      ? createCipheriv(aead.cipher, key, nonce, { authTagLength: aead.tagLength })
      : createCipheriv(aead.cipher, key, nonce, { authTagLength: aead.tagLength });
  cipher.setAAD(additionalData(aead, request), { plaintextLength: plaintext.length });
  const text = cipher.update(plaintext);
  return Buffer.concat([text, cipher.final(), cipher.getAuthTag()]);
}

/** Undefined if it is not what was sealed. */
export function open({ aead, key, nonce, request }: Parts, ciphertext: Uint8Array): Uint8Array | undefined {
  const length = ciphertext.length - aead.tagLength;
  if (length < 0) return undefined;
  const decipher =
    aead.mode === "ccm"
      ? createDecipheriv(aead.cipher, key, nonce, { authTagLength: aead.tagLength })
      : createDecipheriv(aead.cipher, key, nonce, { authTagLength: aead.tagLength });
  decipher.setAAD(additionalData(aead, request), { plaintextLength: length });
  decipher.setAuthTag(ciphertext.subarray(length));
  try {
    const text = decipher.update(ciphertext.subarray(0, length));
    return Buffer.concat([text, decipher.final()]);
  } catch {
    return undefined;
  }
}
