/** Where telegrams of DSMR, D0, SML, M-Bus, VE.Direct and Teleinfo begin and end; whether they are sound is the library's business. */

import { beginsWith, type Find, indexOf, toStart } from "./cutter.ts";

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const LINE_FEED = 0x0a;

const SLASH = latin1("/");
const LAST_LINE = latin1("\n!");
const NEXT_TELEGRAM = latin1("\n/");

/** From a slash to the end of the line that begins with an exclamation mark. */
export const findDsmr: Find = (bytes) => {
  const before = toStart(bytes, SLASH);
  if (before) return before;
  const last = indexOf(bytes, LAST_LINE);
  const next = indexOf(bytes, NEXT_TELEGRAM);
  // Another one begins before this one has ended: its end was lost.
  if (next >= 0 && (last < 0 || next < last)) return { drop: next + 1 };
  const end = last < 0 ? -1 : bytes.indexOf(LINE_FEED, last + 1);
  return end < 0 ? undefined : { take: end + 1 };
};

const START_OF_TEXT = Uint8Array.of(2);
const END_OF_TEXT = Uint8Array.of(3);

/** As DSMR; what was asked for stands between STX and ETX, and a checksum of one character behind that. */
export const findD0: Find = (bytes) => {
  const before = toStart(bytes, SLASH);
  if (before) return before;
  const stx = indexOf(bytes, START_OF_TEXT);
  const last = indexOf(bytes, LAST_LINE);
  if (stx < 0 || (last >= 0 && last < stx)) return findDsmr(bytes);
  const end = indexOf(bytes, END_OF_TEXT, stx);
  const next = indexOf(bytes, NEXT_TELEGRAM, stx);
  if (next >= 0 && (end < 0 || next < end)) return { drop: next + 1 };
  return end < 0 || bytes.length < end + 2 ? undefined : { take: end + 2 };
};

/** From STX to ETX; one that is broken off ends with EOT, or with the STX of the next. */
export const findTeleinfo: Find = (bytes) => {
  const before = toStart(bytes, START_OF_TEXT);
  if (before) return before;
  const end = indexOf(bytes, END_OF_TEXT);
  const next = indexOf(bytes, START_OF_TEXT, 1);
  if (next >= 0 && (end < 0 || next < end)) return { drop: next };
  return end < 0 ? undefined : { take: end + 1 };
};

const ESCAPE = Uint8Array.of(0x1b, 0x1b, 0x1b, 0x1b);
const SML_START = Uint8Array.of(0x1b, 0x1b, 0x1b, 0x1b, 1, 1, 1, 1);
const END = 0x1a;
const NEW_START = 1;

/** From one escape to the other; four bytes 1B of data are doubled. */
export const findSml: Find = (bytes) => {
  if (!beginsWith(bytes, SML_START)) return toStart(bytes, SML_START, 1) ?? { drop: 1 };
  for (let at = indexOf(bytes, ESCAPE, SML_START.length); at >= 0; ) {
    const what = bytes[at + 4];
    if (what === undefined) return undefined;
    if (what === END && at % 4 === 0) return bytes.length >= at + 8 ? { take: at + 8 } : undefined;
    if (what === NEW_START && beginsWith(bytes.subarray(at), SML_START)) return { drop: at };
    const doubled = bytes.length >= at + 8 && beginsWith(bytes.subarray(at + 4), ESCAPE);
    at = indexOf(bytes, ESCAPE, at + (doubled ? 8 : 1));
  }
  return undefined;
};

const LONG = 0x68;
const STOP = 0x16;

/** 68 L L 68, L bytes, the sum, 16. Single characters and short frames hold no values. */
export const findMbus: Find = (bytes) => {
  const at = bytes.indexOf(LONG);
  if (at !== 0) return { drop: at < 0 ? bytes.length : at };
  const [, length, again, second] = bytes;
  if (again !== undefined && again !== length) return { drop: 1 };
  if (second === undefined) return undefined;
  if (second !== LONG || length === undefined || length < 3) return { drop: 1 };
  if (bytes.length < length + 6) return undefined;
  return bytes[length + 5] === STOP ? { take: length + 6 } : { drop: 1 };
};

const LINE = latin1("\r\n");
const FIRST = latin1("\r\nPID\t");
const CHECKSUM = latin1("\r\nChecksum\t");

/** From a line break to the one character behind `Checksum`. What is heard before the first whole block is none. */
export function findVedirect(): Find {
  let whole = false;
  return (bytes) => {
    const start = whole ? LINE : FIRST;
    if (!beginsWith(bytes, start)) return toStart(bytes, start, 1) ?? { drop: 1 };
    const last = indexOf(bytes, CHECKSUM);
    if (last < 0 || bytes.length <= last + CHECKSUM.length) return undefined;
    whole = true;
    return { take: last + CHECKSUM.length + 1 };
  };
}
