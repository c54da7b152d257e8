/** Definitions by topic: levels in a tree, so that a message costs as many look-ups as its topic has levels. */

import type { Frame } from "../../sdk/adapter.ts";
import type { Candidate, Search } from "./search.ts";

interface Level<T> {
  readonly below: Map<string, Level<T>>;
  /** Below any word. */
  any: Level<T> | undefined;
  /** Their topics end here. */
  readonly ends: T[];
  /** Here, or anywhere below. */
  readonly open: T[];
}

const level = <T>(): Level<T> => ({ below: new Map(), any: undefined, ends: [], open: [] });
/** No pattern is longer; what a topic has beyond counts for those that are open. */
const MAX_LEVELS = 32;

export class TopicIndex<T extends Candidate> {
  readonly #search: Search<T>;
  readonly #root = level<T>();

  constructor(search: Search<T>) {
    this.#search = search;
  }

  add(device: T): void {
    for (const { levels, open } of device.matcher.topics) {
      let at = this.#root;
      for (const word of levels) at = step(at, word);
      const list = open ? at.open : at.ends;
      if (!list.includes(device)) list.push(device);
    }
  }

  consider(frame: Frame, topic: string): void {
    this.#walk(this.#root, topic.split("/", MAX_LEVELS + 1), 0, frame);
  }

  #walk(at: Level<T>, words: readonly string[], i: number, frame: Frame): void {
    this.#search.consider(at.open, frame);
    if (i === words.length) {
      this.#search.consider(at.ends, frame);
      return;
    }
    const named = at.below.get(words[i]!);
    if (named) this.#walk(named, words, i + 1, frame);
    if (at.any) this.#walk(at.any, words, i + 1, frame);
  }
}

function step<T>(at: Level<T>, word: string): Level<T> {
  if (word.startsWith("+")) return (at.any ??= level());
  const known = at.below.get(word);
  if (known) return known;
  const made = level<T>();
  at.below.set(word, made);
  return made;
}
