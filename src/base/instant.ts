/** Points in time as devices write them: ISO 8601 with its zone, such as `2026-03-01T12:00:00+01:00`. */

const INSTANT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/**
 * Milliseconds since 1970, or undefined. A day alone begins at midnight UTC. A time without its zone is none: it would be
 * another one on each gateway.
 */
export function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const written = text.replace(" ", "T").replace(",", ".");
  // RFC 3339 §5.6 wants the colon that ISO 8601 leaves to the writer.
  const ms = Date.parse(written.replace(/(T.*[+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(ms) ? undefined : ms;
}
