/** Figures as people write them. */

const STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** "4 s", "12 min", "3 h", "9 d": the largest unit that fits, rounded down. Less than a second, and the future, is "0 s". */
export function age(seconds: number): string {
  for (const [size, unit] of STEPS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return "0 s";
}

/** How long ago a moment was, or undefined if `iso` is no moment. */
export function ageSince(iso: string, nowMs: number): string | undefined {
  const then = Date.parse(iso);
  return Number.isNaN(then) ? undefined : age((nowMs - then) / 1_000);
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

/** "1 sensor", "42 sensors". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Milliseconds for people: "0.4 s", "12 s". */
export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}
