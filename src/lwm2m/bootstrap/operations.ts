/** What a Bootstrap-Server may ask for during its session (LwM2M Core 1.2 §6.1.7), performed on a draft. */

import { DecodeError } from "../../base/bytes.ts";
import { Code, CoapError, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { codecOf, Format, type Node } from "../../content/index.ts";
import type { ResourceModel } from "../../model/objects.ts";
import { cut, depth, idAt, parsePath, type Path, ROOT } from "../../model/path.ts";
import { inRange } from "../../model/value.ts";
import { ACCESS_CONTROL, SERVER } from "./configuration.ts";
import { discover, type Enabler } from "./discover.ts";
import { type Draft, isConfiguration } from "./draft.ts";
import { instancesIn } from "./headers.ts";
import { decodeLeniently } from "./lenient.ts";

const RESOURCE = 3;
/** The Instance of a Resource. */
const MAX_DEPTH = 4;
const DEVICE = 3;
const SEPARATOR = "/";

/** What else an operation must know. */
export interface Ground extends Enabler {
  /** Whether a value of another Object can be taken over at Finish: not if a device would have to obey. */
  readonly takes: (path: Path) => boolean;
}

/** Everything but Finish. Refusals are replies; only programming errors are thrown. */
export function operate(draft: Draft, request: IncomingRequest, ground: Ground): Reply {
  const where = pathOf(request);
  if (where === undefined) return { code: request.path.length > MAX_DEPTH ? Code.BadOption : Code.NotFound };
  try {
    switch (request.code) {
      case Code.GET:
        return request.accept === Format.LinkFormat
          ? discover(draft, where, request.query, ground)
          : read(draft, where, request, ground);
      case Code.PUT:
        return write(draft, where, request, ground);
      case Code.DELETE:
        return remove(draft, where);
      default:
        return { code: Code.MethodNotAllowed };
    }
  } catch (error) {
    if (error instanceof CoapError) return { code: error.code, diagnostic: error.message };
    if (error instanceof DecodeError) return { code: Code.BadRequest, diagnostic: error.message };
    throw error;
  }
}

/** Whether a request is Bootstrap-Finish, `POST /bs` (LwM2M Transport 1.2 §6.4.2). */
export function isFinish({ code, path }: IncomingRequest): boolean {
  return code === Code.POST && path.length === 1 && path[0] === "bs";
}

/** The only Objects that a Bootstrap-Server may look into are those that it must not break (§6.1.7.4). */
function read(draft: Draft, where: Path, { accept }: IncomingRequest, { models }: Ground): Reply {
  const object = idAt(where, 0);
  if ((object !== SERVER && object !== ACCESS_CONTROL) || depth(where) > 2) return { code: Code.MethodNotAllowed };
  const entries = draft.entries(where);
  if (entries.length === 0 && depth(where) === 2) return { code: Code.NotFound };
  const codec = codecOf(accept ?? Format.Tlv);
  if (!codec?.structured) return { code: Code.NotAcceptable };
  const nodes = entries.flatMap(([path, value]): Node[] => {
    const model = models.resource(path);
    return model === undefined ? [] : [{ path, type: model.type, value }];
  });
  return { code: Code.Content, format: codec.format, payload: codec.encode(nodes, where) };
}

function write(draft: Draft, where: Path, request: IncomingRequest, ground: Ground): Reply {
  const { models } = ground;
  const object = idAt(where, 0);
  if (object === undefined || depth(where) === MAX_DEPTH) return { code: Code.MethodNotAllowed };
  if (models.object(object) === undefined) return { code: Code.NotFound };
  if (depth(where) >= RESOURCE && models.resource(where) === undefined) return { code: Code.NotFound };
  const codec = codecOf(request.format ?? Format.Text);
  if (codec === undefined) return { code: Code.UnsupportedContentFormat };
  if (!codec.structured && depth(where) < RESOURCE) return { code: Code.UnsupportedContentFormat };
  const nodes = decodeLeniently(codec, request.payload, where, (path) => models.resource(path));
  draft.write(
    where,
    nodes.filter((node) => isTaken(where, node, ground)),
  );
  // An Instance of nothing but optional Resources may be written without any of them.
  const bare = depth(where) === 2 ? [where] : codec.format === Format.Tlv ? instancesIn(where, request.payload) : [];
  if (depth(where) < RESOURCE && !isConfiguration(where))
    for (const instance of bare) if (ground.takes(instance)) draft.create(instance);
  return { code: Code.Changed };
}

/**
 * Values of a Bootstrap-Pack: each Object that it brings takes the place of what was there (§6.1.7.7).
 * @throws DecodeError or CoapError if it cannot be taken.
 */
export function unpack(draft: Draft, format: number | undefined, payload: Uint8Array, ground: Ground): void {
  const codec = format === undefined ? undefined : codecOf(format);
  if (!codec?.structured) throw new DecodeError(`a pack in content format ${format ?? "of no name"}`);
  const nodes = decodeLeniently(codec, payload, ROOT, (path) => ground.models.resource(path));
  const objects = new Set(nodes.map(({ path }) => cut(path, 1)));
  for (const object of objects) draft.delete(object);
  for (const object of objects) {
    const own = nodes.filter(({ path }) => cut(path, 1) === object);
    draft.write(
      object,
      own.filter((node) => isTaken(object, node, ground)),
    );
  }
}

/** Whether a value can be kept. @throws CoapError if it cannot, and whoever sent it must know. */
function isTaken(where: Path, { path, value }: Node, { models, takes }: Ground): boolean {
  // The configuration is judged as a whole, at Finish (§6.1.6).
  if (isConfiguration(path)) return models.resource(path)?.operations !== "E";
  const model = models.resource(path);
  if (!inRange(value, model?.range)) throw new CoapError(Code.BadRequest, `${path} is out of range`);
  if (isSettable(model) && takes(path)) return true;
  // An Instance brings what it has; a Resource alone was meant.
  if (depth(where) >= RESOURCE) throw new CoapError(Code.MethodNotAllowed, `${path} is not for a server to provision`);
  return false;
}

/** What a device measures, nobody can provision. */
const isSettable = (model: ResourceModel | undefined): boolean => model?.operations.includes("W") === true;

function remove(draft: Draft, where: Path): Reply {
  if (depth(where) >= RESOURCE) return { code: Code.BadRequest, diagnostic: "whole Instances only" };
  if (idAt(where, 0) !== DEVICE && draft.keeps(where))
    return { code: Code.MethodNotAllowed, diagnostic: `${where} is part of the device` };
  draft.delete(where);
  return { code: Code.Deleted };
}

/** Some servers end the path of the root with an empty segment. */
function pathOf({ path }: IncomingRequest): Path | undefined {
  return parsePath(SEPARATOR + path.filter((segment, i) => segment !== "" || i < path.length - 1).join(SEPARATOR));
}
