/** `commands.*.modbus`: a value becomes what is written to a coil or to registers. */

import type { Scalar } from "../../base/outcome.ts";
import type { Payload } from "../../sdk/adapter.ts";
import type { CommandSpec } from "../definition/objects.ts";
import type { FieldSpec } from "../definition/field.ts";
import { readNumber } from "../framing/framing.ts";
import { registerKey } from "../framing/registers.ts";
import { type Order, place, typeOf } from "../framing/word-order.ts";
import type { Lookup } from "../language/expression.ts";
import { checkedTemplate, type Names } from "../language/names.ts";
import type { Where } from "../source.ts";

type WriteSpec = NonNullable<CommandSpec["modbus"]>;
type Encode = (value: number) => Uint8Array;

/** Write Single Coil has two values (Modbus application protocol §6.5). */
const ON = [0xff, 0x00] as const;
const OFF = [0x00, 0x00] as const;
const SINGLE_COIL = 5;
const SINGLE_REGISTER = 6;
const SEVERAL_COILS = 15;

/** Undefined after a complaint. The payload is `{ "6:0x0010": bytes }`: function code, address, data. */
export function compileWrite(spec: WriteSpec, where: Where, names: Names) {
  const encode = encoder(spec);
  if (typeof encode === "string") {
    names.complain([...where, "type"], encode);
    return undefined;
  }
  const given = spec.value ?? "{raw}";
  const template = typeof given === "string" ? checkedTemplate(given, [...where, "value"], names) : undefined;
  if (typeof given === "string" && !template) return undefined;
  const key = registerKey(spec.fc, spec.address);
  return (lookup: Lookup): Payload | undefined => {
    const value = typeof given === "string" ? template?.value(lookup) : given;
    if (value === undefined) return undefined;
    return { kind: "registers", values: new Map([[key, encode(numberOf(value))]]) };
  };
}

/** A complaint in words for a type that does not fit into what is written. */
function encoder({
  fc,
  type = fc === SINGLE_COIL || fc === SEVERAL_COILS ? "bool" : "u16",
  order = "abcd",
}: WriteSpec) {
  const coil = fc === SINGLE_COIL || fc === SEVERAL_COILS;
  if (coil !== (type === "bool"))
    return coil ? "a coil takes bool" : "a register takes numbers: u16, i16, f32 and such";
  if (fc === SINGLE_COIL) return (value: number) => Uint8Array.from(value === 0 ? OFF : ON);
  if (fc === SEVERAL_COILS) return (value: number) => Uint8Array.of(value === 0 ? 0 : 1);
  const width = WIDTHS[typeOf(type) ?? ""];
  if (width === undefined) return `${type} cannot be written to registers`;
  if (fc === SINGLE_REGISTER && width !== 2)
    return `${type} does not fit into one register: function code 16 writes several`;
  return inOrder(bigEndian(type, width), type, order);
}

const WIDTHS: Readonly<Record<string, number>> = {
  ...{ u16be: 2, i16be: 2, u32be: 4, i32be: 4, u64be: 8, i64be: 8, f32be: 4, f64be: 8 },
};

function bigEndian(type: FieldSpec["type"], width: number): Encode {
  if (type?.startsWith("f") === true)
    return (value) => {
      const view = new DataView(new ArrayBuffer(width));
      if (width === 4) view.setFloat32(0, value);
      else view.setFloat64(0, value);
      if (width === 4 && !Number.isFinite(view.getFloat32(0)))
        throw new RangeError(`${value} does not fit into ${type}`);
      return new Uint8Array(view.buffer);
    };
  const signed = type?.startsWith("i") === true;
  const low = signed ? -(2 ** (width * 8 - 1)) : 0;
  const high = 2 ** (signed ? width * 8 - 1 : width * 8);
  return (value) => {
    const whole = Math.round(value);
    // What is written is what was asked for, or nothing: a device must not get its neighbour.
    if (Math.abs(whole - value) > 1e-6 * Math.max(1, Math.abs(value)))
      throw new RangeError(`${value} is between two values that the device knows`);
    if (whole < low || whole >= high || !Number.isSafeInteger(whole))
      throw new RangeError(`${value} does not fit into ${String(type)}`);
    const bytes = new Uint8Array(width);
    let rest = BigInt.asUintN(width * 8, BigInt(whole));
    for (let i = width - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    return bytes;
  };
}

function inOrder(encode: Encode, type: FieldSpec["type"], order: Order): Encode {
  // A type that says its order itself has no other.
  if (order === "abcd" || typeOf(type) === type) return encode;
  return (value) => {
    const bytes = encode(value);
    return bytes.map((_byte, i) => bytes[place(i, bytes.length, order)] ?? 0);
  };
}

/** @throws RangeError for what is no number. */
function numberOf(value: Scalar): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  const number = typeof value === "number" ? value : readNumber(value);
  if (number === undefined || !Number.isFinite(number)) throw new RangeError(`${String(value)} is no number`);
  return number;
}
