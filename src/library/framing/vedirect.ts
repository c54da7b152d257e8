/** VE.Direct text blocks of Victron battery monitors, solar chargers and inverters: a label and a value on each line. */

import { DecodeError } from "../../base/bytes.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, type Telegram } from "./keyed.ts";

/** A block has at most 22 lines of 9 + 33 characters (VE.Direct protocol); hex messages may stand between them. */
const MAX_BLOCK = 4_096;
/** Messages of the other protocol on the same line: they may come at any moment and are not part of the sum. */
const HEX_MESSAGE = /:[0-9A-F]{1,1024}\n/g;
const LAST = "\r\nChecksum\t";

/** Names are labels, such as `V` or `SER#`. */
export const vedirectFraming = (): Framing<Telegram> =>
  keyedFraming((frame) => parseBlock(bytesOf(frame, MAX_BLOCK)), "VE.Direct blocks");

/** @throws DecodeError if it is cut, changed on its way, or no block. */
export function parseBlock(bytes: Uint8Array): Telegram {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  // The last character is the checksum, which may be any, a colon among them.
  const text = whole.slice(0, -1).replaceAll(HEX_MESSAGE, "") + whole.slice(-1);
  const end = text.length - 1 - LAST.length;
  if (!text.startsWith("\r\n") || end < 0 || text.slice(end, -1) !== LAST)
    throw new DecodeError("no VE.Direct block: it ends with Checksum and one character");
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum += text.charCodeAt(i);
  if (sum % 256 !== 0) throw new DecodeError(`checksum mismatch: the bytes add up to ${sum % 256}, not to 0`);
  const telegram = new Map<string, Keyed>();
  for (const line of text.slice(2, Math.max(2, end)).split("\r\n")) readLine(line, telegram);
  return telegram;
}

function readLine(line: string, telegram: Map<string, Keyed>): void {
  if (line === "") return;
  const match = /^([A-Za-z0-9#_]{1,16})\t([\x20-\x7e]{0,40})$/.exec(line);
  if (!match) throw new DecodeError(`"${line.slice(0, 40)}" is no line of a VE.Direct block`);
  const [, label = "", value = ""] = match;
  telegram.set(label, { value: value === "" || value === "---" ? null : value });
}
