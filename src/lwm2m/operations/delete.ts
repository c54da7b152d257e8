/** Delete: Object Instances, and since LwM2M 1.2 Resource Instances (LwM2M Core 1.2 §6.3.7). */

import { Code, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { depth, idAt, path, type Path } from "../../model/path.ts";
import { disclaim, Right } from "../access.ts";
import type { MaybeLater } from "../handlers.ts";
import { instanceOf, type View } from "../view.ts";
import { writerAt } from "./plan.ts";
import { settled } from "./verdict.ts";

/** A client without it is none: the Device Object may not be deleted (§6.3.7). */
const DEVICE = path(3, 0);
const RESOURCE_INSTANCE = 4;

export function remove(view: View, where: Path, request: IncomingRequest): MaybeLater<Reply> {
  if (depth(where) === RESOURCE_INSTANCE) return removeResourceInstance(view, where);
  if (depth(where) !== 2) return { code: Code.MethodNotAllowed };
  if (!view.has(where)) return { code: Code.NotFound };
  if (!view.permits(where, Right.Delete)) return { code: Code.Unauthorized };
  const deletion = view.tree.deletion(idAt(where, 0) ?? 0);
  if (deletion === undefined || where === DEVICE || !view.tree.hasInstance(where))
    return { code: Code.MethodNotAllowed };
  return settled(view.clock, deletion.handler?.(where, request.signal), (reply) => {
    if (reply.code !== Code.Changed) return reply;
    view.tree.removeInstance(where);
    disclaim(view.server.provisioned, where);
    return { code: Code.Deleted };
  });
}

function removeResourceInstance(view: View, where: Path): Reply {
  if (view.version !== "1.2") return { code: Code.MethodNotAllowed };
  if (!view.has(instanceOf(where))) return { code: Code.NotFound };
  if (!view.permits(where, Right.Delete)) return { code: Code.Unauthorized };
  const model = view.resource(where);
  if (model?.multiple !== true || view.tree.get(where) === undefined) return { code: Code.NotFound };
  if (!model.operations.includes("W") || writerAt(view, where) !== "tree") return { code: Code.MethodNotAllowed };
  view.tree.storeAll([], [where]);
  return { code: Code.Deleted };
}
