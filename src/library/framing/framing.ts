/** What every way of reading a payload has in common. */

import type { Scalar } from "../../base/outcome.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { FieldInfo, Session } from "../codecs/codec.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { FormSpec } from "../definition/frame.ts";
import type { Values } from "../reading.ts";
import type { Complain, Where } from "../source.ts";

/** A value as the payload has it. `null`: said to be not available; `undefined`: not spoken of. */
export type Raw = Scalar | null | undefined;

/** A value of a field that stands for many: which component it belongs to, if any, and its number (`_2`) or nothing. */
export type Found = readonly [component: string, suffix: string, raw: Raw];

/** Finds one field in an opened payload; several, under names of their own, where the field stands for many. */
export type Reader<Opened> =
  | { readonly one: (opened: Opened) => Raw }
  | { readonly many: (opened: Opened) => Iterable<Found> };

/** One way of reading payloads. `Opened` is the payload made ready for its fields. */
export interface Framing<Opened> {
  /** Undefined: nothing in it for us. @throws DecodeError if it is malformed. */
  open(frame: Frame, session?: Session): Opened | undefined;
  /** How to find a field; a complaint in words if the definition does not say, or not rightly. */
  reader(name: string, spec: FieldSpec): Reader<Opened> | string;
  /** A string in the payload that is not a field: what unit the rest is in, and the like. */
  text?(path: string): (opened: Opened) => string | undefined;
  /** What has a name and a unit already, before any field is read. */
  values?(opened: Opened): Values;
  /** What these are: fields may speak of them as of others that stand above. */
  readonly named?: ReadonlyMap<string, FieldInfo>;
  /** Whether a payload has a form; absent where payloads have none. */
  form?(spec: FormSpec, where: Where, complain: Complain): (opened: Opened) => boolean;
}

/** A number as devices write it, or undefined. */
export function readNumber(text: string): number | undefined {
  return /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*$/.test(text) ? Number(text) : undefined;
}

const PLAIN_TYPES: readonly unknown[] = [undefined, "number", "text", "boolean", "iso8601"];

/** A complaint about a type that only other payloads have. */
export function wrongType({ type }: FieldSpec, payloads: string): string | undefined {
  return PLAIN_TYPES.includes(type) ? undefined : `${type ?? ""} is no type of ${payloads}`;
}

/** Whether a field is a quantity, so that text in the payload must be a number. */
export function isQuantity(spec: FieldSpec): boolean {
  return (
    spec.type === "number" ||
    (spec.type === undefined &&
      // What a map translates may be a word, whatever it stands for.
      spec.map === undefined &&
      [spec.unit, spec.scale, spec.offset, spec.range, spec.table].some((each) => each !== undefined))
  );
}
