/** What stands at a path, as bytes in the format that was asked for: for Read and for every notification. */

import type { Clock, Stamp } from "../base/clock.ts";
import { Code, type Reply } from "../coap/index.ts";
import { type Codec, codecOf, Format, type Node } from "../content/index.ts";
import { child, depth, idAt, type Path } from "../model/path.ts";
import { Right } from "./access.ts";
import type { ResourceModel } from "../model/objects.ts";
import { typeOfValue, type View } from "./view.ts";

/** A value younger than this is as good as measured now. */
const FRESH_MS = 1_000;
/** Objects below describe the client itself. What was set long ago still holds, and some servers refuse times in a Read. */
const FIRST_TIMED_OBJECT = 10;
/** Extremes after a reset, a name, a doubt: said about a measurement, perhaps long after it. They make no value younger. */
const REMARKS: ReadonlySet<number | undefined> = new Set([5601, 5602, 5750, 6042]);

/** What stands at a path. */
export interface Contents {
  readonly nodes: readonly Node[];
  /** When the newest of the values was measured; where nothing is measured, when the newest was said. */
  readonly newest: Stamp | undefined;
}

/** The same, and the format to show it in. */
export interface Representation extends Contents {
  readonly codec: Codec;
}

const NOTHING: Contents = { nodes: [], newest: undefined };

/** Readable values at or below `where`; what the server may not read is left out (LwM2M Core 1.1 §6.3.1). */
export function contentsOf(view: View, where: Path): Contents {
  const level = depth(where);
  if (level >= 2 && !view.permits(where, Right.Read)) return NOTHING;
  if (level >= 3) {
    const model = view.resource(where);
    if (level === 4 || model?.multiple === false) return valueAt(view, where, model);
  }
  const nodes: Node[] = [];
  let newest: Stamp | undefined;
  let remarked: Stamp | undefined;
  for (const [path, { value, at }] of view.entries(where)) {
    const model = view.resource(path);
    if (model !== undefined && !model.operations.includes("R")) continue;
    // A single value given for a multiple Resource is its first Resource Instance.
    const lifted = model?.multiple === true && depth(path) === 3 ? child(path, 0) : path;
    nodes.push({ path: lifted, type: model?.type ?? typeOfValue(value), value });
    if (REMARKS.has(idAt(path, 2))) remarked = later(remarked, at);
    else newest = later(newest, at);
  }
  return { nodes, newest: newest ?? remarked };
}

/** The way that most Reads take: one value, at this very path, which the server is known to be allowed to read. */
export function valueAt(view: View, path: Path, model: ResourceModel | undefined): Contents {
  const entry = view.entry(path);
  if (entry === undefined || model?.operations.includes("R") === false) return NOTHING;
  const { value, at } = entry;
  return { nodes: [{ path, type: model?.type ?? typeOfValue(value), value }], newest: at };
}

const later = (a: Stamp | undefined, b: Stamp): Stamp => (a === undefined || b.ms > a.ms ? b : a);

/**
 * The format of an answer: the one accepted, else text for a single value and TLV for more, which every server reads.
 * Undefined if the nodes cannot be written so (LwM2M Core 1.1 §7.4).
 */
export function chooseCodec(where: Path, nodes: readonly Node[], accept: number | undefined): Codec | undefined {
  const single = depth(where) >= 3 && nodes.length === 1 && nodes[0]!.path === where;
  if (accept === undefined) {
    if (!single) return codecOf(Format.Tlv);
    return codecOf(nodes[0]!.type === "opaque" ? Format.Opaque : Format.Text);
  }
  const codec = codecOf(accept);
  if (codec === undefined || (!codec.structured && !single)) return undefined;
  // Raw bytes stand for opaque values only.
  return codec.format === Format.Opaque && nodes[0]!.type !== "opaque" ? undefined : codec;
}

/** 2.05 with the nodes, or 5.00 if a value in the tree is not what its Resource should hold. */
export function contentReply(codec: Codec, nodes: readonly Node[], where: Path): Reply {
  try {
    const payload =
      nodes.length === 0 && codec.format === Format.Tlv && depth(where) === 3
        ? emptyList(idAt(where, 2) ?? 0)
        : codec.encode(nodes, where);
    return { code: Code.Content, format: codec.format, payload };
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
    return { code: Code.InternalServerError, diagnostic: `${where} cannot be written: ${error.message}` };
  }
}

/** A multiple Resource of no Instances in TLV: its header, kind 10, with a length of 0 (LwM2M Core 1.1 §7.4.3). */
function emptyList(id: number): Uint8Array {
  return id < 256 ? Uint8Array.of(0x80, id) : Uint8Array.of(0xa0, id >> 8, id & 0xff);
}

/** Seconds since 1970 at which a value was measured; undefined if that was just now, or one of the clocks was not set. */
export function measuredAt(at: Stamp, now: Stamp): number | undefined {
  return at.trusted && now.trusted && now.ms - at.ms > FRESH_MS ? at.ms / 1_000 : undefined;
}

/**
 * The nodes with the time of the newest of them if even that is not fresh, so that old values never pass for new ones.
 * One time for all: servers take several for several measurements.
 */
export function timed({ codec, nodes, newest }: Representation, clock: Clock): readonly Node[] {
  if (newest === undefined || !codec.timed) return nodes;
  const time = measuredAt(newest, clock.now());
  return time === undefined ? nodes : nodes.map(({ path, type, value }) => ({ path, type, value, time }));
}

/** Whether a Read answers with the time of measurement. */
export function tellsTime(where: Path): boolean {
  return (idAt(where, 0) ?? 0) >= FIRST_TIMED_OBJECT;
}
