/** Writes TLV: nodes in, nested entries out (LwM2M Core 1.2 §7.4.4). */

import { depth, type Path } from "../model/path.ts";
import { isObjectLink, type ResourceValue } from "../model/value.ts";
import type { Node } from "./node.ts";
import { NONE, Places } from "./places.ts";
import { Sink, utf8Length } from "./sink.ts";
import { checked } from "./typed.ts";

/** Bits 7 and 6 of the type byte. */
export const Entry = { objectInstance: 0, resourceInstance: 1, multipleResource: 2, resource: 3 } as const;

const MAX_LENGTH = 0xff_ffff;
const OBJECT_DEPTH = 1;
const RESOURCE_DEPTH = 3;

const out = new Sink();
const places = new Places();

/** An entry whose content is being written: its header is put before the content when its length is known. */
interface Open {
  readonly id: number;
  readonly start: number;
}

/**
 * Nodes at or below `base` in any order, each path once.
 * @throws RangeError if a node lies outside `base`, or comes twice: TLV knows no times.
 */
export function writeTlv(nodes: readonly Node[], base: Path): Uint8Array {
  const from = depth(base);
  if (from < OBJECT_DEPTH) throw new RangeError("TLV cannot carry several Objects");
  const sorted = places.arrange(nodes, base);
  out.reset();
  let instance: Open | undefined;
  let resource: Open | undefined;
  for (let i = 0; i < sorted.length; i++) {
    const instanceId = places.id(i, 1);
    const resourceId = places.id(i, 2);
    const many = places.id(i, 3) !== NONE;
    const newInstance = from === OBJECT_DEPTH && instance?.id !== instanceId;
    if (resource && (newInstance || !many || resource.id !== resourceId)) {
      close(Entry.multipleResource, resource);
      resource = undefined;
    }
    if (newInstance) {
      if (instance) close(Entry.objectInstance, instance);
      instance = { id: instanceId, start: out.length };
    }
    if (many && from <= RESOURCE_DEPTH) resource ??= { id: resourceId, start: out.length };
    if (many) writeValue(Entry.resourceInstance, places.id(i, 3), sorted[i]!);
    else writeValue(Entry.resource, resourceId, sorted[i]!);
  }
  if (resource) close(Entry.multipleResource, resource);
  if (instance) close(Entry.objectInstance, instance);
  return out.take();
}

function close(kind: number, { id, start }: Open): void {
  const length = out.length - start;
  const end = out.length;
  // The header is written behind the content, then turned round to stand before it.
  writeHeader(kind, id, length);
  out.rotate(start, end);
}

function writeHeader(kind: number, id: number, length: number): void {
  if (length > MAX_LENGTH) throw new RangeError(`${length} bytes are too many for TLV`);
  const lengthBytes = length < 8 ? 0 : length <= 0xff ? 1 : length <= 0xffff ? 2 : 3;
  out.u8((kind << 6) | (id > 0xff ? 0x20 : 0) | (lengthBytes << 3) | (lengthBytes === 0 ? length : 0));
  if (id > 0xff) out.u16(id);
  else out.u8(id);
  if (lengthBytes === 1) out.u8(length);
  else if (lengthBytes > 1) {
    if (lengthBytes === 3) out.u8(length >> 16);
    out.u16(length);
  }
}

function writeValue(kind: number, id: number, node: Node): void {
  const { value, type } = checked(node);
  if (typeof value === "number") {
    if (type === "float") writeFloat(kind, id, value);
    else writeInteger(kind, id, value);
  } else if (typeof value === "string") {
    const length = utf8Length(value);
    writeHeader(kind, id, length);
    out.utf8(value, length);
  } else if (typeof value === "boolean") {
    writeHeader(kind, id, 1);
    out.u8(value ? 1 : 0);
  } else writeRare(kind, id, value);
}

function writeRare(kind: number, id: number, value: Exclude<ResourceValue, number | string | boolean>): void {
  if (typeof value === "bigint") {
    writeHeader(kind, id, 8);
    out.u64(value);
  } else if (isObjectLink(value)) {
    writeHeader(kind, id, 4);
    out.u16(value.object);
    out.u16(value.instance);
  } else {
    writeHeader(kind, id, value.length);
    out.bytes(value);
  }
}

/** The shorter of the two forms if it is exact, never less than four bytes (Appendix C). */
function writeFloat(kind: number, id: number, value: number): void {
  if (Math.fround(value) === value) {
    writeHeader(kind, id, 4);
    out.f32(value);
  } else {
    writeHeader(kind, id, 8);
    out.f64(value);
  }
}

/** An unsigned value keeps its top bit clear, so that servers that read it as signed see the same number. */
function writeInteger(kind: number, id: number, value: number): void {
  if (value >= -0x80 && value <= 0x7f) {
    writeHeader(kind, id, 1);
    out.u8(value);
  } else if (value >= -0x8000 && value <= 0x7fff) {
    writeHeader(kind, id, 2);
    out.u16(value);
  } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
    writeHeader(kind, id, 4);
    out.u32(value);
  } else {
    writeHeader(kind, id, 8);
    out.u64(BigInt(value));
  }
}
