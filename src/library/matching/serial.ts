/** Whether a line, a telegram or a binary frame from a wire is of a definition. */

import type { MatchSpec } from "../definition/match.ts";
import { checkedRegExp } from "../language/names.ts";
import type { Complain } from "../source.ts";
import { lettersOf, SOME, SURE } from "./ble.ts";
import { bytesTest } from "./conditions.ts";

type SerialMatch = NonNullable<MatchSpec["serial"]>;

export interface SerialMatcher {
  text(text: string): number;
  bytes(bytes: Uint8Array): number;
  /** Its binary frames, and their first byte if it is always the same; undefined: it has none. */
  readonly binary: { readonly first: number | undefined } | undefined;
}

/** Telegrams of meters have some thousand characters; expressions may take time that grows with the square of it. */
const MAX_TEXT = 8_192;
const NEVER = () => 0;

export function compileSerial(serial: SerialMatch, complain: Complain): SerialMatcher {
  const { line, sentences } = serial;
  const test = bytesTest(serial, ["match", "serial"], complain);
  if (line === undefined && sentences === undefined && test.weight === 0)
    complain(["match", "serial"], 'matches every line: name "line" or "sentences"');
  const { weight, first } = test;
  return {
    text: textScore(serial, complain),
    bytes: weight === 0 ? NEVER : (bytes) => (test.fits(bytes) ? weight : 0),
    binary: weight > 0 ? { first } : undefined,
  };
}

function textScore({ line, sentences }: SerialMatch, complain: Complain): SerialMatcher["text"] {
  const pattern = line === undefined ? undefined : checkedRegExp(line, ["match", "serial", "line"], complain);
  const known = new Set(sentences);
  const ofLine = SURE + lettersOf(line ?? "");
  return (text) => {
    if (text.length > MAX_TEXT) return 0;
    if (pattern?.test(text.trimEnd())) return ofLine;
    const formatter = known.size === 0 ? undefined : sentenceOf(text);
    return formatter !== undefined && known.has(formatter) ? SOME : 0;
  };
}

/** What an NMEA sentence is called, whoever talks; undefined if the text is none. */
export function sentenceOf(text: string): string | undefined {
  return (text[0] === "$" || text[0] === "!") && text[6] === "," ? text.slice(3, 6) : undefined;
}
