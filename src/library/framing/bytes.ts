/** Binary payloads: fields at fixed places. */

import { DecodeError, toHex } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import type { FieldSpec } from "../definition/field.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Complain } from "../source.ts";
import type { Framing, Raw, Reader } from "./framing.ts";

type ReadAt = (view: DataView, at: number) => number;

const u24 = (a: number, b: number, c: number) => (a << 16) | (b << 8) | c;
const signed24 = (value: number) => (value << 8) >> 8;
const high24 = (view: DataView, at: number) => u24(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2));
const low24 = (view: DataView, at: number) => u24(view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at));
/** One bit of sign, the rest magnitude. */
const signMagnitude = (value: number, bits: number) => {
  const sign = 2 ** (bits - 1);
  return value >= sign ? -(value - sign) : value;
};

/** Width in bytes, and how to read it. */
const NUMBERS: Readonly<Record<string, readonly [width: number, read: ReadAt]>> = {
  u8: [1, (view, at) => view.getUint8(at)],
  i8: [1, (view, at) => view.getInt8(at)],
  u16be: [2, (view, at) => view.getUint16(at)],
  u16le: [2, (view, at) => view.getUint16(at, true)],
  i16be: [2, (view, at) => view.getInt16(at)],
  i16le: [2, (view, at) => view.getInt16(at, true)],
  u24be: [3, high24],
  u24le: [3, low24],
  i24be: [3, (view, at) => signed24(high24(view, at))],
  i24le: [3, (view, at) => signed24(low24(view, at))],
  u32be: [4, (view, at) => view.getUint32(at)],
  u32le: [4, (view, at) => view.getUint32(at, true)],
  i32be: [4, (view, at) => view.getInt32(at)],
  i32le: [4, (view, at) => view.getInt32(at, true)],
  u64be: [8, (view, at) => Number(view.getBigUint64(at))],
  u64le: [8, (view, at) => Number(view.getBigUint64(at, true))],
  i64be: [8, (view, at) => Number(view.getBigInt64(at))],
  i64le: [8, (view, at) => Number(view.getBigInt64(at, true))],
  f32be: [4, (view, at) => shortest(view.getFloat32(at))],
  f32le: [4, (view, at) => shortest(view.getFloat32(at, true))],
  f64be: [8, (view, at) => view.getFloat64(at)],
  f64le: [8, (view, at) => view.getFloat64(at, true)],
  sm8: [1, (view, at) => signMagnitude(view.getUint8(at), 8)],
  sm16be: [2, (view, at) => signMagnitude(view.getUint16(at), 16)],
  sm16le: [2, (view, at) => signMagnitude(view.getUint16(at, true), 16)],
};

/** A single-precision float carries about seven digits; the rest is dust of the conversion. */
const shortest = (value: number) => Number(value.toPrecision(7));

interface Context {
  readonly definition: Pick<Definition, "frame" | "match">;
  readonly complain: Complain;
}

function payloadOf({ definition: { frame, match }, complain }: Context): (frame: Frame) => Uint8Array | undefined {
  const { bytes } = frame;
  if (bytes?.startsWith("ble.manufacturer") === true && match?.ble?.manufacturer === undefined)
    complain(["frame", "bytes"], "of which company? match.ble.manufacturer is missing");
  if (bytes === "ble.service_data" && match?.ble?.service_data === undefined)
    complain(["frame", "bytes"], "of which service? match.ble.service_data is missing");
  if (bytes === "ble.manufacturer") return advertBytes("manufacturer", match?.ble);
  if (bytes === "ble.manufacturer.raw") return advertBytes("manufacturer.raw", match?.ble);
  if (bytes === "ble.service_data") return advertBytes("service_data", match?.ble);
  return ({ payload }) =>
    payload.kind === "bytes" ? payload.bytes : payload.kind === "message" ? payload.body : undefined;
}

export function bytesFraming(context: Context): Framing<DataView> {
  const payload = payloadOf(context);
  return {
    open(frame) {
      const bytes = payload(frame);
      return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    reader(_name, spec) {
      if (spec.at === undefined) return '"at" is missing: where in the bytes does it stand?';
      return byteReader(spec, spec.at);
    },
  };
}

/** Reads a field of the given type at the given place. Shared with registers, which are bytes too. */
export function byteReader(spec: FieldSpec, at: number): Reader<DataView> | string {
  const { type } = spec;
  if (type === undefined) return '"type" is missing';
  const known = Object.hasOwn(NUMBERS, type) ? NUMBERS[type] : undefined;
  if (known) return numberReader(known, spec, at);
  if (spec.bits) return "bits can be taken from integers only";
  if (type === "mac" || type === "mac.le") return fixed(at, 6, (bytes) => address(bytes, type === "mac.le"));
  if (type !== "ascii" && type !== "hex") return `${type} is no type of binary payloads`;
  if (spec.length === undefined) return '"length" is missing';
  return fixed(at, spec.length, type === "hex" ? toHex : ascii);
}

function numberReader(known: readonly [number, ReadAt], spec: FieldSpec, at: number): Reader<DataView> | string {
  const [width, read] = known;
  const { bits, type = "" } = spec;
  if (bits && !/^[ui]/.test(type)) return "bits can be taken from integers only";
  const end = at + width;
  if (!bits) {
    return {
      one(view) {
        if (end > view.byteLength) throw new DecodeError(`${view.byteLength} bytes, ${end} wanted`);
        return finite(read(view, at));
      },
    };
  }
  if (bits.shift + bits.width > width * 8) return `bits ${bits.shift} to ${bits.shift + bits.width} of ${width * 8}`;
  const divisor = 2 ** bits.shift;
  const modulus = 2 ** bits.width;
  const wide = width > 6;
  return {
    one(view) {
      if (end > view.byteLength) throw new DecodeError(`${view.byteLength} bytes, ${end} wanted`);
      // A number has 53 bits: the low ones of a longer word are lost in it.
      if (wide) {
        const word = view.getBigUint64(at, type.endsWith("le"));
        return Number(BigInt.asUintN(bits.width, word >> BigInt(bits.shift)));
      }
      const value = Math.floor(read(view, at) / divisor) % modulus;
      return value < 0 ? value + modulus : value;
    },
  };
}

const finite = (value: number): Raw => (Number.isFinite(value) ? value : null);

function fixed(at: number, length: number, read: (bytes: Uint8Array) => string): Reader<DataView> {
  const end = at + length;
  return {
    one(view) {
      if (end > view.byteLength) throw new DecodeError(`${view.byteLength} bytes, ${end} wanted`);
      return read(new Uint8Array(view.buffer, view.byteOffset + at, length));
    },
  };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());

function address(bytes: Uint8Array, reversed: boolean): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += (i > 0 ? ":" : "") + HEX[bytes[reversed ? bytes.length - 1 - i : i]!]!;
  return text;
}

/** Printable characters up to the first zero. */
function ascii(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  const [shown = ""] = text.split("\0");
  return shown.replaceAll(/[^\x20-\x7e]/g, "").trim();
}
