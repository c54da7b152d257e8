/** All fields of a definition, compiled, in the order in which they are read. */

import type { Frame } from "../../sdk/adapter.ts";
import type { FieldInfo, Session } from "../codecs/codec.ts";
import type { Definition } from "../definition/definition.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { FrameSpec } from "../definition/frame.ts";
import { compileField, type ReadField } from "./field.ts";
import { FieldNames } from "./names.ts";
import type { Framing } from "../framing/framing.ts";
import type { Lookup } from "../language/expression.ts";
import type { Quantity, Values } from "../reading.ts";
import type { Complain, Where } from "../source.ts";

export interface FieldPlan {
  readonly infos: ReadonlyMap<string, FieldInfo>;
  /** Undefined: nothing in it for us. @throws DecodeError if the frame is malformed, SealedError if it stays closed. */
  read(frame: Frame, session: Session | undefined): Values | undefined;
}

interface Context<Opened> {
  readonly definition: Definition;
  readonly framing: Framing<Opened>;
  readonly kind: keyof FrameSpec;
  readonly complain: Complain;
}

const HIDDEN_ONE = /^_|\/_/;

/** What is known of a field that only other fields know. */
const HIDDEN: FieldInfo = { unit: undefined, many: false };

/** The fields of one place in a definition. */
type Reads<Opened> = readonly ReadField<Opened>[];

interface Form<Opened> {
  readonly fits: (opened: Opened) => boolean;
  readonly reads: Reads<Opened>;
}

export function compileFields<Opened>(context: Context<Opened>): FieldPlan {
  const { definition, framing } = context;
  const { fields = {}, forms = [] } = definition;
  const names: Names = { infos: new FieldNames(), known: new FieldNames(framing.named) };
  const ofForms = new Set(forms.flatMap((form) => Object.keys(form.fields)));
  // What is computed from the fields of a form can only be so once these are known.
  const isLate = lateFields(fields, ofForms);
  const first = compileGroup([entriesOf(fields, (name) => !isLate(name)), ["fields"]], context, names);
  const compiled = compileForms(context, names);
  for (const name of ofForms) names.known.set(name, names.infos.get(name) ?? HIDDEN);
  const last = compileGroup([entriesOf(fields, isLate), ["fields"]], context, names);
  const hidden = [...names.known.keys()].filter((name) => name.startsWith("_"));
  const manyHidden = hidden.some((name) => names.known.get(name)?.many === true);
  return {
    infos: names.infos,
    read(frame, session) {
      const opened = framing.open(frame, session);
      if (opened === undefined) return undefined;
      const form = compiled && formOf(compiled, opened);
      if (compiled && !form) return undefined;
      const values: Values = framing.values?.(opened) ?? new Map<string, Quantity | undefined>();
      const lookup: Lookup = (name) => values.get(name)?.value;
      for (const read of first) read(opened, values, lookup);
      if (form) for (const read of form.reads) read(opened, values, lookup);
      for (const read of last) read(opened, values, lookup);
      for (const name of hidden) values.delete(name);
      // Of many there may be a second, such as _flags_2 or left/_flags.
      if (manyHidden) for (const name of values.keys()) if (HIDDEN_ONE.test(name)) values.delete(name);
      return values;
    },
  };
}

function formOf<Opened>(forms: readonly Form<Opened>[], opened: Opened): Form<Opened> | undefined {
  for (const form of forms) if (form.fits(opened)) return form;
  return undefined;
}

/** Computed fields that speak of what only forms have, or of one that does. */
function lateFields(fields: Fields, ofForms: ReadonlySet<string>): (name: string) => boolean {
  const late = new Set<string>();
  for (const [name, { expr }] of Object.entries(fields)) {
    const words = expr?.match(/[A-Za-z_]\w*/g) ?? [];
    if (words.some((word) => late.has(word) || (ofForms.has(word) && !Object.hasOwn(fields, word)))) late.add(name);
  }
  return (name) => late.has(name);
}

type Fields = Readonly<Record<string, FieldSpec>>;
type Entries = readonly (readonly [name: string, spec: FieldSpec])[];

const entriesOf = (fields: Fields, wanted: (name: string) => boolean): Entries =>
  Object.entries(fields).filter(([name]) => wanted(name));

interface Names {
  readonly infos: Map<string, FieldInfo>;
  /** Those that a field may speak of here, hidden ones too. */
  readonly known: FieldNames;
}

function compileGroup<Opened>(
  [fields, where]: readonly [fields: Entries, where: Where],
  { framing, kind, complain }: Context<Opened>,
  { infos, known }: Names,
): Reads<Opened> {
  const reads: ReadField<Opened>[] = [];
  const later = new Set(fields.map(([name]) => name));
  for (const [name, spec] of fields) {
    const field = compileField([name, spec], [...where, name], { framing, kind, known, later, complain });
    if (field) reads.push(field.read);
    // A field with a mistake is still a field: whatever refers to it is no second mistake.
    const info = infoOf(spec, field, infos.get(name));
    known.set(name, info);
    if (!name.startsWith("_")) infos.set(name, info);
  }
  return reads;
}

type Compiled = { readonly unit: string | undefined; readonly many: boolean } | undefined;

/** The same field may be in several forms. */
function infoOf({ unit, event }: FieldSpec, field: Compiled, other: FieldInfo | undefined): FieldInfo {
  const many = field?.many === true || other?.many === true;
  const happens = event ?? other?.event;
  return { unit: field ? field.unit : unit, many, ...(happens && { event: happens }) };
}

/** Each form knows the fields above all forms and its own; undefined if the definition has none. */
function compileForms<Opened>(context: Context<Opened>, { infos, known }: Names): readonly Form<Opened>[] | undefined {
  const { definition, framing, complain } = context;
  const { forms, fields = {} } = definition;
  if (forms && !framing.form) complain(["forms"], "only binary payloads have forms");
  return forms?.map((form, i) => {
    const where = ["forms", i];
    for (const [name, { unit }] of Object.entries(form.fields)) {
      if (Object.hasOwn(fields, name))
        complain([...where, "fields", name], `"${name}" is a field of all forms already`);
      const other = infos.get(name);
      if (other && other.unit !== unit)
        complain([...where, "fields", name], `"${name}" has another unit, ${other.unit ?? "none"}, in a form above`);
    }
    const names = { infos, known: new FieldNames(known) };
    const reads = compileGroup([Object.entries(form.fields), [...where, "fields"]], context, names);
    return { reads, fits: framing.form?.(form, where, complain) ?? (() => false) };
  });
}
