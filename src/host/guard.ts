/** What an adapter is lent: a clock whose timers end with the adapter, and whose failures are the adapter's own. */

import type { Clock, Timer } from "../base/clock.ts";

/** @param onThrow told what a timer's callback threw; nothing is told, and nothing runs, once `signal` is aborted. */
export function guardedClock(clock: Clock, signal: AbortSignal, onThrow: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after(ms, run): Timer {
      return clock.after(ms, () => {
        if (signal.aborted) return;
        try {
          run();
        } catch (error) {
          onThrow(error);
        }
      });
    },
  };
}

export type Ending<T> =
  | { readonly status: "value"; readonly value: T }
  | { readonly status: "error"; readonly error: unknown }
  | { readonly status: "late" };

/** Waits for a promise, but not for ever; never rejects. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<Ending<T>> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve({ status: "late" }));
    work.then(
      (value) => {
        timer.cancel();
        resolve({ status: "value", value });
      },
      (error: unknown) => {
        timer.cancel();
        resolve({ status: "error", error });
      },
    );
  });
}

/** Calls what may throw at once as well as later. */
export function attempt<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
