/** What one Write will do, checked whole before any of it is done: a 4.xx leaves everything as it was (LwM2M Core 1.1 §6.3.3). */

import { Code, CoapError } from "../../coap/index.ts";
import type { Node } from "../../content/index.ts";
import type { ResourceModel } from "../../model/objects.ts";
import { child, contains, cut, depth, idAt, type Path, ROOT } from "../../model/path.ts";
import { inRange, type ResourceValue } from "../../model/value.ts";
import { Right } from "../access.ts";
import type { Account } from "../account.ts";
import type { WriteHandler } from "../handlers.ts";
import { SERVER_OBJECT } from "../provisioned.ts";
import type { View } from "../view.ts";
import { instanceOf, isForbidden, resourceOf } from "../view.ts";
import { wholeBody } from "./upload.ts";

/** UTC Offset and Timezone of a Device: no sensor has an opinion on them, so the gateway keeps them. */
const GATEWAY_DEVICE_RESOURCES: ReadonlySet<number> = new Set([14, 15]);
const DEVICE = 3;
/** Application Type: what people call a sensor, in every IPSO Object. */
const APPLICATION_TYPE = 5750;

/** Nobody writes more by hand; a server that does wants to fill the memory. */
const MAX_VALUES = 1_024;
const MAX_RESOURCE_INSTANCES = 256;
/** Of all that one tree keeps for servers. */
const MAX_KEPT_BYTES = 1_048_576;
/** What a value takes beside its content, roughly. */
const VALUE_OVERHEAD = 64;

/** One value, on its way to a device. */
export interface Command {
  readonly path: Path;
  readonly value: ResourceValue;
  readonly handler: WriteHandler;
}

export interface Plan {
  readonly device: Command[];
  /** What the tree keeps. */
  readonly kept: { readonly path: Path; readonly value: ResourceValue }[];
  readonly removed: Path[];
  /** Values for the Server Object, and its Instances that are written anew. */
  readonly server: Node[];
  readonly vacated: Path[];
}

/** Whether the gateway itself keeps what the server writes there. */
export function isGatewayOwned(where: Path): boolean {
  const resource = idAt(where, 2);
  if (resource === undefined || depth(where) !== 3) return false;
  return resource === APPLICATION_TYPE || (idAt(where, 0) === DEVICE && GATEWAY_DEVICE_RESOURCES.has(resource));
}

/** Who takes what is written there: a handler, the tree, or nobody. */
export function writerAt(view: View, where: Path): WriteHandler | "tree" | undefined {
  const writer = view.tree.writer(where);
  if (writer !== undefined) return writer;
  const upload = view.tree.uploadHandler(where);
  if (upload !== undefined) return wholeBody(upload);
  return isGatewayOwned(where) ? "tree" : undefined;
}

/** The model of a Resource that a server may write. @throws CoapError if it may not. */
export function checkWritable(view: View, where: Path): ResourceModel {
  const model = view.resource(where);
  if (model === undefined) throw new CoapError(Code.NotFound, `${where} is unknown`);
  if (!model.operations.includes("W")) throw new CoapError(Code.MethodNotAllowed, `${where} cannot be written`);
  if (depth(where) === 4 && !model.multiple) throw new CoapError(Code.NotFound, `${where} is no Resource Instance`);
  return model;
}

/** No number that a device could be told is infinite or none. @throws CoapError if the value is outside of its range. */
export function checkRange({ path, value }: Omit<Node, "type">, { range }: ResourceModel): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new CoapError(Code.BadRequest, `${path}: no number`);
  if (range === undefined || inRange(value, range)) return;
  const what = typeof value === "string" || value instanceof Uint8Array ? "have a length of" : "be";
  throw new CoapError(Code.BadRequest, `${path} must ${what} ${range[0]} to ${range[1]}`);
}

/**
 * What setting `nodes` comes to. Whether each is there and may be written is checked here, and nothing is done.
 * @throws CoapError with the answer if one of them may not be.
 */
export function planned(view: View, nodes: readonly Node[]): Plan {
  if (nodes.length > MAX_VALUES)
    throw new CoapError(Code.RequestEntityTooLarge, `no more than ${MAX_VALUES} values at once`);
  const plan: Plan = { device: [], kept: [], removed: [], server: [], vacated: [] };
  const seen = new Set<Path>();
  for (const node of nodes) {
    if (seen.size === seen.add(node.path).size) throw new CoapError(Code.BadRequest, `${node.path}: more than once`);
    checkPlace(view, node.path);
    checkRange(node, checkWritable(view, node.path));
    place(view, node, plan);
  }
  for (const instance of new Set(plan.server.map(({ path }) => instanceOf(path)))) accountAfter(view, instance, plan);
  return plan;
}

/** Whether the Instance is there, and this server may write to it. */
export function checkPlace(view: View, where: Path): void {
  if (isForbidden(where)) throw new CoapError(Code.Unauthorized, `${where} belongs to nobody`);
  if (!view.has(instanceOf(where))) throw new CoapError(Code.NotFound, `${instanceOf(where)} is not there`);
  if (!view.permits(where, Right.Write)) throw new CoapError(Code.Unauthorized, `${where} is not yours to write`);
}

function place(view: View, node: Node, plan: Plan): void {
  const { path, value } = node;
  if (view.server.isWritable(path)) {
    plan.server.push(node);
    return;
  }
  const writer = writerAt(view, path);
  if (writer === "tree") plan.kept.push({ path, value });
  else if (writer !== undefined) plan.device.push({ path, value, handler: writer });
  else throw new CoapError(Code.MethodNotAllowed, `${path} cannot be written on this device`);
}

/** The account with all that is planned for its Instance. @throws CoapError if it cannot be so. */
export function accountAfter(view: View, instance: Path, plan: Plan): Account {
  let account = view.server.accountAt(instance);
  if (account === undefined) throw new CoapError(Code.NotFound, `${instance} is not there`);
  if (plan.vacated.includes(instance)) account = view.server.vacated(account);
  for (const { path, value } of plan.server) {
    if (instanceOf(path) !== instance) continue;
    const changed = view.server.with(account, path, value);
    if (typeof changed === "string") throw new CoapError(Code.BadRequest, changed);
    account = changed;
  }
  return account;
}

/**
 * Replace: what `where` has and the plan does not name goes away. Of an Instance, only what is optional and the
 * server's to write; of a multiple Resource that is named, every other Resource Instance.
 */
export function replacing(view: View, where: Path, plan: Plan): void {
  if (depth(where) === 2 && contains(SERVER_OBJECT, where)) plan.vacated.push(where);
  const named = new Set<Path>();
  for (const { path } of plan.kept) named.add(path).add(resourceOf(path));
  for (const { path } of plan.device) named.add(resourceOf(path));
  for (const [path] of view.tree.entries(where)) {
    if (named.has(path) && view.resource(path)?.multiple !== true) continue;
    if (named.has(path) && depth(path) === 4) continue;
    const model = view.resource(path);
    if (model === undefined || !model.operations.includes("W") || writerAt(view, path) !== "tree") continue;
    if (depth(where) === 3 || named.has(resourceOf(path))) plan.removed.push(path);
    else if (!model.mandatory && !plan.removed.includes(resourceOf(path))) plan.removed.push(resourceOf(path));
  }
  if (depth(where) !== 2) return;
  for (const path of view.tree.vacancies())
    if (contains(where, path) && !named.has(path) && view.resource(path)?.mandatory === false) plan.removed.push(path);
}

/** A single value that was given for a multiple Resource becomes its first Resource Instance, beside the others. */
export function merging(view: View, plan: Plan): void {
  const resources = new Set(plan.kept.filter(({ path }) => depth(path) === 4).map(({ path }) => resourceOf(path)));
  for (const resource of resources) {
    if (view.tree.get(resource) === undefined) continue;
    plan.removed.push(resource);
    for (const [path, { value }] of view.tree.entries(resource)) {
      const lifted = path === resource ? child(resource, 0) : path;
      if (!plan.kept.some((other) => other.path === lifted)) plan.kept.push({ path: lifted, value });
    }
  }
}

/** @throws CoapError if the tree would keep more than it should for servers. */
export function checkBounds(view: View, { kept, removed }: Plan): void {
  if (kept.length === 0) return;
  const after = new Map<Path, number>();
  for (const [path, { value }] of view.tree.entries(ROOT))
    if (writerAt(view, path) === "tree") after.set(path, sizeOf(value));
  for (const path of removed) after.delete(path);
  for (const { path, value } of kept) after.set(path, sizeOf(value));
  const instances = new Map<Path, number>();
  let bytes = 0;
  for (const [path, size] of after) {
    bytes += size;
    const resource = cut(path, 3);
    instances.set(resource, (instances.get(resource) ?? 0) + 1);
  }
  if (bytes > MAX_KEPT_BYTES)
    throw new CoapError(Code.RequestEntityTooLarge, `no more than ${MAX_KEPT_BYTES} bytes are kept`);
  for (const [resource, count] of instances)
    if (count > MAX_RESOURCE_INSTANCES)
      throw new CoapError(Code.RequestEntityTooLarge, `${resource}: no more than ${MAX_RESOURCE_INSTANCES} Instances`);
}

function sizeOf(value: ResourceValue): number {
  if (typeof value === "string") return VALUE_OVERHEAD + value.length * 2;
  return VALUE_OVERHEAD + (value instanceof Uint8Array ? value.length : 0);
}
