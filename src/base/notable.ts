/** Of things that happen again and again, the first, the tenth, the hundredth and so on are worth a line in the log. */
export function notable(count: number): boolean {
  return Number.isInteger(Math.log10(count));
}
