/** Write-Attributes (LwM2M Core 1.1 §6.3.4). */

import { Code, type Reply } from "../../coap/index.ts";
import { depth, type Path } from "../../model/path.ts";
import { Right } from "../access.ts";
import { parseAttributes } from "../reporting/attributes.ts";
import { misplaced } from "../reporting/conditions.ts";
import { instanceOf, resourceOf, type View } from "../view.ts";

export function writeAttributes(view: View, where: Path, query: readonly string[]): Reply {
  if (!exists(view, where)) return { code: Code.NotFound };
  if (!(depth(where) === 1 ? view.readable(where) : view.permits(where, Right.Read)))
    return { code: Code.Unauthorized };
  const change = parseAttributes(query, view.version);
  if (typeof change === "string") return { code: Code.BadRequest, diagnostic: change };
  const type = depth(where) >= 3 ? view.resource(where)?.type : undefined;
  const set = [...change].filter(([, value]) => value !== undefined).map(([name]) => name);
  const wrong = misplaced(type, set) ?? view.attributes.change(where, change);
  return wrong === undefined ? { code: Code.Changed } : { code: Code.BadRequest, diagnostic: wrong };
}

/** A Resource may get attributes before its first value: a sensor that has not spoken yet will. */
function exists(view: View, where: Path): boolean {
  switch (depth(where)) {
    case 0:
      return false;
    case 1:
    case 2:
      return view.has(where);
    case 3:
      return view.has(instanceOf(where)) && view.resource(where) !== undefined;
    default:
      return view.has(instanceOf(where)) && view.resource(resourceOf(where))?.multiple === true && view.hasValue(where);
  }
}
