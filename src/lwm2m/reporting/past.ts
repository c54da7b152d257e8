/** Values with the times at which they were so: for what is told late, and for Send (RFC 8428 §4.5.3). */

import type { Node } from "../../content/index.ts";
import { child, depth, type Path } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import { Right } from "../access.ts";
import { instanceOf, isForbidden, typeOfValue, type View } from "../view.ts";
import type { BacklogRecord } from "./backlog.ts";

/** What was measured within this is as good as measured now. */
const FRESH_MS = 1_000;

/** Values at or below `where` that the server may read, with their times. */
export function readable(view: View, where: Path): ResourceUpdate[] {
  const found: ResourceUpdate[] = [];
  for (const [path, { value, at }] of view.entries(where)) if (isReadable(view, path)) found.push({ path, value, at });
  return found;
}

/** Whether the server may be told what is at a path: what it could read itself (LwM2M Core 1.2 §6.4.6). */
export function isReadable(view: View, path: Path): boolean {
  if (isForbidden(path) || !view.permits(instanceOf(path), Right.Read)) return false;
  const model = view.resource(path);
  return model === undefined || model.operations.includes("R");
}

/** One value as it is written; a single one given for a multiple Resource is its first Resource Instance. */
export function nodeOf(view: View, { path, value }: ResourceUpdate): Node {
  const model = view.resource(path);
  const lifted = model?.multiple === true && depth(path) === 3 ? child(path, 0) : path;
  return { path: lifted, type: model?.type ?? typeOfValue(value), value };
}

/** A value and the time to write with it; undefined: it is as good as of now. */
type Dated = readonly [update: ResourceUpdate, time: number | undefined];

/**
 * Values of the past, each with its time: as the wall clock had it, or how long ago it was if that clock was not set
 * then. Where neither is known the value is left out: no time at all would mean now.
 */
export function pastNodes(view: View, { values, since }: BacklogRecord): Node[] {
  const ago = since === undefined ? undefined : secondsAgo(view.clock.monotonic() - since);
  return datedNodes(
    view,
    values.map((update) => [update, update.at.trusted ? update.at.ms / 1_000 : ago] as const),
  ).filter(({ time }) => time !== undefined);
}

/** What is said now of values measured now or before; those of an unknown time are left out. */
export function recentNodes(view: View, values: readonly ResourceUpdate[]): Node[] {
  const now = view.clock.now();
  const dated: Dated[] = [];
  for (const update of values) {
    const { at } = update;
    const age = now.ms - at.ms;
    if (at.trusted) dated.push([update, now.trusted && age <= FRESH_MS ? undefined : at.ms / 1_000]);
    // The clock has not been set between the two, so at least their difference means something.
    else if (!now.trusted && age >= 0) dated.push([update, age <= FRESH_MS ? undefined : secondsAgo(age)]);
  }
  return datedNodes(view, dated);
}

function datedNodes(view: View, dated: readonly Dated[]): Node[] {
  const nodes: Node[] = [];
  for (const [update, time] of dated) {
    if (!isReadable(view, update.path)) continue;
    const node = nodeOf(view, update);
    nodes.push(time === undefined ? node : { ...node, time });
  }
  return nodes;
}

/** A time before now, as one below 2^28 is understood (RFC 8428 §4.5.3); never 0, which would be now. */
function secondsAgo(ms: number): number {
  return -Math.max(1, Math.round(ms / 1_000));
}
