/** Which fields of a definition its golden frames prove. */

import type { CompiledDevice } from "./compile.ts";
import { isAny, isOneOf } from "./mapping/many.ts";
import { mappedFields } from "./portrait.ts";

export interface Coverage {
  /** Fields that count: those the definition names, and those of its codec that it shows. */
  readonly fields: number;
  /** Those of them that no golden frame expects with a value. */
  readonly missing: readonly string[];
}

export function coverageOf({ definition, fields }: CompiledDevice): Coverage {
  const mapped = mappedFields(definition);
  const own = new Set(
    [definition.fields, ...(definition.forms ?? []).map((form) => form.fields)].flatMap((each) =>
      Object.keys(each ?? {}),
    ),
  );
  const counting = [...fields.keys()].filter((name) => own.has(name) || mapped.has(name));
  const proven = new Set<string>();
  for (const { expect = {} } of definition.tests)
    for (const [name, value] of Object.entries(expect)) if (value !== null) proven.add(name);
  const missing = counting.filter((name) => !provenBy(name, proven, fields.get(name)?.many === true));
  return { fields: counting.length, missing };
}

function provenBy(field: string, proven: ReadonlySet<string>, many: boolean): boolean {
  if (proven.has(field)) return true;
  // Whatever name the value was heard under.
  if (isAny(field)) return proven.size > 0;
  return many && [...proven].some((name) => isOneOf(name, field));
}
