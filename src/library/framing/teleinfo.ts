/** Teleinfo (TIC): what French electricity meters tell their house, in the historic way at 1200 bit/s or the standard one at 9600. */

import { DecodeError } from "../../base/bytes.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, type Telegram } from "./keyed.ts";

/** A three-phase meter in the standard way says about 1,300 characters. */
const MAX_FRAME = 4_096;
const STX = "\x02";
const ETX = "\x03";
/** Label, perhaps a time, data; between and behind them a tabulator, or a space in the historic way. */
const STANDARD = /^([A-Z0-9+-]{2,9})\t(?:([EHeh ]\d{12})\t)?([\x20-\x7e]{0,98})\t$/;
const HISTORIC = /^([A-Z0-9]{2,8}) ([\x20-\x7e]{0,98}) $/;
const TIME = /^([EH])(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;

/** Names are labels, such as `PAPP` or `EASF01`; `SMAXSN/time` is when that was. */
export const teleinfoFraming = (): Framing<Telegram> =>
  keyedFraming((frame) => parseTeleinfo(bytesOf(frame, MAX_FRAME)), "Teleinfo frames");

/** @throws DecodeError if it is cut, any group of it was changed on its way, or it is none. */
export function parseTeleinfo(bytes: Uint8Array): Telegram {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (!text.startsWith(`${STX}\n`) || !text.endsWith(`\r${ETX}`))
    throw new DecodeError("no Teleinfo frame: it begins with STX and ends with ETX");
  const telegram = new Map<string, Keyed>();
  for (const group of text.slice(2, -2).split("\r\n")) readGroup(group, telegram);
  return telegram;
}

/** Each group has a checksum of its own; one that is wrong makes the frame worthless: its label may be what is wrong. */
function readGroup(group: string, telegram: Map<string, Keyed>): void {
  const isStandard = group.includes("\t");
  const [, label = "", time, data = ""] = isStandard ? (STANDARD.exec(group.slice(0, -1)) ?? []) : historic(group);
  if (label === "") throw new DecodeError(`"${group.slice(0, 40)}" is no group of a Teleinfo frame`);
  // The standard way counts the last separator, the historic one does not (Enedis-NOI-CPT_54E §5.3.6).
  const sum = sumOf(isStandard ? group.slice(0, -1) : group.slice(0, -2));
  if (sum !== group.at(-1)) throw new DecodeError(`checksum mismatch in ${label}: ${sum} computed`);
  const value = data.trim();
  telegram.set(label, { value: value === "" ? null : value });
  if (time !== undefined) telegram.set(`${label}/time`, { value: utcOf(time) });
}

/** Without a time: its place stays empty. */
function historic(group: string): readonly (string | undefined)[] {
  const [all, label, data] = HISTORIC.exec(group.slice(0, -1)) ?? [];
  return [all, label, undefined, data];
}

/** Six bits, moved to where they can be printed. */
function sumOf(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum += text.charCodeAt(i);
  return String.fromCharCode((sum & 0x3f) + 0x20);
}

/** E in summer and H in winter, as UTC; in small letters the meter's clock is not sure of itself, and a space says nothing (§6.2.1). */
function utcOf(text: string): string | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(2).map(Number);
  const local = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  if (month > 12 || new Date(local).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return null;
  return new Date(local - (match[1] === "E" ? 7_200_000 : 3_600_000)).toISOString().replace(".000Z", "Z");
}
