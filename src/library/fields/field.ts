/** One field of a definition, compiled: from the payload to a quantity under its name. */

import type { FieldSpec } from "../definition/field.ts";
import type { Framing, Raw, Reader } from "../framing/framing.ts";
import { significant } from "../language/decimal.ts";
import { type Expression, type Lookup, truthy } from "../language/expression.ts";
import { checkedExpression, type KnownNames } from "../language/names.ts";
import { compileMeaning, type Meaning } from "./meaning.ts";
import { foreignKey, twoPlaces } from "./places.ts";
import type { Quantity, Values } from "../reading.ts";
import { unitHint } from "./unit-hint.ts";
import type { Complain, Where } from "../source.ts";
import { convert, isSourceUnit } from "../../model/units.ts";

/** Sets what a payload says of a field among the values; one that it does not speak of is not set. */
export type ReadField<Opened> = (opened: Opened, values: Values, lookup: Lookup) => void;

export interface Field<Opened> {
  readonly name: string;
  /** It may come several times, under names of their own. */
  readonly many: boolean;
  readonly unit: string | undefined;
  readonly read: ReadField<Opened>;
}

export interface FieldContext<Opened> {
  readonly framing: Framing<Opened>;
  /** How the framing is chosen: a key of `frame`. */
  readonly kind: string;
  /** Fields that stand above. */
  readonly known: KnownNames;
  /** All of its place, those that stand below too. */
  readonly later: ReadonlySet<string>;
  readonly complain: Complain;
}

/** Numbers that an `index` may give. */
const MAX_INDEX = 16;

/** Undefined after a complaint. */
export function compileField<Opened>(
  [name, spec]: readonly [name: string, spec: FieldSpec],
  where: Where,
  context: FieldContext<Opened>,
): Field<Opened> | undefined {
  const { framing, complain } = context;
  const contradiction = twoPlaces(spec);
  if (contradiction) complain([...where, contradiction.key], contradiction.message);
  const meant = inUnitOf(spec, framing.named?.get(spec.name ?? name)?.unit);
  checkUnits(meant, where, complain);
  const fallen = spec.table?.findIndex(([x], i) => i > 0 && x <= (spec.table?.[i - 1]?.[0] ?? -Infinity)) ?? -1;
  if (fallen > 0) complain([...where, "table", fallen], "the points of a table rise: raw values from low to high");
  const when = spec.when === undefined ? undefined : checkedExpression(spec.when, [...where, "when"], context);
  const index = spec.index === undefined ? undefined : checkedExpression(spec.index, [...where, "index"], context);
  const unconditional = compileMeaning(meant, framing);
  const meaning = conditional(unconditional, when);
  const field = { name, unit: meant.unit };
  if (spec.expr !== undefined) {
    const expression = checkedExpression(spec.expr, [...where, "expr"], context);
    if (!expression) return undefined;
    const misplaced = contradiction ? undefined : foreignKey(spec, context.kind);
    if (misplaced) complain([...where, misplaced.key], misplaced.message);
    return { ...field, many: index !== undefined, read: computed(expression, nameFrom(name, index), meaning) };
  }
  const reader = framing.reader(name, spec);
  if (typeof reader === "string") {
    complain(where, reader);
    return undefined;
  }
  const foreign = contradiction ? undefined : foreignKey(spec, context.kind);
  if (foreign) complain([...where, foreign.key], foreign.message);
  if ("one" in reader && spec.when === undefined && spec.index === undefined)
    return { ...field, many: false, read: plain(name, reader.one, unconditional) };
  if ("one" in reader)
    return { ...field, many: index !== undefined, read: one(reader.one, nameFrom(name, index), meaning) };
  if (index) complain([...where, "index"], "a field that stands for many has no index of its own");
  return { ...field, many: true, read: many(name, reader.many, meaning) };
}

/** What already has a unit keeps it, or is converted. */
function inUnitOf(spec: FieldSpec, spoken: string | undefined): FieldSpec {
  if (spoken === undefined || spec.given !== undefined || spec.expr !== undefined) return spec;
  if (spec.unit === undefined) return { ...spec, unit: spoken };
  return spec.unit === spoken ? spec : { ...spec, given: spoken };
}

function checkUnits({ unit, given }: FieldSpec, where: Where, complain: Complain): void {
  if (unit !== undefined && !isSourceUnit(unit)) complain([...where, "unit"], `unknown unit "${unit}"`, unitHint(unit));
  if (given === undefined) return;
  if (unit === undefined) {
    complain([...where, "given"], '"unit" is missing: what shall the value be given in?');
    return;
  }
  const spoken = typeof given === "string" ? [given] : Object.values(given.map);
  for (const each of spoken) {
    if (!isSourceUnit(each)) complain([...where, "given"], `unknown unit "${each}"`, unitHint(each));
    else if (convert(1, each, unit) === undefined) complain([...where, "given"], `${each} does not convert to ${unit}`);
  }
}

/** What a raw value means; undefined if it is not available. */
type Conditional<Opened> = (raw: Raw, opened: Opened, lookup: Lookup) => Quantity | undefined;

function conditional<Opened>(meaning: Meaning<Opened>, when: Expression | undefined): Conditional<Opened> {
  if (!when) return (raw, opened) => (raw === null || raw === undefined ? undefined : meaning(raw, opened));
  return (raw, opened, lookup) =>
    raw === null || raw === undefined || !truthy(when.evaluate(lookup)) ? undefined : meaning(raw, opened);
}

/** The name of a field in this payload; undefined if it is none. */
type NameOf = (lookup: Lookup) => string | undefined;

function nameFrom(name: string, index: Expression | undefined): NameOf {
  if (!index) return () => name;
  const names = Array.from({ length: MAX_INDEX + 1 }, (_, n) => `${name}_${n}`);
  return (lookup) => {
    const n = index.evaluate(lookup);
    return typeof n === "number" && n >= 1 ? names[n] : undefined;
  };
}

/** Computed from other fields, if the payload speaks of any of them. */
function computed<Opened>(expression: Expression, nameOf: NameOf, meaning: Conditional<Opened>): ReadField<Opened> {
  const { names } = expression;
  return (opened, values, lookup) => {
    if (names.length > 0 && !anyOf(names, values)) return;
    const value = expression.evaluate(lookup);
    const name = nameOf(lookup);
    if (name === undefined) return;
    values.set(name, meaning(typeof value === "number" ? significant(value) : value, opened, lookup));
  };
}

function anyOf(names: readonly string[], values: Values): boolean {
  for (const name of names) if (values.has(name)) return true;
  return false;
}

type One<Opened> = (opened: Opened) => Raw;

function one<Opened>(read: One<Opened>, nameOf: NameOf, meaning: Conditional<Opened>): ReadField<Opened> {
  return (opened, values, lookup) => {
    const raw = read(opened);
    const name = raw === undefined ? undefined : nameOf(lookup);
    if (name !== undefined) values.set(name, meaning(raw, opened, lookup));
  };
}

/** What nearly all fields are: always there, under their own name. */
function plain<Opened>(name: string, read: One<Opened>, meaning: Meaning<Opened>): ReadField<Opened> {
  return (opened, values) => {
    const raw = read(opened);
    if (raw !== undefined) values.set(name, raw === null ? undefined : meaning(raw, opened));
  };
}

type Many<Opened> = Extract<Reader<Opened>, { many: unknown }>["many"];

/** Names of one field whose component was heard, at most. */
const MAX_NAMES = 64;

function many<Opened>(name: string, read: Many<Opened>, meaning: Conditional<Opened>): ReadField<Opened> {
  // The same few with every message: a text that was put together anew would have to be hashed anew.
  const names = new Map<string, string>();
  const nameOf = (component: string) => {
    const known = names.get(component);
    if (known !== undefined) return known;
    if (names.size >= MAX_NAMES) names.clear();
    const made = component === "" ? name : `${component}/${name}`;
    names.set(component, made);
    return made;
  };
  return (opened, values, lookup) => {
    for (const [component, suffix, raw] of read(opened))
      values.set(nameOf(component) + suffix, meaning(raw, opened, lookup));
  };
}
