/** Names of quantities that a device has several times. */

/** `temperature`, `temperature_2`, `AHT10/temperature` and `ENERGY/temperature_3` are all of the field `temperature`. */
export function isOneOf(name: string, field: string): boolean {
  const own = name.slice(name.lastIndexOf("/") + 1);
  return own === field || (own.startsWith(`${field}_`) && /^[1-9]\d{0,2}$/.test(own.slice(field.length + 1)));
}
