/** All fields of a definition, compiled, in the order in which they are read. */

import type { Frame } from "../sdk/adapter.ts";
import type { FieldInfo, Session } from "./codecs/codec.ts";
import type { Definition } from "./definition/definition.ts";
import type { FieldSpec } from "./definition/field.ts";
import type { FrameSpec } from "./definition/frame.ts";
import { compileField, type ReadField } from "./field.ts";
import type { Framing } from "./framing/framing.ts";
import type { Lookup } from "./language/expression.ts";
import type { Values } from "./reading.ts";
import type { Complain, Where } from "./source.ts";

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

/** The fields of one place in a definition. */
interface Group<Opened> {
  readonly reads: readonly ReadField<Opened>[];
  /** Names that only other fields know. */
  readonly hidden: readonly string[];
}

export function compileFields<Opened>(context: Context<Opened>): FieldPlan {
  const { definition, framing, complain } = context;
  const infos = new Map<string, FieldInfo>();
  const known = new Set<string>();
  const { reads, hidden } = compileGroup([definition.fields ?? {}, ["fields"]], context, { infos, known });
  return {
    infos,
    read(frame, session) {
      const opened = framing.open(frame, session);
      if (opened === undefined) return undefined;
      const values: Values = framing.values?.(opened) ?? new Map();
      const lookup: Lookup = (name) => values.get(name)?.value;
      for (const read of reads) read(opened, values, lookup);
      for (const name of hidden) values.delete(name);
      return values;
    },
  };
}

type Named = readonly [fields: Readonly<Record<string, FieldSpec>>, where: Where];

interface Names {
  readonly infos: Map<string, FieldInfo>;
  readonly known: Set<string>;
}

function compileGroup<Opened>(
  [fields, where]: Named,
  { framing, kind, complain }: Context<Opened>,
  { infos, known }: Names,
): Group<Opened> {
  const reads: ReadField<Opened>[] = [];
  for (const [name, spec] of Object.entries(fields)) {
    const field = compileField([name, spec], [...where, name], { framing, kind, known, complain });
    if (field) reads.push(field.read);
    known.add(name);
    // A field with a mistake is still a field: whatever refers to it is no second mistake.
    if (!name.startsWith("_")) infos.set(name, infoOf(spec, field));
  }
  return { reads, hidden: Object.keys(fields).filter((name) => name.startsWith("_")) };
}

function infoOf({ unit, event }: FieldSpec, field: { unit: string | undefined; many: boolean } | undefined): FieldInfo {
  return { unit: field ? field.unit : unit, many: field?.many === true, ...(event && { event }) };
}
