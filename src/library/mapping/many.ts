/** Names of quantities that a device has several times. */

import type { Scalar } from "../../base/outcome.ts";

/** `temperature`, `temperature_2`, `AHT10/temperature` and `ENERGY/temperature_3` are all of the field `temperature`. */
export function isOneOf(name: string, field: string): boolean {
  const own = name.slice(name.lastIndexOf("/") + 1);
  return own === field || (own.startsWith(`${field}_`) && /^[1-9]\d{0,2}$/.test(own.slice(field.length + 1)));
}

/** Fields that stand for all values of a kind, where devices name their values themselves. */
const ANY: Readonly<Record<string, string>> = { any_number: "number", any_boolean: "boolean" };

export const isAny = (field: string): boolean => Object.hasOwn(ANY, field);

/** Whether a value heard under a name is one of the field's. */
export function isHeardOf(name: string, value: Scalar | undefined, field: string): boolean {
  return isAny(field) ? typeof value === ANY[field] : isOneOf(name, field);
}
