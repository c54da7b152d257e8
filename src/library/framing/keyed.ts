/** Telegrams of named values that say their units themselves: what DSMR, D0, SML, M-Bus, VE.Direct and Teleinfo have in common. */

import type { Scalar } from "../../base/outcome.ts";
import { DecodeError } from "../../base/bytes.ts";
import { convert } from "../../model/units.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { FieldSpec } from "../definition/field.ts";
import { significant } from "../language/decimal.ts";
import { type Framing, isQuantity, type Raw, type Reader, readNumber, wrongType } from "./framing.ts";

/** One value of a telegram. `null`: the device says that it has none. */
export interface Keyed {
  readonly value: Scalar | null;
  /** As SenML or `given` would call it, where the telegram says so. */
  readonly unit?: string;
}

export type Telegram = ReadonlyMap<string, Keyed>;

/** `what` names such payloads in complaints. */
export function keyedFraming(open: (frame: Frame) => Telegram | undefined, what: string): Framing<Telegram> {
  return { open, reader: (name, spec) => keyedReader(name, spec, what) };
}

function keyedReader(name: string, spec: FieldSpec, what: string): Reader<Telegram> | string {
  const wrong = wrongType(spec, what);
  if (wrong !== undefined) return wrong;
  const key = spec.name ?? name;
  const quantity = isQuantity(spec);
  const wanted = typeof spec.given === "string" ? spec.given : spec.unit;
  return {
    one(telegram) {
      const found = telegram.get(key);
      if (found === undefined) return undefined;
      return quantity ? numberOf(found, wanted) : found.value;
    },
  };
}

/** In the unit that the field speaks. A unit that does not convert into it is another quantity: no value at all. */
function numberOf({ value, unit }: Keyed, wanted: string | undefined): Raw {
  const number = typeof value === "string" ? readNumber(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return null;
  if (unit === undefined || wanted === undefined || unit === wanted) return number;
  const converted = convert(number, unit, wanted);
  return converted === undefined ? null : significant(converted);
}

/** The bytes of a frame, however it was cut: text is read one character per byte. @throws DecodeError if there are none. */
export function bytesOf({ payload }: Frame, most: number): Uint8Array {
  const bytes =
    payload.kind === "bytes"
      ? payload.bytes
      : payload.kind === "message"
        ? payload.body
        : payload.kind === "text"
          ? Buffer.from(payload.text, "latin1")
          : undefined;
  if (bytes === undefined) throw new DecodeError(`no bytes in a frame of ${payload.kind}`);
  if (bytes.length > most) throw new DecodeError(`telegram of ${bytes.length} bytes`);
  return bytes;
}

/** `digits × 10^exponent`, as the decimal that people would write: 224624136 and -1 are 22462413.6. */
export function scaledByTen(digits: number, exponent: number): number {
  return exponent < 0 ? digits / 10 ** -exponent : digits * 10 ** exponent;
}
