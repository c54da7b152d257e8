/** The wait for the peer's first message, which tells that CoAP is spoken there, and how (RFC 8323 §5.3). */

import type { Clock } from "../../base/clock.ts";

/** Ends once: by the peer's introduction, by what went wrong, or by the clock. */
export class Greeting {
  readonly done: Promise<void>;
  #end: (failure: Error | undefined) => void = () => undefined;

  constructor(clock: Clock, ms: number, signal: AbortSignal | undefined) {
    this.done = new Promise((resolve, reject) => {
      const silence = `the server took the connection but did not speak CoAP in ${ms / 1_000} s (no CSM)`;
      const timer = clock.after(ms, () => this.fail(silence));
      const aborted = () => this.fail("closed while opening");
      this.#end = (failure) => {
        timer.cancel();
        signal?.removeEventListener("abort", aborted);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      signal?.addEventListener("abort", aborted, { once: true });
      if (signal?.aborted === true) aborted();
    });
  }

  meet(): void {
    this.#end(undefined);
  }

  fail(reason: string): void {
    this.#end(new Error(reason));
  }
}
