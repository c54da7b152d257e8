/** Execute (LwM2M Core 1.1 §6.3.5). */

import { Code, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { Format } from "../../content/index.ts";
import type { Path } from "../../model/path.ts";
import { Right } from "../access.ts";
import type { MaybeLater } from "../handlers.ts";
import { instanceOf, type View } from "../view.ts";
import { parseArguments } from "./arguments.ts";
import { settled } from "./verdict.ts";

export function execute(view: View, where: Path, request: IncomingRequest): MaybeLater<Reply> {
  if (!view.has(instanceOf(where))) return { code: Code.NotFound };
  if (!view.permits(where, Right.Execute)) return { code: Code.Unauthorized };
  const action = view.server.action(where);
  const handler = view.tree.executeHandler(where);
  const model = view.resource(where);
  if (action === undefined && handler === undefined)
    return model === undefined ? { code: Code.NotFound } : { code: Code.MethodNotAllowed };
  if (request.format !== undefined && request.format !== Format.Text) return { code: Code.UnsupportedContentFormat };

  const args = parseArguments(request.payload);
  if (args === undefined) return { code: Code.BadRequest, diagnostic: "malformed arguments" };
  if (action !== undefined) {
    // The answer leaves first, and is written before this turn of the loop ends (E66).
    queueMicrotask(action);
    return { code: Code.Changed };
  }
  return settled(view.clock, handler!(where, args.text, request.signal, args.list), (reply) => reply);
}
