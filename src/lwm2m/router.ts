/** A CoAP request, and the operation that it means (LwM2M Core 1.1 §6.3, §6.4, Table 6.3-1). */

import { Code, type IncomingRequest, type Option, OptionNumber, type Reply } from "../coap/index.ts";
import { Format } from "../content/index.ts";
import { depth, parsePath, type Path, ROOT } from "../model/path.ts";
import type { MaybeLater } from "./handlers.ts";
import { writeAttributes } from "./operations/attributes.ts";
import { readComposite, readQuestion, writeComposite } from "./operations/composite.ts";
import { create } from "./operations/create.ts";
import { remove } from "./operations/delete.ts";
import { discover } from "./operations/discover.ts";
import { execute } from "./operations/execute.ts";
import { find, read } from "./operations/read.ts";
import { refreshed } from "./operations/refresh.ts";
import { refusing, write } from "./operations/write.ts";
import type { Notifier } from "./reporting/notifier.ts";
import { isForbidden, type View } from "./view.ts";

/** Object, Instance, Resource, and Instance of that. */
const MAX_DEPTH = 4;

export function route(view: View, notifier: Notifier, request: IncomingRequest): MaybeLater<Reply> {
  const where = target(request.path);
  if (where === undefined) return { code: request.path.length > MAX_DEPTH ? Code.BadOption : Code.NotFound };
  // Nothing here has a tag or a condition: who attaches one must hear that it was not looked at (RFC 7252 §5.4.1).
  if (request.options.length > 0 && request.options.some(isCondition))
    return { code: Code.BadOption, diagnostic: "no conditions" };
  // Keys are nobody's business, whatever is asked (LwM2M Core 1.1 §E.1).
  if (isForbidden(where)) return { code: Code.Unauthorized };
  // Resource Instances have paths since LwM2M 1.1 only.
  if (view.version === "1.0" && depth(where) === 4) return { code: Code.BadRequest };
  if (where === ROOT) return atRoot(view, notifier, request);
  switch (request.code) {
    case Code.GET:
      return get(view, notifier, where, request);
    case Code.PUT:
      return put(view, notifier, where, request);
    case Code.POST:
      return post(view, where, request);
    case Code.DELETE:
      return remove(view, where, request);
    default:
      return { code: Code.MethodNotAllowed };
  }
}

/** There is nothing at the root but composites, since LwM2M 1.1; whoever asks for more has forgotten the path. */
function atRoot(view: View, notifier: Notifier, request: IncomingRequest): MaybeLater<Reply> {
  switch (request.code) {
    case Code.GET:
    case Code.PUT:
    case Code.POST:
    case Code.DELETE:
      return { code: Code.BadRequest, diagnostic: "no Object" };
    default:
      return composite(view, notifier, request);
  }
}

function isCondition({ number }: Option): boolean {
  return number === OptionNumber.IfMatch || number === OptionNumber.IfNoneMatch;
}

/** Put together piece by piece, which for so few of them is faster than a join. */
function target(segments: readonly string[]): Path | undefined {
  let text = "";
  for (const segment of segments) text += `/${segment}`;
  return parsePath(text === "" ? ROOT : text);
}

function get(view: View, notifier: Notifier, where: Path, request: IncomingRequest): MaybeLater<Reply> {
  if (request.accept === Format.LinkFormat) return discover(view, where, request.query);
  // Nearly nobody wants to be asked, and this is the way of most requests.
  if (view.tree.readers === undefined) return show(view, notifier, where, request);
  return refreshed(view, [where], request.signal, () => show(view, notifier, where, request));
}

function show(view: View, notifier: Notifier, where: Path, { accept, observe, query }: IncomingRequest): Reply {
  if (observe !== "register") return read(view, where, accept);
  const found = find(view, where, accept);
  return "code" in found ? found : notifier.observe(where, found, query);
}

function put(view: View, notifier: Notifier, where: Path, request: IncomingRequest): MaybeLater<Reply> {
  if (request.query.length > 0 && request.payload.length === 0 && request.format === undefined) {
    const reply = writeAttributes(view, where, request.query);
    if (reply.code === Code.Changed) notifier.attributesChanged(where);
    return reply;
  }
  return depth(where) >= 2 ? write(view, where, request, "replace") : { code: Code.MethodNotAllowed };
}

function post(view: View, where: Path, request: IncomingRequest): MaybeLater<Reply> {
  switch (depth(where)) {
    case 1:
      return create(view, where, request);
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

/** Of the root alone: the paths are in the body (§6.3.8, §6.3.9, §6.4.4; RFC 8132). */
function composite(view: View, notifier: Notifier, request: IncomingRequest): MaybeLater<Reply> {
  if (request.code === Code.iPATCH) return writeComposite(view, request);
  if (request.code !== Code.FETCH) return { code: Code.MethodNotAllowed };
  return refusing(() => {
    const question = readQuestion(view, request);
    if ("code" in question) return question;
    return refreshed(view, question.paths, request.signal, () => {
      return request.observe === "register"
        ? notifier.observeComposite(question.paths, question.codec, request.query)
        : readComposite(view, question);
    });
  });
}
