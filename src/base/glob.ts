/** Patterns as people write them: `ruuvi.*`. */

/**
 * Whether a text fits `pattern`, in which `*` stands for any text.
 * Walks pieces in order instead of building an expression: no pattern of a user's can make it slow.
 */
export function glob(pattern: string): (text: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
