/** Decimal results without binary dust: 24.3, never 24.299999999999997. */

const EXACT_DECIMALS = 15;
const SIGNIFICANT = 12;
/** Powers of ten that a number holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

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
  return Number.isInteger(value) ? value : rounded(value, SIGNIFICANT);
}

/** How near to the middle between two decimals arithmetic is not to be trusted any more. */
const DOUBT = 1e-3;

/**
 * The number nearest to the decimal with so many digits, twelve at most: what `Number(value.toPrecision(digits))`
 * gives, ten times as fast. Scaled to a whole number of digits, rounded, and divided by the same power of ten, which
 * rounds once and rightly; text decides where that power is not exact or the last digit is in doubt.
 */
export function rounded(value: number, digits: number): number {
  const size = Math.abs(value);
  // One digit before the point: as many after it as are left.
  let after = digits - 1;
  for (let power = 10; size >= power && after >= 0; power *= 10) after -= 1;
  for (let scaled = size; scaled < 1 && after < POWERS.length; scaled *= 10) after += 1;
  const power = POWERS[after];
  if (power === undefined) return Number(value.toPrecision(digits));
  const scaled = size * power;
  const whole = Math.round(scaled);
  if (Math.abs(Math.abs(scaled - whole) - 0.5) < DOUBT) return Number(value.toPrecision(digits));
  return (value < 0 ? -whole : whole) / power;
}
