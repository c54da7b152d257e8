/** A value that must never be printed: it shows as its name wherever it is logged, shown or serialised. */
export class Secret {
  readonly #value: string;
  readonly #name: string;

  /** @param name where the secret came from, such as `!env BROKER_PASSWORD`; safe to show. */
  constructor(value: string, name: string) {
    this.#value = value;
    this.#name = name;
  }

  /** Safe to show. */
  get name(): string {
    return this.#name;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `<secret ${this.#name}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
