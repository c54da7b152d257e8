/** How a field lies in bytes, wherever it stands: its type, its width, its bits. */

import type { FieldSpec } from "../../definition/field.ts";
import type { Raw } from "../framing.ts";
import { type Layout, NUMBERS, type ReadAt } from "./numbers.ts";
import { sliceLayout } from "./slices.ts";
import { address, MAX_BCD_BYTES, TEXTS, webAddress } from "./texts.ts";

const ADDRESS_BYTES = 6;
/** Types whose order of words a frame of registers gives. */
const ORDERLESS = /^(?:[ui](?:16|32|64)|f(?:32|64))$/;

/** A complaint in words if the definition does not say, or not rightly. */
export function layoutOf(spec: FieldSpec): Layout | string {
  const { type, bits, slices } = spec;
  if (slices) return sliceLayout(slices, spec);
  if (spec.signed !== undefined) return '"signed" is for slices: an integer has it in its type';
  if (type === undefined) return '"type" is missing';
  const number = NUMBERS.get(type);
  if (number) return bits ? bitLayout(number, type, bits) : { width: number[0], least: 0, read: number[1] };
  if (bits) return "bits can be taken from integers only";
  if (type === "mac" || type === "mac.le") return fixed(ADDRESS_BYTES, (bytes) => address(bytes, type === "mac.le"));
  if (type === "eddystone.url") return { width: 1, least: 0, read: (view, at) => webAddress(rest(view, at)) };
  const text = TEXTS.get(type);
  if (!text && ORDERLESS.test(type)) return `${type} in which order? there are ${type}be and ${type}le`;
  if (!text) return `${type} is no type of binary payloads`;
  if (spec.length === undefined) return '"length" is missing';
  if (type.startsWith("bcd") && spec.length > MAX_BCD_BYTES)
    return `packed decimals have ${MAX_BCD_BYTES} bytes at most`;
  return fixed(spec.length, text);
}

function fixed(width: number, read: (bytes: Uint8Array) => Raw): Layout {
  return {
    width,
    least: 0,
    read: (view, at) => read(new Uint8Array(view.buffer, view.byteOffset + at, width)),
  };
}

/** All that follows. */
const rest = (view: DataView, at: number) => new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at);

type Bits = NonNullable<FieldSpec["bits"]>;

function bitLayout([width, read]: readonly [number, ReadAt], type: string, bits: Bits): Layout | string {
  if (!/^[ui]/.test(type)) return "bits can be taken from integers only";
  if (bits.shift + bits.width > width * 8) return `bits ${bits.shift} to ${bits.shift + bits.width} of ${width * 8}`;
  const signed = bits.signed === true;
  const wide = width > 6;
  const taken = wide ? wideBits(bits, type.endsWith("le")) : narrowBits(bits, read);
  const modulus = 2 ** bits.width;
  const sign = modulus / 2;
  if (!signed) return { width, least: 0, read: taken };
  return {
    width,
    least: 0,
    read(view, at) {
      const value = taken(view, at);
      return value >= sign ? value - modulus : value;
    },
  };
}

/** A number has 53 bits: the low ones of a longer word are lost in it. */
function wideBits({ shift, width }: Bits, little: boolean): (view: DataView, at: number) => number {
  return (view, at) => Number(BigInt.asUintN(width, view.getBigUint64(at, little) >> BigInt(shift)));
}

function narrowBits({ shift, width }: Bits, read: ReadAt): (view: DataView, at: number) => number {
  const divisor = 2 ** shift;
  const modulus = 2 ** width;
  return (view, at) => {
    const value = Math.floor(Number(read(view, at)) / divisor) % modulus;
    return value < 0 ? value + modulus : value;
  };
}
