/** A Resource that shows a field: the field's quantity in the Resource's unit and type. */

import { parseInstant } from "../../base/instant.ts";
import type { Scalar } from "../../base/outcome.ts";
import { convert } from "../../model/units.ts";
import type { ResourceType, ResourceValue } from "../../model/value.ts";
import { significant } from "../language/decimal.ts";

/** The value as the Resource has it; undefined if it cannot be one. */
export type ToResource = (value: Scalar) => ResourceValue | undefined;

/** `from` and `to` are units; without one of them the number stays as it is. */
export function toResource(type: ResourceType, from: string | undefined, to: string | undefined): ToResource {
  const converts = from !== undefined && to !== undefined && from !== to;
  const inUnit = converts
    ? (value: number) => {
        const converted = convert(value, from, to);
        return converted === undefined ? undefined : significant(converted);
      }
    : undefined;
  const typed = TYPED[type];
  return (value) => {
    if (typeof value !== "number" || !inUnit) return typed?.(value);
    const converted = inUnit(value);
    return converted === undefined ? undefined : typed?.(converted);
  };
}

const number = (value: Scalar) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
const integer = (value: Scalar) => {
  if (typeof value === "boolean") return value ? 1 : 0;
  const whole = typeof value === "number" ? Math.round(value) : Number.NaN;
  return Number.isSafeInteger(whole) ? whole : undefined;
};

const TYPED: Readonly<Partial<Record<ResourceType, ToResource>>> = {
  float: number,
  integer,
  unsigned: (value) => {
    const whole = integer(value);
    return whole !== undefined && whole >= 0 ? whole : undefined;
  },
  boolean: (value) => (typeof value === "boolean" ? value : typeof value === "number" ? value !== 0 : undefined),
  string: String,
  time: (value) => {
    const ms = typeof value === "string" ? parseInstant(value) : undefined;
    const whole = typeof value === "number" ? Math.floor(value) : Math.floor((ms ?? Number.NaN) / 1000);
    return Number.isSafeInteger(whole) ? whole : undefined;
  },
};

/** Whether definitions can feed a Resource of this type. */
export function canFeed(type: ResourceType): boolean {
  return TYPED[type] !== undefined;
}
