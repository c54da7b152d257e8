/** Sources that a person has spoken of, such as those to leave alone: bounded, since nobody tidies up such a list. */

const MAX_SOURCES = 10_000;

export class SpokenOf {
  readonly #sources: Set<string>;

  /** @param sources the oldest first. */
  constructor(sources: Iterable<string> = []) {
    this.#sources = new Set(sources);
  }

  has(source: string): boolean {
    return this.#sources.has(source);
  }

  /** The oldest goes where there is no room. */
  add(source: string): void {
    this.#sources.add(source);
    for (const oldest of this.#sources) {
      if (this.#sources.size <= MAX_SOURCES) return;
      this.#sources.delete(oldest);
    }
  }

  delete(source: string): void {
    this.#sources.delete(source);
  }

  /** The oldest first. */
  toJSON(): string[] {
    return [...this.#sources];
  }
}
