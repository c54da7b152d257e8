/** Where a field stands: which keys say so, and in which payloads they mean anything. */

import type { FieldSpec } from "../definition/field.ts";

/** A mistake at a key of a field. */
export interface Misplaced {
  readonly key: string;
  readonly message: string;
}

/** The places a field may name: more than one of them is a contradiction. */
const PLACES = ["at", "slices", "flag", "json", "column", "group", "nmea", "fc", "name", "expr"] as const;

/** The second of two places that a field names. */
export function twoPlaces(spec: FieldSpec): Misplaced | undefined {
  const [first, second] = PLACES.filter((place) => spec[place] !== undefined);
  return second && { key: second, message: `"${first}" and "${second}" say two places` };
}

/** Keys that mean something in some payloads only, and in which. */
const KEYS: readonly (readonly [keys: readonly (keyof FieldSpec)[], kinds: readonly string[], words: string])[] = [
  [["at", "in", "slices", "signed", "tag", "flag", "repeat", "step", "index"], ["bytes"], "binary payloads"],
  [["length", "bits"], ["bytes", "registers"], "binary payloads"],
  [["json", "topic"], ["json"], "JSON"],
  [["column"], ["csv"], "CSV"],
  [["group"], ["line"], "lines with an expression"],
  [["nmea"], ["nmea"], "NMEA sentences"],
  [["fc", "address", "order", "poll"], ["registers"], "registers"],
  [["name"], ["fields", "dsmr", "sml", "mbus", "vedirect", "d0", "teleinfo", "codec"], "payloads of named values"],
];

/** A key that payloads of this kind know nothing of. */
export function foreignKey(spec: FieldSpec, kind: string): Misplaced | undefined {
  for (const [keys, kinds, words] of KEYS) {
    if (kinds.includes(kind)) continue;
    const key = keys.find((each) => spec[each] !== undefined);
    if (key !== undefined) return { key, message: `"${key}" is for ${words} only` };
  }
  return undefined;
}
