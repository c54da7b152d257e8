/** A CoAP request, and the operation that it means (LwM2M Core 1.1 §6.3, §6.4, Table 6.3-1). */

import { Code, type IncomingRequest, type Reply } from "../coap/index.ts";
import { Format } from "../content/index.ts";
import { depth, parsePath, type Path } from "../model/path.ts";
import type { Notifier } from "./reporting/notifier.ts";
import { writeAttributes } from "./operations/attributes.ts";
import { discover } from "./operations/discover.ts";
import { execute } from "./operations/execute.ts";
import { find, read } from "./operations/read.ts";
import { write } from "./operations/write.ts";
import { isForbidden, type View } from "./view.ts";

export function route(view: View, notifier: Notifier, request: IncomingRequest): Reply | Promise<Reply> {
  const where = parsePath(`/${request.path.join("/")}`);
  if (where === undefined) return { code: Code.NotFound };
  // Keys are nobody's business, whatever is asked (LwM2M Core 1.1 §E.1).
  if (isForbidden(where)) return { code: Code.Unauthorized };
  // Resource Instances have paths since LwM2M 1.1 only.
  if (view.version === "1.0" && depth(where) === 4) return { code: Code.BadRequest };
  switch (request.code) {
    case Code.GET:
      return get(view, notifier, where, request);
    case Code.PUT:
      return put(view, notifier, where, request);
    case Code.POST:
      return post(view, where, request);
    default:
      // Create and Delete are not for devices that are what they are; composites are not spoken.
      return { code: Code.MethodNotAllowed };
  }
}

function get(view: View, notifier: Notifier, where: Path, request: IncomingRequest): Reply {
  const { accept, observe } = request;
  if (accept === Format.LinkFormat) return discover(view, where);
  if (observe !== "register") return read(view, where, accept);
  const found = find(view, where, accept);
  return "code" in found ? found : notifier.observe(where, found);
}

function put(view: View, notifier: Notifier, where: Path, request: IncomingRequest): Reply | Promise<Reply> {
  if (request.query.length > 0 && request.payload.length === 0 && request.format === undefined) {
    const reply = writeAttributes(view, where, request.query);
    if (reply.code === Code.Changed) notifier.attributesChanged(where);
    return reply;
  }
  return depth(where) >= 2 ? write(view, where, request, "replace") : { code: Code.MethodNotAllowed };
}

function post(view: View, where: Path, request: IncomingRequest): Reply | Promise<Reply> {
  switch (depth(where)) {
    case 2:
      return write(view, where, request, "update");
    case 3:
      // Values for a multiple Resource may be added by POST; on any other Resource it means Execute (§6.3.3, §6.3.5).
      return view.resource(where)?.multiple === true && request.format !== undefined
        ? write(view, where, request, "update")
        : execute(view, where, request);
    default:
      return { code: Code.MethodNotAllowed };
  }
}
