/** The arguments of Execute (LwM2M Core 1.1 §6.3.5). */

import type { Argument } from "../handlers.ts";

/** A digit, perhaps with a quoted text of printable ASCII without blank, `"`, `'` and `\`. */
const ARGUMENT = /^[0-9](?:='[!#-&(-[\]-~]*')?$/;
const MAX_LENGTH = 4_096;

export interface Arguments {
  /** As they came. */
  readonly text: string;
  readonly list: readonly Argument[];
}

const NO_ARGUMENTS: Arguments = { text: "", list: [] };

/** Undefined if they are malformed: `0='on',1` is well-formed. The grammar lets a number come twice. */
export function parseArguments(payload: Uint8Array): Arguments | undefined {
  if (payload.length === 0) return NO_ARGUMENTS;
  if (payload.length > MAX_LENGTH) return undefined;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1");
  const list: Argument[] = [];
  for (const argument of split(text)) {
    if (!ARGUMENT.test(argument)) return undefined;
    const id = Number(argument[0]);
    list.push(argument.length === 1 ? { id } : { id, value: argument.slice(3, -1) });
  }
  return { text, list };
}

/** At commas outside quotes: a comma is a legal character of a text. */
function split(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "'") quoted = !quoted;
    if (text[i] !== "," || quoted) continue;
    found.push(text.slice(start, i));
    start = i + 1;
  }
  return [...found, text.slice(start)];
}
