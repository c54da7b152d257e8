/** Records under AES-128-CCM-8, CCM or GCM (RFC 6655 §3, RFC 7251 §2, RFC 5288 §3). */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { CipherMode } from "../constants.ts";
import type { WriteKeys } from "../kdf.ts";
import type { WireRecord } from "../record.ts";
import type { Opener, Sealer } from "./cipher.ts";
import { beginRecord, type Frame, innerText } from "./frame.ts";
import { additionalData, openedText, type Opened } from "./text.ts";

type AeadMode = Exclude<CipherMode, "cbc">;

/** The part of the nonce that travels: epoch and sequence number of the sender, which never repeat (RFC 6655 §3). */
const EXPLICIT_LENGTH = 8;
const SALT_LENGTH = 4;
const TAG_OPTIONS = {
  "ccm-8": { authTagLength: 8 },
  ccm: { authTagLength: 16 },
  gcm: { authTagLength: 16 },
} as const;

/** What each record is in need of for the moment: done with before the next one comes. */
const nonce = new Uint8Array(SALT_LENGTH + EXPLICIT_LENGTH);
const textLength = { plaintextLength: 0 };

export class AeadSealer implements Sealer {
  readonly #mode: AeadMode;
  readonly #key: KeyObject;
  readonly #salt: Uint8Array;
  readonly #frame: Frame;

  constructor(mode: AeadMode, keys: WriteKeys, frame: Frame) {
    this.#mode = mode;
    this.#key = keys.key;
    this.#salt = saltOf(keys);
    this.#frame = frame;
  }

  maxText(record: number): number {
    return record - EXPLICIT_LENGTH - TAG_OPTIONS[this.#mode].authTagLength;
  }

  seal(type: number, sequence: number, payload: Uint8Array): Uint8Array {
    const { authTagLength } = TAG_OPTIONS[this.#mode];
    const text = innerText(this.#frame, type, payload);
    const record = beginRecord(this.#frame, type, sequence, EXPLICIT_LENGTH + text.length + authTagLength);
    const body = this.#frame.headerLength;
    nonce.set(this.#salt);
    // The explicit part: epoch and sequence number, as they stand in the header.
    for (let i = 0; i < EXPLICIT_LENGTH; i++) record[body + i] = nonce[SALT_LENGTH + i] = record[3 + i]!;
    const cipher =
      this.#mode === "gcm"
        ? createCipheriv("aes-128-gcm", this.#key, nonce, TAG_OPTIONS.gcm)
        : createCipheriv("aes-128-ccm", this.#key, nonce, TAG_OPTIONS[this.#mode]);
    textLength.plaintextLength = text.length;
    cipher.setAAD(additionalData(record.subarray(0, body), text.length), textLength);
    record.set(cipher.update(text), body + EXPLICIT_LENGTH);
    cipher.final();
    record.set(cipher.getAuthTag(), record.length - authTagLength);
    return record;
  }
}

export class AeadOpener implements Opener {
  readonly #mode: AeadMode;
  readonly #key: KeyObject;
  readonly #salt: Uint8Array;

  constructor(mode: AeadMode, keys: WriteKeys) {
    this.#mode = mode;
    this.#key = keys.key;
    this.#salt = saltOf(keys);
  }

  open({ type, header, body }: WireRecord): Opened | undefined {
    const tagAt = body.length - TAG_OPTIONS[this.#mode].authTagLength;
    const length = tagAt - EXPLICIT_LENGTH;
    if (length < 0) return undefined;
    nonce.set(this.#salt);
    for (let i = 0; i < EXPLICIT_LENGTH; i++) nonce[SALT_LENGTH + i] = body[i]!;
    const decipher =
      this.#mode === "gcm"
        ? createDecipheriv("aes-128-gcm", this.#key, nonce, TAG_OPTIONS.gcm)
        : createDecipheriv("aes-128-ccm", this.#key, nonce, TAG_OPTIONS[this.#mode]);
    textLength.plaintextLength = length;
    decipher.setAAD(additionalData(header, length), textLength).setAuthTag(body.subarray(tagAt));
    try {
      const text = decipher.update(body.subarray(EXPLICIT_LENGTH, tagAt));
      // Only now is it known whether the text may be looked at.
      decipher.final();
      return openedText(type, text);
    } catch {
      return undefined;
    }
  }
}

function saltOf({ salt }: WriteKeys): Uint8Array {
  // A shorter one would leave another association's in the nonce.
  if (salt.length !== SALT_LENGTH) throw new RangeError("keys of another suite");
  return salt;
}
