/** The best of the definitions that a frame may be of. One search serves all frames in turn: nothing is made for each. */

import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import type { Matcher } from "./match.ts";

/** A definition as the indexes know it. */
export interface Candidate {
  readonly definition: Definition;
  readonly matcher: Matcher;
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

  /** Of equals, the one considered first stays unless the later one was loaded before it; lists are in that order. */
  consider(candidates: readonly T[] | undefined, frame: Frame): void {
    if (candidates === undefined) return;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      this.offer(candidate, candidate.match(frame));
    }
  }

  offer(candidate: T, score: number): void {
    if (score <= this.score) return;
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
