/** What a convention remembers: things by name, the one heard longest ago forgotten first. */

/** Things that one convention remembers, and what it remembers of each. */
export const MAX_THINGS = 2_000;
export const MAX_FIELDS = 64;

export class Memory<T> {
  readonly #things = new Map<string, T>();
  readonly #most: number;
  readonly #forgotten: ((thing: T, name: string) => void) | undefined;

  constructor(most: number = MAX_THINGS, forgotten?: (thing: T, name: string) => void) {
    this.#most = most;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#things.size;
  }

  get(name: string): T | undefined {
    return this.#things.get(name);
  }

  /** The thing of that name, from now on the one heard last; made if it is not known. */
  meet(name: string, make: () => T): T {
    const known = this.#things.get(name);
    const thing = known ?? make();
    this.#things.delete(name);
    this.#things.set(name, thing);
    if (known === undefined && this.#things.size > this.#most) this.#forgetOldest();
    return thing;
  }

  delete(name: string): void {
    this.#things.delete(name);
  }

  values(): Iterable<T> {
    return this.#things.values();
  }

  entries(): Iterable<readonly [name: string, thing: T]> {
    return this.#things;
  }

  #forgetOldest(): void {
    const [oldest] = this.#things.keys();
    const thing = oldest === undefined ? undefined : this.#things.get(oldest);
    if (oldest === undefined || thing === undefined) return;
    this.#things.delete(oldest);
    this.#forgotten?.(thing, oldest);
  }
}
