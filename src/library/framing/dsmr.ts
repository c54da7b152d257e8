/** DSMR and ESMR P1: what a smart meter tells its house, a telegram of lines with OBIS codes. */

import { DecodeError } from "../../base/bytes.ts";
import { ARC, crc16 } from "../../base/crc16.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, type Telegram } from "./keyed.ts";

/** ESMR 5 telegrams have about 1,000 bytes; text messages may add 2,048. */
const MAX_TELEGRAM = 8_192;
const OBJECT = /^(\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3})(?:\*255)?((?:\([^()]{0,2100}\))+)$/;
const TIMESTAMP = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW])$/;
/** Says which version the telegram follows: from the fourth on they carry a checksum (P1 companion standard 4.0 §5.2). */
const VERSION = "1-3:0.2.8";

/** What stands behind the asterisk, as units are called elsewhere. */
const UNITS: Readonly<Record<string, string>> = { dm3: "l", M3: "m3", KWH: "kWh", KW: "kW" };
/** Kinds of M-Bus devices behind a meter (EN 13757-3 table 3); others keep their channel only. */
const KINDS: Readonly<Record<number, string>> = {
  ...{ 2: "electricity", 3: "gas", 4: "heat", 6: "water", 7: "water", 8: "allocator" },
  ...{ 10: "cooling", 11: "cooling", 12: "heat", 13: "heat" },
};

/** Names are OBIS codes; `gas:24.2.1` stands for the channel with such a device, `.../time` for when it was read. */
export const dsmrFraming = (): Framing<Telegram> =>
  keyedFraming((frame) => parseTelegram(bytesOf(frame, MAX_TELEGRAM)), "P1 telegrams");

/** @throws DecodeError if it is cut, changed on its way, or not a telegram. */
export function parseTelegram(bytes: Uint8Array): Telegram {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const end = /[\r\n]!([0-9A-Fa-f]{0,4})[\r\n]*$/.exec(text);
  if (text[0] !== "/" || !end) throw new DecodeError("no P1 telegram: it begins with / and ends with a line of !");
  const stated = end[1] ?? "";
  const computed = crc16(ARC, bytes, 0, end.index + 2);
  // Some meters leave out leading zeros.
  if (stated !== "" && Number.parseInt(stated, 16) !== computed)
    throw new DecodeError(`checksum mismatch: ${computed.toString(16).toUpperCase().padStart(4, "0")} computed`);
  const [header = "", ...lines] = text.slice(1, end.index).split(/\r?\n|\r/);
  const telegram = new Map<string, Keyed>([["header", { value: header }]]);
  readLines(lines, telegram, stated !== "");
  if (stated === "" && telegram.has(VERSION)) throw new DecodeError("the checksum is missing");
  nameChannels(telegram);
  return telegram;
}

function readLines(lines: readonly string[], telegram: Map<string, Keyed>, sure: boolean): void {
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? "").trim();
    if (line === "") continue;
    const match = OBJECT.exec(line);
    if (match) {
      const [, code = "", groups = ""] = match;
      const values = groups.slice(1, -1).split(")(");
      const below = lines[i + 1]?.trim() ?? "";
      const profile = values.length === 6 && below.startsWith("(");
      if (profile) i += 1;
      readObject(code, profile ? [...values, below.slice(1, -1)] : values, telegram);
    } else if (!sure) throw new DecodeError(`"${line.slice(0, 40)}" is no line of a telegram`);
  }
}

/** One value, one with its time, or the profile of version 3; logs of failures and of past months say nothing of now. */
function readObject(code: string, values: readonly string[], telegram: Map<string, Keyed>): void {
  const [first = "", second, ...rest] = values;
  if (second === undefined) telegram.set(code, keyed(first));
  else if (rest.length === 0 && /^\d{12}[SW]?$/.test(first)) {
    telegram.set(code, keyed(second));
    telegram.set(`${code}/time`, { value: localTime(first) ?? null });
  } else if (rest.length === 5) {
    // (time)(status)(period)(number)(OBIS code)(unit), and the value on the next line (P1 companion standard 3.0 §6.9).
    const [, , inner = "", unit = "", value = ""] = rest;
    telegram.set(`${code.split(":")[0] ?? ""}:${inner.replace(/^.*:/, "")}`, keyed(`${value}*${unit}`));
  }
}

/** `001581.123*kWh`, `161113205757W`, `0002` or nothing. */
function keyed(text: string): Keyed {
  if (text === "") return { value: null };
  const time = localTime(text);
  if (time !== undefined) return { value: time };
  const star = text.indexOf("*");
  if (star < 0) return { value: text };
  const unit = text.slice(star + 1);
  return { value: text.slice(0, star), unit: UNITS[unit] ?? unit };
}

/** Central European Time, S in summer and W in winter (P1 companion standard 4.0 §6.4), as UTC. Undefined if it is none. */
function localTime(text: string): string | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  // A clock that was never set begins in 1970.
  const local = Date.UTC(year < 70 ? 2000 + year : 1900 + year, month - 1, day, hour, minute, second);
  // A meter without time says 000101000000W or nonsense: days that do not exist are no time.
  const date = new Date(local);
  if (date.getUTCDate() !== day || date.getUTCMonth() + 1 !== month) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return new Date(local - (match[7] === "S" ? 7_200_000 : 3_600_000)).toISOString().replace(".000Z", "Z");
}

/** What others write instead: Fluvius tells gas as it was measured, not for 15 degrees, and 96.1.1 is the number of the device (e-MUCS P1). */
const ALSO: Readonly<Record<string, string>> = { "24.2.3": "24.2.1", "24.2.3/time": "24.2.1/time", "96.1.1": "96.1.0" };

/** `0-2:24.2.1` is gas or water as `0-2:24.1.0` says: `gas:24.2.1`, whichever channel the meter has put it on. */
function nameChannels(telegram: Map<string, Keyed>): void {
  for (const [kind, channel] of channelsOf(telegram)) {
    const own = `0-${channel}:`;
    for (const [code, value] of [...telegram]) {
      if (!code.startsWith(own)) continue;
      const name = code.slice(own.length);
      const usual = ALSO[name];
      telegram.set(`${kind}:${name}`, value);
      if (usual !== undefined && !telegram.has(own + usual)) telegram.set(`${kind}:${usual}`, value);
    }
  }
}

/** Where a device has been replaced, the old one may keep its channel: what was read last is what hangs there now. */
function channelsOf(telegram: ReadonlyMap<string, Keyed>): ReadonlyMap<string, number> {
  const channels = new Map<string, number>();
  const newest = new Map<string, string>();
  for (const channel of [1, 2, 3, 4, 5, 6]) {
    const kind = KINDS[Number(telegram.get(`0-${channel}:24.1.0`)?.value)];
    if (kind === undefined) continue;
    const read = telegram.get(`0-${channel}:24.2.1/time`) ?? telegram.get(`0-${channel}:24.2.3/time`);
    const time = typeof read?.value === "string" ? read.value : "";
    if (channels.has(kind) && time <= (newest.get(kind) ?? "")) continue;
    channels.set(kind, channel);
    newest.set(kind, time);
  }
  return channels;
}
