/** Fields of a given length in binary payloads: text, bytes as they are, packed decimals. */

import { toHex } from "../../../base/bytes.ts";
import type { Raw } from "../framing.ts";

type ReadBytes = (bytes: Uint8Array) => Raw;

/** Digits that a number holds exactly, whatever they are: fifteen. */
export const MAX_BCD_BYTES = 7;

/** Types whose `length` a definition gives. */
export const TEXTS: ReadonlyMap<string, ReadBytes> = new Map<string, ReadBytes>([
  ["ascii", ascii],
  ["utf8", utf8],
  ["hex", toHex],
  ["hex.le", (bytes) => toHex(bytes.toReversed())],
  ["bcd", (bytes) => packedDecimal(bytes)],
  ["bcd.le", (bytes) => packedDecimal(bytes.toReversed())],
]);

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Printable characters up to the first zero. */
function ascii(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  const [shown = ""] = text.split("\0");
  return shown.replaceAll(/[^\x20-\x7e]/g, "").trim();
}

/** The same in UTF-8 (RFC 3629); what is none is not available. */
function utf8(bytes: Uint8Array): Raw {
  const end = bytes.indexOf(0);
  try {
    return UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end))
      .replaceAll(/\p{Cc}/gu, "")
      .trim();
  } catch {
    return null;
  }
}

/** Two digits in each byte, the most significant first. Devices put other nibbles there when they have no value. */
function packedDecimal(bytes: Uint8Array): Raw {
  let value = 0;
  for (const byte of bytes) {
    const [tens, ones] = [byte >> 4, byte & 0x0f];
    if (tens > 9 || ones > 9) return null;
    value = value * 100 + tens * 10 + ones;
  }
  return value;
}

const SCHEMES = ["http://www.", "https://www.", "http://", "https://"];
const ENDINGS = [".com", ".org", ".edu", ".net", ".info", ".biz", ".gov"];

/** Eddystone-URL: scheme in a byte, then the address, its commonest endings in a byte each, with a slash or without. */
export function webAddress(bytes: Uint8Array): Raw {
  let text = SCHEMES[bytes[0] ?? -1];
  if (text === undefined) return null;
  for (const byte of bytes.subarray(1)) {
    if (byte < ENDINGS.length) text += `${ENDINGS[byte]!}/`;
    else if (byte < 2 * ENDINGS.length) text += ENDINGS[byte - ENDINGS.length]!;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else return null;
  }
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());

export function address(bytes: Uint8Array, reversed: boolean): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += (i > 0 ? ":" : "") + HEX[bytes[reversed ? bytes.length - 1 - i : i]!]!;
  return text;
}
