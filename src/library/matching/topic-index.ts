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
/** Topics that were heard lately, with those they are of: a broker repeats a few thousand for ever. */
const MAX_HEARD = 8_192;
const MAX_REMEMBERED_LENGTH = 256;

export class TopicIndex<T extends Candidate> {
  readonly #search: Search<T>;
  readonly #root = level<T>();
  readonly #heard = new Map<string, readonly Entry<T>[]>();

  constructor(search: Search<T>) {
    this.#search = search;
  }

  add(device: T): void {
    this.#heard.clear();
    for (const { levels, open, literals } of device.matcher.topics) {
      let at = this.#root;
      for (const word of levels) at = step(at, word);
      (open ? at.open : at.ends).push({ device, literals });
    }
  }

  /** That the topic is theirs is known by then: what is left is what the body holds. */
  consider({ topic, body }: Message): void {
    const entries = this.#heard.get(topic) ?? this.#find(topic);
    for (let i = 0; i < entries.length; i++) {
      const { device, literals } = entries[i]!;
      this.#search.offer(device, device.matcher.scoreBody(body, literals));
    }
  }

  #find(topic: string): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    collect(this.#root, topic.split("/", MAX_LEVELS + 1), 0, found);
    if (topic.length > MAX_REMEMBERED_LENGTH) return found;
    if (this.#heard.size >= MAX_HEARD) this.#heard.clear();
    this.#heard.set(topic, found);
    return found;
  }
}

function collect<T>(at: Level<T>, words: readonly string[], i: number, found: Entry<T>[]): void {
  found.push(...at.open);
  if (i === words.length) {
    found.push(...at.ends);
    return;
  }
  const named = at.below.get(words[i]!);
  if (named) collect(named, words, i + 1, found);
  if (at.any) collect(at.any, words, i + 1, found);
}

function step<T>(at: Level<T>, word: string): Level<T> {
  if (word.startsWith("+")) return (at.any ??= level());
  const known = at.below.get(word);
  if (known) return known;
  const made = level<T>();
  at.below.set(word, made);
  return made;
}
