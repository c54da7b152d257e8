/** Bytes to text, strictly: what is not UTF-8 is malformed, not a question mark (RFC 3629 §3). */

import { DecodeError } from "../base/bytes.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Up to this length, joining characters is faster than a call into the decoder. */
const SHORT = 24;

/** @throws DecodeError if `bytes` from `start` to `end` are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > SHORT) return decodeStrictly(bytes, start, end);
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decodeStrictly(bytes, start, end);
    // One at a time, which the engine turns into a look-up; several at once are a call.
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeStrictly(bytes: Uint8Array, start: number, end: number): string {
  try {
    return STRICT.decode(bytes.subarray(start, end));
  } catch {
    throw new DecodeError(`text is not UTF-8 from byte ${start} on`);
  }
}
