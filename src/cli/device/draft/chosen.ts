/** A few of many: enough to be tests, few enough to be read. */

const MOST_TESTS = 4;

/** The first, the last, and a few between: each different from the others. */
export function chosen<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const different = [...new Map(items.map((item) => [keyOf(item), item])).values()];
  const step = Math.max(1, Math.ceil((different.length - 1) / (MOST_TESTS - 1)));
  return different.filter((_, i) => i % step === 0 || i === different.length - 1).slice(0, MOST_TESTS);
}
