/** Execute (LwM2M Core 1.1 §6.3.5). */

import type { Outcome } from "../../base/outcome.ts";
import { Code, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { Format } from "../../content/index.ts";
import type { Path } from "../../model/path.ts";
import { instanceOf, type View } from "../view.ts";

/** One argument: a digit, perhaps with a quoted text of printable ASCII without blank, `"`, `'` and `\` (§6.3.5). */
const ARGUMENT = /^[0-9](?:='[!#-&(-[\]-~]*')?$/;
const MAX_ARGUMENTS_LENGTH = 1_024;

export function execute(view: View, where: Path, request: IncomingRequest): Reply | Promise<Reply> {
  if (!view.has(instanceOf(where))) return { code: Code.NotFound };
  const action = view.server.action(where);
  const handler = view.tree.executeHandler(where);
  const model = view.resource(where);
  if (action === undefined && handler === undefined)
    return model === undefined ? { code: Code.NotFound } : { code: Code.MethodNotAllowed };
  if (request.format !== undefined && request.format !== Format.Text) return { code: Code.UnsupportedContentFormat };

  const args = parseArguments(request.payload);
  if (args === undefined) return { code: Code.BadRequest, diagnostic: "malformed arguments" };
  if (action !== undefined) {
    action();
    return { code: Code.Changed };
  }
  return handler!(where, args, request.signal).then(outcomeReply);
}

/** The argument list as text if it is well-formed: `0='on',1`. Each digit at most once. */
export function parseArguments(payload: Uint8Array): string | undefined {
  if (payload.length === 0) return "";
  if (payload.length > MAX_ARGUMENTS_LENGTH) return undefined;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1");
  const digits = new Set<string>();
  for (const argument of splitArguments(text)) {
    if (!ARGUMENT.test(argument) || digits.has(argument[0]!)) return undefined;
    digits.add(argument[0]!);
  }
  return text;
}

/** How a device's answer to a command becomes an answer to the server. */
export function outcomeReply(outcome: Outcome): Reply {
  switch (outcome.status) {
    case "done":
      return { code: Code.Changed };
    case "rejected":
      return { code: Code.BadRequest, diagnostic: outcome.reason };
    case "timeout":
      return { code: Code.GatewayTimeout, diagnostic: "no answer from the device" };
  }
}

/** At commas outside quotes: a comma is a legal character of a text. */
function splitArguments(text: string): string[] {
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
