/** Read (LwM2M Core 1.1 §6.3.1), and the first answer to Observe. */

import { Code, type Reply } from "../../coap/index.ts";
import { depth, type Path } from "../../model/path.ts";
import { Right } from "../access.ts";
import { namedBy } from "../prefixed.ts";
import {
  chooseCodec,
  contentReply,
  contentsOf,
  type Representation,
  tellsTime,
  timed,
  valueAt,
} from "../representation.ts";
import type { View } from "../view.ts";

export function read(view: View, where: Path, accept: number | undefined): Reply {
  const found = find(view, where, accept);
  if ("code" in found) return found;
  const nodes = tellsTime(where) ? timed(found, view.clock) : found.nodes;
  return contentReply(found.codec, nodes, where);
}

/** The values that a Read of `where` shows and the format to show them in, or the refusal. */
export function find(view: View, where: Path, accept: number | undefined): Representation | Reply {
  const level = depth(where);
  if (level === 0) return { code: Code.MethodNotAllowed };
  if (!view.covers(where)) return { code: Code.NotFound };
  if (!(level === 1 ? view.readable(where) : view.permits(where, Right.Read))) return { code: Code.Unauthorized };
  const model = level >= 3 ? view.resource(where) : undefined;
  if (model !== undefined && !model.operations.includes("R")) return { code: Code.MethodNotAllowed };
  const single = level === 4 || model?.multiple === false;
  const contents = single ? valueAt(view, where, model) : contentsOf(view, where);
  const { nodes } = contents;
  // An Instance may be empty, and so may a list; any other Resource without a value has never been measured.
  if (level >= 3 && nodes.length === 0 && !view.tree.isVacant(where)) return { code: Code.NotFound };
  const codec = chooseCodec(where, nodes, accept);
  if (codec === undefined) return { code: Code.NotAcceptable };
  return { nodes, newest: contents.newest, codec: namedBy(view, codec) };
}
