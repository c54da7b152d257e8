/** Addresses that have shown once what they are, where later adverts do not say so again. */

/** The oldest are forgotten: an address that matters shows itself again. */
const MAX_ADDRESSES = 4_096;

export class Remembered<T> {
  readonly #devices = new Map<string, T>();

  get(source: string): T | undefined {
    return this.#devices.size === 0 ? undefined : this.#devices.get(source);
  }

  clear(): void {
    this.#devices.clear();
  }

  /** The last one shown is the newest. */
  set(source: string, device: T): void {
    this.#devices.delete(source);
    this.#devices.set(source, device);
    if (this.#devices.size <= MAX_ADDRESSES) return;
    for (const oldest of this.#devices.keys()) {
      this.#devices.delete(oldest);
      return;
    }
  }
}
