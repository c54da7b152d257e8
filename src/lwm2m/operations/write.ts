/** Write: Replace by PUT, Partial Update by POST (LwM2M Core 1.1 §6.3.3). */

import { DecodeError } from "../../base/bytes.ts";
import { Code, CoapError, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { codecOf, Format, type Node } from "../../content/index.ts";
import { depth, ids, type Path } from "../../model/path.ts";
import type { ResourceModel } from "../../model/objects.ts";
import type { Account } from "../account.ts";
import type { WriteHandler } from "../tree.ts";
import { instanceOf, resourceOf, type View } from "../view.ts";
import { outcomeReply } from "./execute.ts";

/** UTC Offset and Timezone of a Device: no sensor has an opinion on them, so the gateway keeps them. */
const GATEWAY_DEVICE_RESOURCES: ReadonlySet<number> = new Set([14, 15]);
const DEVICE = 3;
/** Application Type: what people call a sensor, in every IPSO Object. */
const APPLICATION_TYPE = 5750;

export type WriteMode = "replace" | "update";

/** What one Write will do, checked whole before any of it is done: a 4.xx leaves everything as it was. */
interface Plan {
  readonly device: readonly (readonly [Path, Node["value"], WriteHandler])[];
  readonly stored: readonly Node[];
  readonly server: readonly Node[];
}

/** Answered 2.04 only when every device concerned has confirmed. */
export function write(view: View, where: Path, request: IncomingRequest, mode: WriteMode): Reply | Promise<Reply> {
  try {
    if (!view.has(instanceOf(where))) return { code: Code.NotFound };
    if (depth(where) >= 3) checkWritable(view, where);
    const plan = prepare(view, decode(view, where, request));
    if (plan.device.length === 0) return commit(view, where, plan, mode);
    return command(plan, request.signal).then((reply) =>
      reply.code === Code.Changed ? commit(view, where, plan, mode) : reply,
    );
  } catch (error) {
    if (error instanceof CoapError) return { code: error.code, diagnostic: error.message };
    if (error instanceof DecodeError) return { code: Code.BadRequest, diagnostic: error.message };
    throw error;
  }
}

/** Whether the gateway itself keeps what the server writes there. */
export function isGatewayOwned(where: Path): boolean {
  const [object, , resource] = ids(where);
  if (resource === undefined || depth(where) !== 3) return false;
  return resource === APPLICATION_TYPE || (object === DEVICE && GATEWAY_DEVICE_RESOURCES.has(resource));
}

function decode(view: View, where: Path, { format = Format.Text, payload }: IncomingRequest): Node[] {
  const codec = codecOf(format);
  if (codec === undefined) throw new CoapError(Code.UnsupportedContentFormat, `content format ${format}`);
  if (!codec.structured && depth(where) < 3)
    throw new CoapError(Code.BadRequest, `content format ${format} cannot carry an Object Instance`);
  const model = depth(where) >= 3 ? view.resource(where) : undefined;
  if (format === Format.Opaque && model !== undefined && model.type !== "opaque")
    throw new CoapError(Code.BadRequest, `${where} is no opaque Resource`);
  return codec.decode(payload, where, (path) => view.resource(path));
}

function prepare(view: View, nodes: readonly Node[]): Plan {
  const device: [Path, Node["value"], WriteHandler][] = [];
  const stored: Node[] = [];
  const server: Node[] = [];
  // One Write names one Instance.
  let account: Account | undefined;
  for (const node of nodes) {
    const model = checkWritable(view, node.path);
    checkRange(node, model);
    const handler = handlerOf(view, node.path);
    if (view.server.isWritable(node.path)) {
      account ??= view.server.accountAt(node.path);
      if (account === undefined) throw new CoapError(Code.NotFound, `${node.path} is unknown`);
      const changed = view.server.with(account, node.path, node.value);
      if (typeof changed === "string") throw new CoapError(Code.BadRequest, changed);
      account = changed;
      server.push(node);
    } else if (handler !== undefined) device.push([node.path, node.value, handler]);
    else if (isGatewayOwned(node.path)) stored.push(node);
    else throw new CoapError(Code.MethodNotAllowed, `${node.path} cannot be written on this device`);
  }
  return { device, stored, server };
}

function handlerOf(view: View, where: Path): WriteHandler | undefined {
  return view.tree.writeHandler(where) ?? view.tree.writeHandler(resourceOf(where));
}

/** The model of a Resource that a server may write. */
function checkWritable(view: View, where: Path): ResourceModel {
  const model = view.resource(where);
  if (model === undefined) throw new CoapError(Code.NotFound, `${where} is unknown`);
  if (!model.operations.includes("W")) throw new CoapError(Code.MethodNotAllowed, `${where} cannot be written`);
  if (depth(where) === 4 && !model.multiple) throw new CoapError(Code.NotFound, `${where} is no Resource Instance`);
  return model;
}

/** No number that a device could be told is infinite or none; the range of the model holds for numbers only. */
function checkRange({ path, value }: Node, { range }: ResourceModel): void {
  if (typeof value !== "number" && typeof value !== "bigint") return;
  if (typeof value === "number" && !Number.isFinite(value)) throw new CoapError(Code.BadRequest, `${path}: no number`);
  if (range !== undefined && (value < range[0] || value > range[1]))
    throw new CoapError(Code.BadRequest, `${path} must be ${range[0]} to ${range[1]}`);
}

/** One after the other: the first device that does not do it ends the Write. */
async function command(plan: Plan, signal: AbortSignal): Promise<Reply> {
  for (const [path, value, handler] of plan.device) {
    const reply = outcomeReply(await handler(path, value, signal));
    if (reply.code !== Code.Changed) return reply;
  }
  return { code: Code.Changed };
}

/** What the gateway keeps; cannot fail any more. */
function commit(view: View, where: Path, plan: Plan, mode: WriteMode): Reply {
  const at = view.clock.now();
  for (const { path, value } of plan.stored) view.tree.store(path, value, at);
  // Replace takes away what it does not name, as far as it is the gateway's to take (§6.3.3).
  if (mode === "replace" && depth(where) === 2)
    for (const [path] of view.entries(where))
      if (
        isGatewayOwned(path) &&
        handlerOf(view, path) === undefined &&
        !plan.stored.some((node) => node.path === path)
      )
        view.tree.store(path, undefined, at);
  if (plan.server.length > 0) {
    // Once more, since a device may have taken its time and another Write come in between.
    let account = view.server.accountAt(where);
    if (account === undefined) return { code: Code.NotFound };
    for (const { path, value } of plan.server) {
      const changed = view.server.with(account, path, value);
      if (typeof changed !== "string") account = changed;
    }
    view.server.adopt(
      account,
      plan.server.map(({ path }) => path),
    );
  }
  return { code: Code.Changed };
}
