/** What a definition may say by its words but cannot mean: mistakes that would otherwise pass in silence. */

import type { Definition } from "./definition/definition.ts";
import type { FieldSpec } from "./definition/field.ts";
import type { Complain, Where } from "./source.ts";

export function checkSense({ fields = {}, forms = [], tests }: Definition, complain: Complain): void {
  const places: (readonly [Where, Readonly<Record<string, FieldSpec>>])[] = [
    [["fields"], fields],
    ...forms.map((form, i) => [["forms", i, "fields"], form.fields] as const),
  ];
  for (const [where, specs] of places)
    for (const [name, spec] of Object.entries(specs)) checkInvalid(spec, [...where, name, "invalid"], complain);
  checkNames(tests, complain);
}

/** Types of raw values that are never text. Of lines and JSON, a number may be compared as the text that stands there. */
const NUMERIC = /^(?:[ui]\d+|f\d+|sm\d+|bcd|medfloat\d+)(?:[bl]e|\.le)?$/;

function checkInvalid({ invalid, type }: FieldSpec, where: Where, complain: Complain): void {
  if (invalid === undefined || type === undefined || !NUMERIC.test(type)) return;
  const text = [invalid].flat().find((each) => typeof each === "string");
  if (text === undefined) return;
  const hint = text.trim() !== "" && Number.isFinite(Number(text)) ? "without quotes" : undefined;
  complain(where, `a raw value of type ${type} is never the text "${text.slice(0, 40)}"`, hint);
}

function checkNames(tests: Definition["tests"], complain: Complain): void {
  const names = new Set<string>();
  for (const [i, { name }] of tests.entries()) {
    if (names.has(name))
      complain(["tests", i, "name"], `a golden frame above is named "${name}" already`, "give it another name");
    names.add(name);
  }
}
