/** Definitions by topic: levels in a tree, so that a message costs as many look-ups as its topic has levels. */

import type { Message } from "./message.ts";
import type { Candidate, Search } from "./search.ts";

interface Level<T> {
  readonly below: Map<string, Level<T>>;
  /** Below any word. */
  any: Level<T> | undefined;
  /** Their topics end here. */
  readonly ends: Entry<T>[];
  /** Here, or anywhere below. */
  readonly open: Entry<T>[];
}

interface Entry<T> {
  readonly device: T;
  /** How many levels its topic spells out. */
  readonly literals: number;
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
    for (const { levels, open, literals } of device.matcher.topics) {
      let at = this.#root;
      for (const word of levels) at = step(at, word);
      (open ? at.open : at.ends).push({ device, literals });
    }
  }

  consider({ topic, body }: Message): void {
    this.#walk(this.#root, topic.split("/", MAX_LEVELS + 1), 0, body);
  }

  #walk(at: Level<T>, words: readonly string[], i: number, body: Uint8Array): void {
    this.#offer(at.open, body);
    if (i === words.length) {
      this.#offer(at.ends, body);
      return;
    }
    const named = at.below.get(words[i]!);
    if (named) this.#walk(named, words, i + 1, body);
    if (at.any) this.#walk(at.any, words, i + 1, body);
  }

  /** That the topic is theirs is known by now: what is left is what the body holds. */
  #offer(entries: readonly Entry<T>[], body: Uint8Array): void {
    for (let i = 0; i < entries.length; i++) {
      const { device, literals } = entries[i]!;
      this.#search.offer(device, device.matcher.scoreBody(body, literals));
    }
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
