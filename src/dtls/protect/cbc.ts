/** Records under AES-128-CBC with HMAC-SHA256, encrypted first and then authenticated (RFC 7366 §3): the only order we speak. */

import { createCipheriv, createDecipheriv, createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Random } from "../../base/random.ts";
import type { WriteKeys } from "../kdf.ts";
import type { WireRecord } from "../record.ts";
import type { Opener, Sealer } from "./cipher.ts";
import { beginRecord, type Frame, innerText } from "./frame.ts";
import { additionalData, openedText, type Opened } from "./text.ts";

const BLOCK = 16;
const MAC_LENGTH = 32;

export class CbcSealer implements Sealer {
  readonly #key: KeyObject;
  readonly #macKey: KeyObject;
  readonly #frame: Frame;
  readonly #random: Random;

  constructor(keys: WriteKeys, frame: Frame, random: Random) {
    this.#key = keys.key;
    this.#macKey = macKeyOf(keys);
    this.#frame = frame;
    this.#random = random;
  }

  maxText(body: number): number {
    const blocks = Math.floor((body - BLOCK - MAC_LENGTH) / BLOCK);
    return blocks * BLOCK - 1;
  }

  seal(type: number, sequence: number, payload: Uint8Array): Uint8Array {
    const text = innerText(this.#frame, type, payload);
    // 1 to 16 bytes of padding, each of them the number of those before it (RFC 5246 §6.2.3.2).
    const padding = BLOCK - (text.length % BLOCK);
    const padded = new Uint8Array(text.length + padding).fill(padding - 1, text.length);
    padded.set(text);
    const covered = BLOCK + padded.length;
    const record = beginRecord(this.#frame, type, sequence, covered + MAC_LENGTH);
    const body = record.subarray(this.#frame.headerLength);
    // Not to be foreseen by whoever chooses the text (RFC 5246 §6.2.3.2).
    const iv = this.#random.bytes(BLOCK);
    body.set(iv);
    body.set(createCipheriv("aes-128-cbc", this.#key, iv).setAutoPadding(false).update(padded), BLOCK);
    const header = record.subarray(0, this.#frame.headerLength);
    body.set(macOf(this.#macKey, header, body.subarray(0, covered)), covered);
    return record;
  }
}

export class CbcOpener implements Opener {
  readonly #key: KeyObject;
  readonly #macKey: KeyObject;

  constructor(keys: WriteKeys) {
    this.#key = keys.key;
    this.#macKey = macKeyOf(keys);
  }

  open({ type, header, body }: WireRecord): Opened | undefined {
    const covered = body.length - MAC_LENGTH;
    if (covered < 2 * BLOCK || covered % BLOCK !== 0) return undefined;
    const mac = macOf(this.#macKey, header, body.subarray(0, covered));
    if (!timingSafeEqual(mac, body.subarray(covered))) return undefined;
    const decipher = createDecipheriv("aes-128-cbc", this.#key, body.subarray(0, BLOCK)).setAutoPadding(false);
    const text = withoutPadding(decipher.update(body.subarray(BLOCK, covered)));
    return text && openedText(type, text);
  }
}

/** Over the numbers of the record, the IV and the ciphertext (RFC 7366 §3; RFC 9146 §5.2 with a Connection ID). */
function macOf(key: KeyObject, header: Uint8Array, covered: Uint8Array): Buffer {
  return createHmac("sha256", key).update(additionalData(header, covered.length)).update(covered).digest();
}

/** Authentic by now: what is wrong here tells nothing to anybody but the peer itself. */
function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  const padding = padded[padded.length - 1]!;
  const end = padded.length - 1 - padding;
  if (end < 0) return undefined;
  for (let i = end; i < padded.length; i++) if (padded[i] !== padding) return undefined;
  return padded.subarray(0, end);
}

function macKeyOf(keys: WriteKeys): KeyObject {
  if (!keys.macKey) throw new RangeError("keys of another suite");
  return keys.macKey;
}
