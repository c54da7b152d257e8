/** What the other end says without protection about what it could not open, in words for whoever installs it (RFC 8613 §8.2). */

import { Code, codeText, type Message } from "../coap/index.ts";

/** Of what it says itself: short, and without what a terminal would obey. */
const MAX_SAID = 64;

/**
 * The answer as it is handed up. Whatever it says of LwM2M anybody can have said, so it is none but 4.01: no reason for
 * an older version, or for giving a registration up as unknown.
 */
export function complaintOf(outer: Message): Message {
  const said = new TextDecoder()
    .decode(outer.payload.subarray(0, MAX_SAID))
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  const text = `OSCORE is refused there, ${causeOf(outer.code, said)} (${codeText(outer.code)}${said ? ` ${said}` : ""})`;
  return { ...outer, code: Code.Unauthorized, options: [], payload: new TextEncoder().encode(text) };
}

function causeOf(code: number, said: string): string {
  if (code === Code.BadRequest) return "as where the master secret or its salt is another";
  if (code === Code.BadOption) return "as where another OSCORE is spoken";
  if (code === Code.Unauthorized && /replay/i.test(said)) return "as where our numbers were heard before";
  if (code === Code.Unauthorized) return "as where our Sender ID or the ID context is not known";
  return "without a reason of its own";
}
