/** Definitions by how a text must begin: only those are tried whose first letters are there. */

import type { Frame } from "../../sdk/adapter.ts";
import { literalBeginnings } from "../language/pattern.ts";
import { type Candidate, put, type Search } from "./search.ts";

export class Beginnings<T extends Candidate> {
  readonly #byFirst = new Map<number, [beginning: string, of: readonly T[]][]>();
  /** Their expressions begin with anything. */
  readonly #others: T[] = [];

  add(pattern: string, device: T): void {
    const beginnings = literalBeginnings(pattern);
    if (!beginnings) this.#others.push(device);
    for (const beginning of new Set(beginnings)) put(this.#byFirst, beginning.charCodeAt(0), [beginning, [device]]);
  }

  consider(text: string, frame: Frame, search: Search<T>): void {
    const likely = text === "" ? undefined : this.#byFirst.get(text.charCodeAt(0));
    if (likely !== undefined)
      for (let i = 0; i < likely.length; i++) if (text.startsWith(likely[i]![0])) search.consider(likely[i]![1], frame);
    if (this.#others.length > 0) search.consider(this.#others, frame);
  }
}
