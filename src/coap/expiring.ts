/** What is kept for a while and then forgotten, a bounded number of it: one timer for all, none while empty. */

import type { Clock, Timer } from "../base/clock.ts";

interface Entry<T> {
  readonly value: T;
  readonly until: number;
}

/** A Map whose entries live for `lifetimeMs` since they were last set; the least recently set gives way when full. */
export class ExpiringMap<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #clock: Clock;
  readonly #max: number;
  readonly #lifetimeMs: number;
  readonly #lost: (() => void) | undefined;
  #timer: Timer | undefined;

  /** `lost` is called for each entry that gives way or whose time is over. */
  constructor(clock: Clock, max: number, lifetimeMs: number, lost?: () => void) {
    this.#lost = lost;
    this.#clock = clock;
    this.#max = max;
    this.#lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.monotonic() + this.#lifetimeMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break;
      this.#entries.delete(oldest);
      this.#lost?.();
    }
    this.#timer ??= this.#clock.after(this.#lifetimeMs, () => this.#purge());
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Entries stand in the order of their ends. */
  #purge(): void {
    const now = this.#clock.monotonic();
    this.#timer = undefined;
    for (const [key, { until }] of this.#entries) {
      if (until > now) {
        this.#timer = this.#clock.after(until - now, () => this.#purge());
        return;
      }
      this.#entries.delete(key);
      this.#lost?.();
    }
  }
}
