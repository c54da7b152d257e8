/** Whom the lab's secured port lets in: pre-shared keys by identity, in memory alone. */

const MAX_KEYS = 20_000;
/** LwM2M Transport 1.2 §5.2.9.1: identities of 128 bytes and keys of 64 are to be expected. */
const MAX_IDENTITY = 128;
const MAX_KEY = 64;

export class LabKeys {
  /** By identity, as hexadecimal digits: it need not be text. */
  readonly #keys = new Map<string, Uint8Array>();

  /** From now on. @throws RangeError that says what is wrong with it; never with the key in it. */
  set(identity: Uint8Array, key: Uint8Array): void {
    if (identity.length === 0 || identity.length > MAX_IDENTITY || identity.includes(0))
      throw new RangeError(`an identity has 1 to ${MAX_IDENTITY} bytes, none of them zero`);
    if (key.length === 0 || key.length > MAX_KEY) throw new RangeError(`a key has 1 to ${MAX_KEY} bytes`);
    const name = nameOf(identity);
    if (this.#keys.size >= MAX_KEYS && !this.#keys.has(name)) throw new RangeError(`${MAX_KEYS} keys are enough`);
    this.#keys.set(name, key.slice());
  }

  /** Whether there was one. */
  delete(identity: Uint8Array): boolean {
    const name = nameOf(identity);
    this.#keys.get(name)?.fill(0);
    return this.#keys.delete(name);
  }

  keyOf(identity: Uint8Array): Uint8Array | undefined {
    return this.#keys.get(nameOf(identity));
  }

  get size(): number {
    return this.#keys.size;
  }

  /** As text, in its order; not the keys. */
  get identities(): readonly string[] {
    return Array.from(this.#keys.keys(), (name) => Buffer.from(name, "hex").toString()).sort();
  }
}

const nameOf = (identity: Uint8Array) => Buffer.from(identity).toString("hex");
