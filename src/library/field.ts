/** One field of a definition, compiled: from the raw value of the payload to a quantity. */

import type { Scalar } from "../base/outcome.ts";
import { convert, isSourceUnit, sourceUnits } from "../model/units.ts";
import { didYouMean } from "./check.ts";
import { linear, significant } from "./language/decimal.ts";
import type { FieldSpec } from "./definition/field.ts";
import { type Expression, type Lookup, truthy } from "./language/expression.ts";
import type { Framing, Raw, Reader } from "./framing/framing.ts";
import type { Quantity } from "./reading.ts";
import type { Complain, Where } from "./source.ts";
import { checkedExpression } from "./language/names.ts";

/** What a raw value means: undefined if it is not available. `Opened` tells the unit, where the payload does. */
type Meaning<Opened> = (raw: Scalar, opened: Opened) => Quantity | undefined;

export interface Field<Opened> {
  readonly name: string;
  /** Known to other fields only. */
  readonly hidden: boolean;
  readonly spec: FieldSpec;
  /** How it is found in the payload; absent if it is computed. */
  readonly reader?: Reader<Opened>;
  readonly expression?: Expression;
  readonly when?: Expression;
  readonly meaning: Meaning<Opened>;
}

/** The places a field may name: more than one of them is a contradiction. */
const PLACES = ["at", "json", "column", "group", "nmea", "fc", "name", "expr"] as const;

export interface FieldContext<Opened> {
  readonly framing: Framing<Opened>;
  /** Fields that stand above. */
  readonly known: ReadonlySet<string>;
  readonly complain: Complain;
}

/** Undefined after a complaint. */
export function compileField<Opened>(
  name: string,
  spec: FieldSpec,
  { framing, known, complain }: FieldContext<Opened>,
): Field<Opened> | undefined {
  const where: Where = ["fields", name];
  const places = PLACES.filter((place) => spec[place] !== undefined);
  if (places.length > 1) complain([...where, places[1]!], `"${places[0]}" and "${places[1]}" say two places`);
  checkUnits(spec, where, complain);
  const context = { known, complain };
  const when = spec.when === undefined ? undefined : checkedExpression(spec.when, [...where, "when"], context);
  const meaning = compileMeaning(spec, framing);
  const common = { name, hidden: name.startsWith("_"), spec, meaning, ...(when && { when }) };
  if (spec.expr !== undefined) {
    const expression = checkedExpression(spec.expr, [...where, "expr"], context);
    return expression && { ...common, expression };
  }
  const reader = framing.reader(name, spec);
  if (typeof reader !== "string") return { ...common, reader };
  complain(where, reader);
  return undefined;
}

function checkUnits({ unit, given }: FieldSpec, where: Where, complain: Complain): void {
  if (unit !== undefined && !isSourceUnit(unit))
    complain([...where, "unit"], `unknown unit "${unit}"`, didYouMean(unit, sourceUnits()) ?? "units are SenML names");
  if (given === undefined) return;
  if (unit === undefined) {
    complain([...where, "given"], '"unit" is missing: what shall the value be given in?');
    return;
  }
  const spoken = typeof given === "string" ? [given] : Object.values(given.map);
  for (const each of spoken) {
    if (!isSourceUnit(each)) complain([...where, "given"], `unknown unit "${each}"`, didYouMean(each, sourceUnits()));
    else if (convert(1, each, unit) === undefined) complain([...where, "given"], `${each} does not convert to ${unit}`);
  }
}

function compileMeaning<Opened>(spec: FieldSpec, framing: Framing<Opened>): Meaning<Opened> {
  const invalid = new Set<unknown>(spec.invalid === undefined ? [] : [spec.invalid].flat());
  const map = spec.map && new Map(Object.entries(spec.map));
  const scaled = spec.scale !== undefined || spec.offset !== undefined;
  const scale = scaled ? linear(spec.scale ?? 1, spec.offset ?? 0) : undefined;
  const inUnit = unitConversion(spec, framing);
  const [low, high] = spec.range ?? [-Infinity, Infinity];
  const { unit } = spec;
  return (raw, opened) => {
    if (invalid.size > 0 && invalid.has(raw)) return undefined;
    const value = map ? map.get(String(raw)) : raw;
    if (typeof value !== "number") {
      if (value === undefined || scale || spec.range) return undefined;
      return unit === undefined ? { value } : { value, unit };
    }
    const scaledValue = scale ? scale(value) : value;
    const final = inUnit ? inUnit(scaledValue, opened) : scaledValue;
    if (final === undefined || !Number.isFinite(final) || final < low || final > high) return undefined;
    return unit === undefined ? { value: final } : { value: final, unit };
  };
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

/** What has been read so far. A hidden or computed field sees the fields above it. */
export type Values = Map<string, Quantity | undefined>;

/** Reads a field from an opened payload; a field that the payload does not speak of is not set. */
export function readField<Opened>(field: Field<Opened>, opened: Opened, values: Values, lookup: Lookup): void {
  const { name, reader, expression } = field;
  if (expression) {
    if (expression.names.length > 0 && !expression.names.some((each) => values.has(each))) return;
    const value = expression.evaluate(lookup);
    values.set(name, meant(field, typeof value === "number" ? significant(value) : value, opened, lookup));
  } else if (reader && "one" in reader) {
    const raw = reader.one(opened);
    if (raw !== undefined) values.set(name, meant(field, raw, opened, lookup));
  } else if (reader) {
    for (const [component, suffix, raw] of reader.many(opened))
      values.set(`${component}/${name}${suffix}`, meant(field, raw, opened, lookup));
  }
}

function meant<Opened>({ when, meaning }: Field<Opened>, raw: Raw, opened: Opened, lookup: Lookup) {
  if (raw === null || raw === undefined || (when && !truthy(when.evaluate(lookup)))) return undefined;
  return meaning(raw, opened);
}
