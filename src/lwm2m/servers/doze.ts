/** Queue Mode: deaf between messages, and awake for a while after each (LwM2M Core 1.2 §6.5, Transport 1.2 §6.5). */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Endpoint } from "../../coap/index.ts";

/** One timer, set anew only when it comes and finds that there was talk meanwhile. */
export class Doze {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #windowMs: number;
  #timer: Timer | undefined;

  /** Awake now; `windowMs` after the last message either way, requests are not heard any more. */
  constructor(endpoint: Endpoint, clock: Clock, windowMs: number) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#arm();
  }

  /** Awake for good. */
  end(): void {
    this.#timer?.cancel();
    this.#endpoint.wake();
  }

  #arm(): void {
    const left = this.#endpoint.lastTraffic + this.#windowMs - this.#clock.monotonic();
    // Whoever has just spoken has not been counted yet.
    this.#timer = this.#clock.after(left > 0 ? left : this.#windowMs, () => this.#due());
  }

  #due(): void {
    if (this.#clock.monotonic() < this.#endpoint.lastTraffic + this.#windowMs) this.#arm();
    // An Update, a Send or a notification wakes: the server may use the time to say what it has kept.
    else this.#endpoint.sleep(() => this.#arm());
  }
}
