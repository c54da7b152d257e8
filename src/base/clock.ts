/** Time, as everything below the composition root sees it. */

/** When something was measured, and whether the wall clock could be believed then. */
export interface Stamp {
  /** Milliseconds since 1970 UTC. */
  readonly ms: number;
  /** False while the clock had not been set, as on a Pi without RTC before its first synchronisation. */
  readonly trusted: boolean;
}

export interface Timer {
  /** Safe to call twice, and after the timer has fired. */
  cancel(): void;
}

export interface Clock {
  /** The wall clock: for stamps only, never for intervals. It may jump. */
  now(): Stamp;
  /** Milliseconds that never jump, from an arbitrary start: for everything that waits. */
  monotonic(): number;
  /** Calls `run` once, not before `ms` milliseconds have gone by. */
  after(ms: number, run: () => void): Timer;
}

/** A wait that ends early, and quietly, when `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
