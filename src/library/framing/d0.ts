/** IEC 62056-21 (D0): the readout of an electricity meter in letters, sent by itself (mode D) or when it is asked (mode A to C). */

import { DecodeError } from "../../base/bytes.ts";
import type { Framing } from "./framing.ts";
import { bytesOf, type Keyed, keyedFraming, type Telegram } from "./keyed.ts";

/** Readouts with the values of a year have some thousand characters. */
const MAX_READOUT = 8_192;
/** `1-0:1.8.0*255(00001013.0368091*kWh)`, `1.8.0(123.4*kWh)`, `F.F(00)`; `*02` or `&02` is a value of an earlier month. */
const LINE =
  /^(?:(\d{1,3}-\d{1,3}):)?([0-9A-Z]{1,3}(?:\.[0-9A-Z]{1,3}){1,2})(?:[*&](\d{1,3}))?\(([^()]{0,128})\)(?:\([^()]{0,128}\))*$/;
const STX = "\x02";
const ETX = "\x03";
/** "No previous value": what stands there is of now (IEC 62056-61 Annex). */
const NOW = "255";
/** The medium electricity: its codes are named without it. */
const ELECTRICITY = /^1-\d{1,3}$/;

/** Names are codes without medium and channel, such as `1.8.0`, or with those of other media, such as `0-0:96.1.0`. */
export const d0Framing = (): Framing<Telegram> =>
  keyedFraming((frame) => parseReadout(bytesOf(frame, MAX_READOUT)), "D0 readouts");

/** @throws DecodeError if it is cut, changed on its way as far as that shows, or no readout. */
export function parseReadout(bytes: Uint8Array): Telegram {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const header = /^\/([\x20-\x7e]{4,40})\r?\n/.exec(text);
  if (!header) throw new DecodeError("no D0 readout: it begins with / and the name of a meter");
  const data = dataOf(text.slice(header[0].length));
  const readout = new Map<string, Keyed>([["header", { value: (header[1] ?? "").trim() }]]);
  for (const line of data.split("\n")) readLine(line.trim(), readout);
  if (readout.size < 2) throw new DecodeError("a D0 readout without values");
  return readout;
}

/** What stands before the line of `!`; between STX and ETX a sum of the characters protects it (IEC 62056-21 §6.3.4). */
function dataOf(rest: string): string {
  if (!rest.startsWith(STX)) {
    const end = /(?:^|\n)!\r?\n?$/.exec(rest);
    if (!end) throw new DecodeError("the D0 readout has no end: a line of !");
    return rest.slice(0, end.index);
  }
  const end = rest.indexOf(ETX);
  if (end < 0 || rest.length !== end + 2) throw new DecodeError("the D0 readout has no checksum");
  let sum = 0;
  for (let i = 1; i <= end; i++) sum ^= rest.charCodeAt(i);
  const stated = rest.charCodeAt(end + 1);
  if (sum !== stated) throw new DecodeError(`checksum mismatch: ${sum.toString(16).padStart(2, "0")} computed`);
  const data = /^([^!]*)(?:^|\n)!\r?\n$/.exec(rest.slice(1, end));
  if (!data) throw new DecodeError("the D0 readout has no end: a line of !");
  return data[1] ?? "";
}

/** Without a checksum, form is all that a reader has: what is no line makes the whole readout worthless. */
function readLine(line: string, readout: Map<string, Keyed>): void {
  if (line === "") return;
  const match = LINE.exec(line);
  if (!match) throw new DecodeError(`"${line.slice(0, 40)}" is no line of a D0 readout`);
  const [, medium = "1-0", code = "", period = NOW, value = ""] = match;
  const channel = ELECTRICITY.test(medium) ? "" : `${medium}:`;
  // Some meters write 255 for the last group of a code as well.
  const name = channel + code.replace(/\.255$/, ".0") + (period === NOW ? "" : `*${Number(period)}`);
  if (readout.has(name)) throw new DecodeError(`${name} stands there twice`);
  readout.set(name, keyed(value));
}

/** `00001013.0368091*kWh`, `82` or nothing; some write a comma. */
function keyed(text: string): Keyed {
  const [value = "", unit] = text.split("*");
  if (value === "") return { value: null };
  const plain = /^[-+]?\d+,\d+$/.test(value) ? value.replace(",", ".") : value;
  return unit === undefined ? { value: plain } : { value: plain, unit: UNITS[unit.toLowerCase()] ?? unit };
}

/** Makers do not agree on capitals. */
const UNITS: Readonly<Record<string, string>> = {
  ...{ kwh: "kWh", wh: "Wh", kw: "kW", w: "W", v: "V", a: "A", hz: "Hz" },
  ...{ kvarh: "kvarh", varh: "varh", kvar: "kvar", var: "var", va: "VA", kva: "kVA", m3: "m3" },
};
