/** Modbus registers and coils: a field reads from the block that holds it, in the order of words that its maker chose. */

import { DecodeError } from "../../base/bytes.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { FrameSpec } from "../definition/frame.ts";
import { byteReader } from "./bytes.ts";
import type { Framing, Raw, Reader } from "./framing.ts";
import { type Order, ordered, typeOf, widthOf } from "./word-order.ts";

/** The name of a block: function code and its first address, such as `4:0x0000`. */
export const registerKey = (fc: number, address: number) => `${fc}:0x${address.toString(16).padStart(4, "0")}`;

/** Bytes from an address on. Of coils and inputs (function codes 1 and 2): bits, the lowest of the first byte first. */
interface Block {
  readonly fc: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** So many addresses the device has refused to tell: no bytes then. */
  readonly refused: number;
}
type Blocks = readonly Block[];

/** A block that was refused has `+` and how many addresses were asked for. */
const KEY = /^([1-4]):0x([0-9a-f]{4})(?:\+(\d{1,4}))?$/;
/** An adapter reads a device in a handful of requests. */
const MAX_BLOCKS = 64;

export function registersFraming(spec: FrameSpec["registers"] = true): Framing<Blocks> {
  const order = typeof spec === "object" ? spec.order : undefined;
  return {
    open({ payload }) {
      if (payload.kind !== "registers") throw new DecodeError(`no registers in a frame of ${payload.kind}`);
      return blocksOf(payload.values);
    },
    reader: (_name, field) => registerReader(field, field.order ?? order ?? "abcd"),
  };
}

function blocksOf(values: ReadonlyMap<string, Uint8Array>): Blocks {
  if (values.size > MAX_BLOCKS) throw new DecodeError(`${values.size} blocks of registers`);
  const blocks: Block[] = [];
  for (const [key, bytes] of values) {
    const match = KEY.exec(key);
    if (!match) throw new DecodeError(`"${key.slice(0, 40)}" names no registers`);
    const refused = Number(match[3] ?? 0);
    blocks.push({ fc: Number(match[1]), address: Number.parseInt(match[2] ?? "", 16), bytes, refused });
  }
  return blocks;
}

function registerReader(spec: FieldSpec, order: Order): Reader<Blocks> | string {
  const { fc, address } = spec;
  if (fc === undefined || address === undefined) return '"fc" and "address" are missing: which register?';
  if (fc <= 2) return bitReader(spec, fc, address);
  if (spec.type === "bool") return boolReader(fc, address);
  const width = widthOf(spec);
  const inner = byteReader({ ...spec, type: typeOf(spec.type) }, 0);
  if (typeof inner === "string" || !("one" in inner)) return typeof inner === "string" ? inner : "not a register";
  return {
    one(blocks): Raw {
      const block = holding(blocks, fc, address, 2);
      if (!block) return block;
      const from = (address - block.address) * 2;
      return inner.one(ordered(block.bytes, { from, width, order: typeOf(spec.type) === spec.type ? "abcd" : order }));
    },
  };
}

/** The block that holds at least the beginning of an address; `perAddress` bytes stand for each. Null: it was refused. */
function holding(blocks: Blocks, fc: number, address: number, perAddress: number): Block | null | undefined {
  for (const block of blocks) {
    const offset = (address - block.address) * perAddress;
    if (block.refused > 0) {
      if (block.fc === fc && offset >= 0 && address < block.address + block.refused) return null;
      continue;
    }
    // A block that begins with the field is its own, however short: too few bytes are a fault of the frame.
    if (block.fc === fc && offset >= 0 && (offset < block.bytes.length || offset === 0)) return block;
  }
  return undefined;
}

/** Any register but zero is true. */
function boolReader(fc: number, address: number): Reader<Blocks> {
  return {
    one(blocks) {
      const block = holding(blocks, fc, address, 2);
      if (!block) return block;
      const view = ordered(block.bytes, { from: (address - block.address) * 2, width: 2, order: "abcd" });
      if (view.byteLength < 2) throw new DecodeError(`${view.byteLength} bytes, 2 wanted`);
      return view.getUint16(0) !== 0;
    },
  };
}

function bitReader({ type }: FieldSpec, fc: number, address: number): Reader<Blocks> | string {
  if (type !== "bool") return `coils and inputs are of type bool, not ${type ?? "none"}`;
  return {
    one(blocks) {
      const block = holding(blocks, fc, address, 1 / 8);
      if (!block) return block;
      const bit = address - block.address;
      const byte = block.bytes[bit >> 3];
      if (byte === undefined) throw new DecodeError("no bytes of coils");
      return ((byte >> (bit & 7)) & 1) === 1;
    },
  };
}
