/** Bytes to text, strictly: what is not UTF-8 is malformed, not a question mark (RFC 3629 §3). */

import { DecodeError } from "../base/bytes.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Up to this length, joining characters is faster than a call into the decoder. */
const SHORT = 24;

/** @throws DecodeError if `bytes` from `start` to `end` are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > SHORT) return decodeStrictly(bytes, start, end);
  let text = "";
  let at = start;
  // Names and units are ASCII and short; four characters at a time cost a third of one after the other.
  for (; at + 4 <= end; at += 4) {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    if ((a | b | c | d) > 0x7f) return decodeStrictly(bytes, start, end);
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decodeStrictly(bytes, start, end);
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
