/** Definitions of what comes over a wire: sentences by name, lines by how they begin, binary frames by first byte. */

import type { Frame } from "../../sdk/adapter.ts";
import { Beginnings } from "./beginnings.ts";
import { type Candidate, put, type Search } from "./search.ts";
import { sentenceOf } from "./serial.ts";

export class SerialIndex<T extends Candidate> {
  readonly #search: Search<T>;
  readonly #sentences = new Map<string, T[]>();
  readonly #lines = new Beginnings<T>();
  readonly #firsts = new Map<number, T[]>();
  readonly #binary: T[] = [];

  constructor(search: Search<T>) {
    this.#search = search;
  }

  add(device: T): void {
    const { match } = device.head;
    for (const sentence of match?.serial?.sentences ?? []) put(this.#sentences, sentence, device);
    if (match?.serial?.line !== undefined) this.#lines.add(match.serial.line, device);
    const { binary } = device.matcher;
    if (binary?.first !== undefined) put(this.#firsts, binary.first, device);
    else if (binary) this.#binary.push(device);
  }

  considerText(frame: Frame, text: string): void {
    const sentence = this.#sentences.size === 0 ? undefined : sentenceOf(text);
    if (sentence !== undefined) this.#search.consider(this.#sentences.get(sentence), frame);
    // A sentence is a line as well, and a definition may know it by its form.
    this.#lines.consider(text, frame, this.#search);
  }

  considerBytes(frame: Frame, bytes: Uint8Array): void {
    const first = bytes[0];
    if (first !== undefined) this.#search.consider(this.#firsts.get(first), frame);
    if (this.#binary.length > 0) this.#search.consider(this.#binary, frame);
  }
}
