/** What a raw value means: mapped, scaled, converted, held against its limits. */

import type { Scalar } from "../../base/outcome.ts";
import { convert } from "../../model/units.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { Framing } from "../framing/framing.ts";
import { curve } from "../language/curve.ts";
import { linear, significant } from "../language/decimal.ts";
import type { Quantity } from "../reading.ts";

/** Undefined if it is not available. `Opened` tells the unit, where the payload does. */
export type Meaning<Opened> = (raw: Scalar, opened: Opened) => Quantity | undefined;

export function compileMeaning<Opened>(spec: FieldSpec, framing: Framing<Opened>): Meaning<Opened> {
  const isInvalid = invalidTest(spec.invalid);
  const map = spec.map && new Map(Object.entries(spec.map));
  const scaled = spec.scale !== undefined || spec.offset !== undefined;
  const table = spec.table && curve(spec.table);
  const scale = scaled ? linear(spec.scale ?? 1, spec.offset ?? 0) : undefined;
  const inUnit = unitConversion(spec, framing);
  const [low, high] = spec.range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  const numeric = scaled || spec.range !== undefined || table !== undefined;
  const { unit } = spec;
  return (raw, opened) => {
    if (isInvalid?.(raw) === true) return undefined;
    const value = map ? map.get(String(raw)) : raw;
    if (typeof value !== "number") {
      if (value === undefined || numeric) return undefined;
      return unit === undefined ? { value } : { value, unit };
    }
    const straight = table ? table(value) : value;
    const scaledValue = scale ? scale(straight) : straight;
    const final = inUnit ? inUnit(scaledValue, opened) : scaledValue;
    // NaN is in no range.
    if (final === undefined || !(final >= low && final <= high)) return undefined;
    return unit === undefined ? { value: final } : { value: final, unit };
  };
}

function invalidTest(invalid: FieldSpec["invalid"]): ((raw: Scalar) => boolean) | undefined {
  if (invalid === undefined) return undefined;
  const [only, ...more] = [invalid].flat();
  const all = new Set<Scalar | undefined>([only, ...more]);
  return more.length === 0 ? (raw) => raw === only : (raw) => all.has(raw);
}

type Conversion<Opened> = (value: number, opened: Opened) => number | undefined;

function unitConversion<Opened>({ unit, given }: FieldSpec, framing: Framing<Opened>): Conversion<Opened> | undefined {
  if (unit === undefined || given === undefined) return undefined;
  const exact = (value: number, from: string) => {
    const converted = convert(value, from, unit);
    return converted === undefined ? undefined : significant(converted);
  };
  if (typeof given === "string") return (value) => exact(value, given);
  const spoken = framing.text?.(given.json);
  const units = new Map(Object.entries(given.map));
  return (value, opened) => {
    const word = spoken?.(opened);
    // Nothing said: as the definition says. Said, but not understood: no value at all.
    const from = word === undefined ? unit : units.get(word);
    return from === undefined ? undefined : exact(value, from);
  };
}
