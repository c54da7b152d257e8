/** Write-Attributes (LwM2M Core 1.1 §6.3.4). */

import { Code, type Reply } from "../../coap/index.ts";
import { depth, type Path } from "../../model/path.ts";
import { parseAttributes } from "../reporting/attributes.ts";
import { NUMERIC } from "../reporting/conditions.ts";
import { instanceOf, resourceOf, type View } from "../view.ts";

const NUMBERS: ReadonlySet<string> = new Set(["integer", "unsigned", "float", "time"]);

export function writeAttributes(view: View, where: Path, query: readonly string[]): Reply {
  if (!exists(view, where)) return { code: Code.NotFound };
  const change = parseAttributes(query);
  if (typeof change === "string") return { code: Code.BadRequest, diagnostic: change };
  const type = depth(where) >= 3 ? view.resource(where)?.type : undefined;
  if (type !== undefined && !NUMBERS.has(type) && NUMERIC.some((name) => change.get(name) !== undefined))
    return { code: Code.BadRequest, diagnostic: `${where} is no number` };
  const wrong = view.attributes.change(where, change);
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
