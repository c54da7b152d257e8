/** Units as people write them, and what SenML (RFC 8428 §12.1) calls them: for error messages. */

import { sourceUnits } from "../../model/units.ts";
import { didYouMean } from "../check.ts";

const MEANT: readonly (readonly [written: RegExp, meant: string])[] = [
  [/^(?:°|deg)? ?c(?:elsius)?$|^grad$/i, '"Cel"'],
  [/^(?:°|deg)? ?f(?:ahrenheit)?$/i, '"Far"'],
  [/^%? ?r\.?h\.?$/i, '"%RH"'],
  [/^percent(?:age)?$|^pct$/i, '"%", "%RH" of humidity or "%EL" of a battery'],
  [/^volts?$/i, '"V"'],
  [/^amp(?:ere)?s?$/i, '"A"'],
  [/^watts?$/i, '"W"'],
  [/^lux$/i, '"lx"'],
  [/^(?:sec(?:ond)?s?)$/i, '"s"'],
  [/^(?:o|ug|µg|μg)\/m(?:3|³)$/i, '"ug/m3"'],
  [/^m³$/, '"m3"'],
  [/^°$|^deg(?:rees?)?$/i, '"deg" of an angle or "Cel" of a temperature'],
];

/** What was probably meant; else where names of units come from. */
export function unitHint(written: string): string {
  const meant = meantUnit(written);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return didYouMean(written, sourceUnits()) ?? "units are SenML names, such as Cel, %RH, hPa, V, W, kWh";
}

/** The unit that such a word usually means; undefined if it is a unit itself, or not one of the usual slips. */
export function meantUnit(written: string): string | undefined {
  const meant = MEANT.find(([pattern]) => pattern.test(written.trim()))?.[1];
  return meant === `"${written}"` ? undefined : meant;
}
