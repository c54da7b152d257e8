/** Decimal results without binary dust: 24.3, never 24.299999999999997. */

const EXACT_DECIMALS = 15;
const SIGNIFICANT = 12;

/** How many digits after the point a number needs, as it would be written. */
export function decimals(value: number): number {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  return Math.max(0, (mantissa.split(".")[1]?.length ?? 0) - Number(exponent));
}

/**
 * `raw * scale + offset` for whole raw numbers: computed in whole numbers and divided once, by a power of ten,
 * so that the result is the number nearest to the decimal. Where that is not possible, twelve digits count.
 */
export function linear(scale: number, offset: number): (raw: number) => number {
  const digits = Math.max(decimals(scale), decimals(offset));
  const power = 10 ** digits;
  const wholeScale = Math.round(scale * power);
  const wholeOffset = Math.round(offset * power);
  if (digits > EXACT_DECIMALS) return (raw) => significant(raw * scale + offset);
  return (raw) => {
    const whole = raw * wholeScale + wholeOffset;
    return Number.isSafeInteger(whole) && Number.isInteger(raw) ? whole / power : significant(raw * scale + offset);
  };
}

/** Twelve digits: more than any sensor has, fewer than binary fractions spoil. */
export function significant(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT));
}
