/** Certificates of our own that end soon: said in the log once a day, and shown with the registration, from a month before on. */

import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { LineSecurity } from "../base/transport.ts";
import { type Ending, endingOf } from "../dtls/index.ts";

/** What is to be shown at present. */
export type Notice = () => Pick<LineSecurity, "warning"> | undefined;

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
/** Behind the first of those who are dialled together. */
const FIRST_LOOK_MS = 10_000;
/** Until the clock is set. */
const CLOCK_MS = 600_000;
/** Thousands of endpoints may have one each: beyond these, their number is said. */
const MAX_LINES = 20;

export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  /** By endpoint and server. Whoever shows the notice keeps it: a way that is gone is forgotten with it. */
  readonly #known = new Map<string, WeakRef<Ending>>();
  #timer: Timer | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Watches a chain in the place of the one before of that endpoint at that server; undefined where none ends. */
  watch(endpoint: string, server: string, chain: readonly Uint8Array[]): Notice | undefined {
    const key = `${endpoint} ${server}`;
    const ending = endingOf(chain);
    if (ending === undefined) {
      this.#known.delete(key);
      return undefined;
    }
    this.#known.set(key, new WeakRef(ending));
    this.#timer ??= this.#clock.after(FIRST_LOOK_MS, () => this.#look());
    return () => {
      const warning = this.#wordsOf(ending);
      return warning === undefined ? undefined : { warning };
    };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { trusted } = this.#clock.now();
    this.#timer = this.#clock.after(trusted ? DAY_MS : CLOCK_MS, () => this.#look());
    if (!trusted) return;
    /** Who has a certificate, by what is to be said of it. */
    const holders = new Map<string, string[]>();
    for (const [key, reference] of this.#known) {
      const ending = reference.deref();
      if (ending === undefined) this.#known.delete(key);
      const warning = ending && this.#wordsOf(ending);
      if (warning !== undefined) holders.set(warning, [...(holders.get(warning) ?? []), key.split(" ", 1)[0] ?? ""]);
    }
    const all = [...holders];
    for (const [reason, [endpoint, ...others]] of all.slice(0, MAX_LINES))
      this.#log.warn("certificate-ends", { endpoint, ...(others.length > 0 && { others: others.length }), reason });
    if (all.length > MAX_LINES) this.#log.warn("certificates-end", { more: all.length - MAX_LINES });
  }

  /** Undefined while there is time, and while nobody knows what time it is. */
  #wordsOf({ title, at }: Ending): string | undefined {
    const { ms, trusted } = this.#clock.now();
    if (!trusted || at - ms > SOON_MS) return undefined;
    const day = new Date(at).toISOString().slice(0, 10);
    if (at < ms) return `our ${title} ended on ${day}: servers refuse it, have it renewed`;
    const days = Math.floor((at - ms) / DAY_MS);
    const left = days === 0 ? "within a day" : days === 1 ? "in 1 day" : `in ${days} days`;
    return `our ${title} ends on ${day}, ${left}: have it renewed, servers refuse it from then on`;
  }
}
