/** The best of the definitions that a frame may be of. One search serves all frames in turn: nothing is made for each. */

import type { Frame } from "../../sdk/adapter.ts";
import type { Head } from "../source.ts";
import type { Matcher } from "./match.ts";

/** A definition as the indexes know it. */
export interface Candidate {
  readonly head: Pick<Head, "match" | "frame">;
  readonly matcher: Matcher;
  readonly order: number;
  /** 0: not mine. */
  match(frame: Frame): number;
}

export class Search<T extends Candidate> {
  best: T | undefined;
  score = 0;

  begin(): void {
    this.best = undefined;
    this.score = 0;
  }

  consider(candidates: readonly T[] | undefined, frame: Frame): void {
    if (candidates === undefined) return;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      this.offer(candidate, candidate.match(frame));
    }
  }

  /** Of equals the one that was loaded first, whatever it is found by. */
  offer(candidate: T, score: number): void {
    const { best } = this;
    if (score < this.score || score === 0) return;
    if (best && score === this.score && best.order <= candidate.order) return;
    this.best = candidate;
    this.score = score;
  }
}

/** Adds to the list of a key. */
export function put<K, T>(index: Map<K, T[]>, key: K, item: T): void {
  const items = index.get(key);
  if (items) items.push(item);
  else index.set(key, [item]);
}
