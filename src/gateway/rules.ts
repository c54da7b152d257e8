/** Rules that adopt by themselves what is heard. */

import { glob } from "../base/glob.ts";

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
  const definitionFits = globOrAny(definition);
  const sourceFits = globOrAny(source);
  return (candidate) =>
    (adapter === undefined || adapter === candidate.adapter) &&
    (rssi === undefined || (candidate.rssi !== undefined && candidate.rssi >= rssi)) &&
    definitionFits(candidate.definition) &&
    sourceFits(candidate.address);
}

function globOrAny(pattern: string | undefined): (text: string) => boolean {
  return pattern === undefined ? () => true : glob(pattern);
}
