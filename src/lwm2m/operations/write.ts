/** Write: Replace by PUT, Partial Update by POST (LwM2M Core 1.1 §6.3.3). */

import { DecodeError } from "../../base/bytes.ts";
import { Code, CoapError, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { codecOf, Format, type ModelOf, type Node } from "../../content/index.ts";
import { depth, type Path } from "../../model/path.ts";
import type { MaybeLater } from "../handlers.ts";
import { namedBy } from "../prefixed.ts";
import { instanceOf, type View } from "../view.ts";
import {
  accountAfter,
  checkBounds,
  checkPlace,
  checkWritable,
  merging,
  type Plan,
  planned,
  replacing,
  writerAt,
} from "./plan.ts";
import { settled } from "./verdict.ts";

export type WriteMode = "replace" | "update";

/** Answered 2.04 only when every device concerned has confirmed. */
export function write(view: View, where: Path, request: IncomingRequest, mode: WriteMode): MaybeLater<Reply> {
  return refusing(() => {
    checkPlace(view, where);
    if (depth(where) >= 3) checkWritable(view, where);
    const nodes = decode(view, where, request);
    if (nodes.length === 0 && depth(where) >= 3) checkEmptying(view, where);
    const plan = planned(view, nodes);
    if (mode === "replace") replacing(view, where, plan);
    else merging(view, plan);
    return carryOut(view, plan, request.signal);
  });
}

/** What is thrown while a request is checked is the answer to it. */
export function refusing(check: () => MaybeLater<Reply>): MaybeLater<Reply> {
  try {
    return check();
  } catch (error) {
    if (error instanceof CoapError) return { code: error.code, diagnostic: error.message };
    if (error instanceof DecodeError) return { code: Code.BadRequest, diagnostic: error.message };
    throw error;
  }
}

/** Devices are told first, since they may refuse; then what the tree keeps is changed at once. */
export function carryOut(view: View, plan: Plan, signal: AbortSignal): MaybeLater<Reply> {
  checkBounds(view, plan);
  const commanded = command(view, plan, { signal, from: 0 });
  return commanded instanceof Promise
    ? commanded.then((reply) => refusing(() => commit(view, plan, reply)))
    : commit(view, plan, commanded);
}

/** The models, where what is unknown is not malformed but not found. */
export function modelsOf(view: View): ModelOf {
  return (path) => {
    const model = view.resource(path);
    if (model === undefined && depth(path) >= 3) throw new CoapError(Code.NotFound, `${path} is unknown`);
    return model;
  };
}

function decode(view: View, where: Path, { format = Format.Text, payload }: IncomingRequest): Node[] {
  const codec = codecOf(format);
  if (codec === undefined) throw new CoapError(Code.UnsupportedContentFormat, `content format ${format}`);
  if (!codec.structured && depth(where) < 3)
    throw new CoapError(Code.BadRequest, `content format ${format} cannot carry an Object Instance`);
  return namedBy(view, codec).decode(payload, where, modelsOf(view));
}

/** Nothing can be written to a multiple Resource that the tree keeps, and to nothing else. */
function checkEmptying(view: View, where: Path): void {
  if (depth(where) !== 3 || view.resource(where)?.multiple !== true)
    throw new CoapError(Code.BadRequest, `${where}: no value`);
  if (writerAt(view, where) !== "tree") throw new CoapError(Code.MethodNotAllowed, `${where} cannot be emptied`);
}

/** One device after the other; the first that does not do it ends the Write, and what was done before it is told. */
function command(view: View, plan: Plan, run: { signal: AbortSignal; from: number }): MaybeLater<Reply> {
  const next = plan.device[run.from];
  if (next === undefined) return { code: Code.Changed };
  return settled(view.clock, next.handler(next.path, next.value, run.signal), (reply) => {
    if (reply.code === Code.Changed) return command(view, plan, { ...run, from: run.from + 1 });
    if (run.from === 0) return reply;
    const done = plan.device.slice(0, run.from).map(({ path }) => path);
    return {
      ...reply,
      diagnostic: `${next.path}: ${reply.diagnostic ?? "refused"}; written before: ${done.join(" ")}`,
    };
  });
}

/** What the gateway keeps. Looked at once more, since a device may have taken its time and another request come between. */
function commit(view: View, plan: Plan, reply: Reply): Reply {
  if (reply.code !== Code.Changed) return reply;
  for (const instance of new Set([...plan.server.map(({ path }) => instanceOf(path)), ...plan.vacated])) {
    const touched = plan.server.map(({ path }) => path).filter((path) => instanceOf(path) === instance);
    view.server.adopt(accountAfter(view, instance, plan), plan.vacated.includes(instance) ? [instance] : touched);
  }
  const at = view.clock.now();
  const kept = plan.kept.filter(({ path }) => view.tree.covers(path));
  if (kept.length + plan.removed.length > 0)
    view.tree.storeAll(
      kept.map(({ path, value }) => ({ path, value, at })),
      plan.removed,
    );
  return reply;
}
