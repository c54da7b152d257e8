/** Rules that adopt by themselves what is heard. */

/** All that is said must fit; `definition` and `source` may hold `*` for any text. */
export interface AdoptRule {
  readonly definition?: string;
  readonly adapter?: string;
  /** Against the address, without the adapter's name. */
  readonly source?: string;
  /** dBm at least; a frame without signal strength does not fit. */
  readonly rssi?: number;
}

/** What is known of something heard. */
export interface Candidate {
  readonly adapter: string;
  readonly address: string;
  readonly definition: string;
  readonly rssi?: number;
}

export type Matcher = (candidate: Candidate) => boolean;

export function compileRules(rules: readonly AdoptRule[]): Matcher {
  const matchers = rules.map(compileRule);
  return (candidate) => matchers.some((fits) => fits(candidate));
}

function compileRule({ definition, adapter, source, rssi }: AdoptRule): Matcher {
  const definitionFits = glob(definition);
  const sourceFits = glob(source);
  return (candidate) =>
    (adapter === undefined || adapter === candidate.adapter) &&
    (rssi === undefined || (candidate.rssi !== undefined && candidate.rssi >= rssi)) &&
    definitionFits(candidate.definition) &&
    sourceFits(candidate.address);
}

/** Walks pieces in order instead of building an expression: no pattern of a user's can make it slow. */
function glob(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
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
