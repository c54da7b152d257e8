/** Create (LwM2M Core 1.1 §6.3.6, §8.2.3). */

import { Code, CoapError, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { codecOf, Format, type Node } from "../../content/index.ts";
import type { ObjectModel, ResourceModel } from "../../model/objects.ts";
import { child, idAt, MAX_ID, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import { claim, Right } from "../access.ts";
import type { Creation, InitialValues, MaybeLater } from "../handlers.ts";
import { namedBy } from "../prefixed.ts";
import type { View } from "../view.ts";
import { instanceOf } from "../view.ts";
import { checkRange } from "./plan.ts";
import { settled } from "./verdict.ts";
import { modelsOf, refusing } from "./write.ts";

/** Instances of one Object, unless the tree says otherwise. */
export const DEFAULT_LIMIT = 16;
const MAX_VALUES = 1_024;
/** Optional Resources that nobody here knows may be ignored (§8.2.3). TLV can be read without knowing what it says. */
const UNSUPPORTED: ResourceModel = {
  id: MAX_ID,
  name: "",
  type: "opaque",
  operations: "",
  multiple: false,
  mandatory: false,
};

/** What an Instance will be. */
interface Birth {
  readonly instance: Path;
  readonly nodes: readonly Omit<Node, "type">[];
}

/** What the tree and the model say of Instances. */
interface Rules {
  readonly creation: Creation;
  readonly model: ObjectModel;
}

/** What an Instance begins with: values, and multiple Resources that are there and empty. */
export interface Beginning {
  readonly values: InitialValues;
  readonly vacant: readonly Path[];
}

export function create(view: View, object: Path, request: IncomingRequest): MaybeLater<Reply> {
  return refusing(() => {
    const id = idAt(object, 0) ?? 0;
    const creation = view.tree.creation(id);
    const model = view.object(id);
    if (!view.permits(object, Right.Create)) return { code: Code.Unauthorized };
    if (creation === undefined || model === undefined)
      return { code: creation === undefined && !view.has(object) ? Code.NotFound : Code.MethodNotAllowed };
    const birth = born(view, object, request);
    checkFree(view, birth.instance, { creation, model });
    const first = beginning(birth, { creation, model });
    const verdict = creation.handler?.(birth.instance, first.values, request.signal);
    return settled(view.clock, verdict, (reply) => {
      if (reply.code !== Code.Changed) return reply;
      return refusing(() => {
        checkFree(view, birth.instance, { creation, model });
        bear(view, birth.instance, first);
        // Told whoever has chosen the number: what was created is not what was asked (RFC 7252 §5.8.2; E64).
        return { code: Code.Created, locationPath: birth.instance.slice(1).split("/") };
      });
    });
  });
}

/** Whoever creates an Instance owns it, where there are several servers (LwM2M Core 1.2 §8.1.1). */
function bear(view: View, instance: Path, { values, vacant }: Beginning): void {
  const at = view.clock.now();
  view.tree.addInstance(instance);
  view.tree.storeAll(
    values.map(({ path, value }) => ({ path, value, at })),
    [],
  );
  for (const resource of vacant) view.tree.setInstances(resource, [], at);
  claim(view.server.provisioned, view.server.account.shortServerId, instance);
}

/** The Instance that the body describes; if it names none, the first that is free. */
function born(view: View, object: Path, { format, payload }: IncomingRequest): Birth {
  if (format === undefined && payload.length === 0) return { instance: firstFree(view, object), nodes: [] };
  const plain = codecOf(format ?? Format.Text);
  const codec = plain && namedBy(view, plain);
  if (codec === undefined) throw new CoapError(Code.UnsupportedContentFormat, `content format ${format}`);
  if (!codec.structured)
    throw new CoapError(Code.BadRequest, `content format ${format ?? "none"} cannot carry an Object Instance`);
  if (codec.format === Format.Tlv) {
    const instance = namedByTlv(object, payload) ?? firstFree(view, object);
    return { instance, nodes: codec.decode(payload, instance, (path) => view.resource(path) ?? UNSUPPORTED) };
  }
  const nodes = codec.decode(payload, object, modelsOf(view));
  const instances = new Set(nodes.map(({ path }) => instanceOf(path)));
  if (instances.size > 1) throw new CoapError(Code.BadRequest, "more than one Instance");
  const [instance = firstFree(view, object)] = instances;
  return { instance, nodes };
}

/** An Object Instance in TLV begins with its header: kind 00, a number of 8 or 16 bits (§7.4.4). Resources stand alone. */
function namedByTlv(object: Path, payload: Uint8Array): Path | undefined {
  const [type, high = 0, low = 0] = payload;
  if (type === undefined || type >> 6 !== 0) return undefined;
  const id = (type & 0x20) === 0 ? high : high * 256 + low;
  if (id > MAX_ID) throw new CoapError(Code.BadRequest, `${id} is no Instance`);
  return child(object, id);
}

function firstFree(view: View, object: Path): Path {
  let id = 0;
  while (view.tree.hasInstance(child(object, id))) id += 1;
  return child(object, id);
}

function checkFree(view: View, instance: Path, { creation, model }: Rules): void {
  const others = view.tree.instances().filter((other) => idAt(other, 0) === model.id);
  if (others.includes(instance)) throw new CoapError(Code.BadRequest, `${instance} is there already`);
  if (!model.multiple && idAt(instance, 1) !== 0)
    throw new CoapError(Code.BadRequest, `${model.name} has one Instance`);
  const { limit = DEFAULT_LIMIT } = creation.options;
  if (others.length >= limit) throw new CoapError(Code.BadRequest, `no more than ${limit} Instances`);
}

/**
 * The values to begin with. Mandatory Resources must be there; one that servers cannot write may be given and need not,
 * and an optional one of that kind is ignored (LwM2M Core 1.1 §8.2.3). @throws CoapError with the answer if they cannot be.
 */
export function beginning({ instance, nodes }: Birth, { creation, model }: Rules): Beginning {
  if (nodes.length > MAX_VALUES) throw new CoapError(Code.RequestEntityTooLarge, `no more than ${MAX_VALUES} values`);
  const values = new Map<Path, ResourceValue>();
  for (const node of nodes) {
    const resource = model.resources.get(idAt(node.path, 2) ?? -1);
    if (resource === undefined) continue;
    if (resource.operations === "E") throw new CoapError(Code.MethodNotAllowed, `${node.path} is executed`);
    if (values.has(node.path)) throw new CoapError(Code.BadRequest, `${node.path}: more than once`);
    checkRange(node, resource);
    if (resource.operations.includes("W") || resource.mandatory) values.set(node.path, node.value);
  }
  const given = new Set([...values.keys()].map((path) => idAt(path, 2)));
  const vacant: Path[] = [];
  for (const [key, value] of Object.entries(creation.options.defaults ?? {})) {
    const id = Number(key);
    if (given.has(id)) continue;
    const resource = child(instance, id);
    if (!isList(value)) values.set(resource, value);
    else if (value.length === 0) vacant.push(resource);
    else for (const [i, each] of value.entries()) values.set(child(resource, i), each);
    given.add(id);
  }
  for (const { id, mandatory, operations, name } of model.resources.values())
    if (mandatory && operations.includes("W") && !given.has(id))
      throw new CoapError(Code.BadRequest, `${child(instance, id)} ${name} is missing`);
  return { values: [...values].map(([path, value]) => ({ path, value })), vacant };
}

function isList(value: ResourceValue | readonly ResourceValue[]): value is readonly ResourceValue[] {
  return Array.isArray(value);
}
