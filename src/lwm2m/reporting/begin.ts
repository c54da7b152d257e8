/** The first answer to an Observe, and what watches from then on (LwM2M Core 1.2 §6.4.1, §6.4.4). */

import { Code, type Reply } from "../../coap/index.ts";
import type { Codec } from "../../content/index.ts";
import { contains, depth, type Path, ROOT } from "../../model/path.ts";
import { SERVER_OBJECT } from "../provisioned.ts";
import { contentReply, type Representation, timed } from "../representation.ts";
import type { View } from "../view.ts";
import { parseOwnAttributes } from "./attributes.ts";
import { type Attributes, misplaced, VALUE_CONDITIONS } from "./conditions.ts";
import { compositeContents, ContentsWatch } from "./contents-watch.ts";
import { ValueWatch } from "./value-watch.ts";
import type { WatchOwner } from "./watch.ts";

export function begin(owner: WatchOwner, path: Path, found: Representation, query: readonly string[]): Reply {
  const { nodes, codec } = found;
  const { view } = owner;
  const own = ownAttributes(view, path, query);
  if (typeof own === "string") return { code: Code.BadRequest, diagnostic: own };
  const reply = contentReply(codec, timed(found, view.clock), path);
  if (reply.code !== Code.Content) return reply;
  const [node] = nodes;
  // The Server Object is not in the tree, where a single value is looked up.
  const single = depth(path) >= 3 && nodes.length === 1 && node?.path === path && !contains(SERVER_OBJECT, path);
  return {
    ...reply,
    observer: single ? new ValueWatch(owner, codec, own, node) : new ContentsWatch(owner, codec, own, path),
  };
}

export function beginComposite(
  owner: WatchOwner,
  paths: readonly Path[],
  codec: Codec,
  query: readonly string[],
): Reply {
  const { view } = owner;
  const own = ownAttributes(view, ROOT, query);
  if (typeof own === "string") return { code: Code.BadRequest, diagnostic: own };
  const contents = compositeContents(view, paths);
  const reply = contentReply(codec, timed({ ...contents, codec }, view.clock), ROOT);
  return reply.code === Code.Content ? { ...reply, observer: new ContentsWatch(owner, codec, own, paths) } : reply;
}

/** The attributes that an Observe carries; undefined if none, or what is wrong with them. */
function ownAttributes(view: View, path: Path, query: readonly string[]): Attributes | undefined | string {
  if (query.length === 0) return undefined;
  const own = parseOwnAttributes(query, view.version);
  if (typeof own === "string") return own;
  const names = Object.keys(own);
  if (depth(path) >= 3) return misplaced(view.resource(path)?.type, names) ?? own;
  const wrong = VALUE_CONDITIONS.some((name) => names.includes(name));
  return wrong ? "gt, lt, st and edge belong to Resources" : own;
}
