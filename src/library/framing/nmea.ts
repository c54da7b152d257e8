/** NMEA 0183: sentences of any talker, their checksum required and their fields checked. */

import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import { type Framing, type Raw, readNumber, wrongType } from "./framing.ts";
import { cellReader, lineOf } from "./text.ts";

export interface Sentence {
  /** Such as RMC: what it says, whoever talks. */
  readonly formatter: string;
  /** Part 0 is the address. */
  readonly parts: readonly string[];
}

/** The standard allows 82 characters; receivers with many digits exceed it. */
const MAX_SENTENCE = 120;
const SENTENCE = /^[$!]([A-Z]{2})([A-Z]{3})((?:,[\x20-\x7e]*)?)\*([0-9A-Fa-f]{2})$/;
/** Two-digit years from here on belong to the last century: GPS began in 1980. */
const PIVOT_YEAR = 80;

/** Undefined for the proprietary sentences of makers, which begin with P. @throws DecodeError if it is malformed. */
export function parseSentence(line: string): Sentence | undefined {
  const text = line.trim();
  if (text.length > MAX_SENTENCE) throw new DecodeError(`sentence of ${text.length} characters`);
  const star = text.lastIndexOf("*");
  if ((text[0] !== "$" && text[0] !== "!") || star < 0) throw new DecodeError("no NMEA sentence with a checksum");
  const stated = Number.parseInt(text.slice(star + 1), 16);
  let sum = 0;
  for (let i = 1; i < star; i++) sum ^= text.charCodeAt(i);
  if (!/^[0-9A-Fa-f]{2}$/.test(text.slice(star + 1)) || sum !== stated)
    throw new DecodeError(`checksum mismatch: ${sum.toString(16).toUpperCase().padStart(2, "0")} computed`);
  if (text[1] === "P") return undefined;
  const match = SENTENCE.exec(text);
  if (!match) throw new DecodeError("malformed NMEA sentence");
  return { formatter: match[2]!, parts: text.slice(1, star).split(",") };
}

export function nmeaFraming(): Framing<Sentence> {
  return {
    open: (frame) => parseSentence(lineOf(frame)),
    reader(name, spec) {
      if (!spec.nmea) return '"nmea" is missing: which part of which sentence?';
      const wrong = spec.type?.startsWith("nmea.") === true ? wrongParts(spec) : wrongType(spec, "NMEA sentences");
      if (wrong !== undefined) return wrong;
      const places = new Map(Object.entries(spec.nmea).map(([formatter, at]) => [formatter, [at].flat()]));
      const read = partReader(name, spec);
      return {
        one({ formatter, parts }) {
          const place = places.get(formatter);
          // A sentence may end early: parts were added to the standard over the years.
          return place && read(place.map((at) => parts[at] ?? ""));
        },
      };
    },
  };
}

/** How many parts a type is made of: a value and its side, or a date and a time. */
const PARTS: Readonly<Record<string, number>> = { "nmea.clock": 1, "nmea.date": 1, "nmea.mode": 1 };
const USUAL_PARTS = 2;

function wrongParts({ type, nmea = {} }: FieldSpec): string | undefined {
  if (type === undefined) return undefined;
  const wanted = PARTS[type] ?? USUAL_PARTS;
  const wrong = Object.entries(nmea).find(([, at]) => [at].flat().length !== wanted);
  return wrong && `${type} takes ${wanted} of the parts of ${wrong[0]}, not ${[wrong[1]].flat().length}`;
}

type Cells = readonly string[];

function partReader(name: string, spec: FieldSpec): (cells: Cells) => Raw {
  const special = spec.type === undefined ? undefined : NMEA_TYPES[spec.type];
  const plain = cellReader(name, spec);
  if (!special) return (cells) => plain(cells.length === 1 ? cells[0] : cells.filter((cell) => cell !== "").join(","));
  return (cells) => {
    if (cells[0] === "") return null;
    const value = special(cells);
    if (value === undefined) throw new DecodeError(`${name}: "${cells.join(",").slice(0, 40)}" is malformed`);
    return value;
  };
}

/** Undefined: not what the standard allows there. */
const NMEA_TYPES: Readonly<Record<string, ((cells: Cells) => Raw) | undefined>> = {
  "nmea.lat": ([value = "", side = ""]) => degrees(value, side, { digits: 2, limit: 90, positive: "N", negative: "S" }),
  "nmea.lon": ([value = "", side = ""]) =>
    degrees(value, side, { digits: 3, limit: 180, positive: "E", negative: "W" }),
  "nmea.clock": ([value = ""]) => clock(value)?.text,
  "nmea.date": ([value = ""]) => date(value)?.text,
  /** Seconds since 1970 UTC, from a date and a time. */
  "nmea.time": ([day = "", time = ""]) => {
    if (time === "") return null;
    const [from, to] = [date(day), clock(time)];
    return from && to && from.seconds + to.seconds;
  },
  /** A letter for each satellite system: whether any of them gives a position that was measured. */
  "nmea.mode": ([value = ""]) => (/^[A-Z]{1,6}$/.test(value) ? /[ADFPR]/.test(value) : undefined),
  "nmea.variation": ([value = "", side = ""]) => {
    const size = readNumber(value);
    if (size === undefined || size < 0 || size > 180 || (side !== "E" && side !== "W")) return undefined;
    return side === "W" ? -size : size;
  },
};

interface Axis {
  readonly digits: number;
  readonly limit: number;
  readonly positive: string;
  readonly negative: string;
}

/** `4807.038`: degrees, then minutes with decimals. */
function degrees(value: string, side: string, { digits, limit, positive, negative }: Axis): number | undefined {
  const whole = Number(value.slice(0, digits));
  const minutes = value.slice(digits);
  if (!/^\d+$/.test(value.slice(0, digits)) || !/^\d{2}(?:\.\d*)?$/.test(minutes)) return undefined;
  const size = whole + Number(minutes) / 60;
  if (Number(minutes) >= 60 || size > limit || (side !== positive && side !== negative)) return undefined;
  const rounded = Number(size.toFixed(11));
  return side === negative ? -rounded : rounded;
}

function clock(value: string): { text: string; seconds: number } | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?$/.exec(value);
  if (!match) return undefined;
  const [, h = "", m = "", s = "", fraction = ""] = match;
  // 60 is a leap second.
  if (Number(h) > 23 || Number(m) > 59 || Number(s) > 60) return undefined;
  const text = `${h}:${m}:${s}.${fraction.padEnd(3, "0").slice(0, 3)}`;
  return { text, seconds: Number(h) * 3600 + Number(m) * 60 + Number(`${s}.${fraction || "0"}`) };
}

function date(value: string): { text: string; seconds: number } | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(value);
  if (!match) return undefined;
  const [, day = "", month = "", year = ""] = match;
  const full = Number(year) + (Number(year) >= PIVOT_YEAR ? 1900 : 2000);
  const ms = Date.UTC(full, Number(month) - 1, Number(day));
  if (new Date(ms).getUTCDate() !== Number(day) || new Date(ms).getUTCMonth() + 1 !== Number(month)) return undefined;
  return { text: `${year}-${month}-${day}`, seconds: ms / 1000 };
}
