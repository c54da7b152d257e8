/** Ctrl-C and SIGTERM: the first asks for a graceful stop, a second one ends the process at once. */

import type { Surroundings } from "./surroundings.ts";

export type Stop = "asked" | "insisted";

/** npm passes on the Ctrl-C that the terminal has sent already: two within this time are one. */
const SAME_KEYSTROKE_MS = 300;

export interface Stops {
  /** Settles when somebody first asks. */
  readonly asked: Promise<void>;
  /** Settles when somebody asks again. */
  readonly insisted: Promise<void>;
  /** Stops listening. */
  forget(): void;
}

/** Tells one keystroke from two. Pure, for each signal in turn. */
export function nextStop(firstAt: number | undefined, now: number): Stop | undefined {
  if (firstAt === undefined) return "asked";
  return now - firstAt >= SAME_KEYSTROKE_MS ? "insisted" : undefined;
}

export function listenForStop(surroundings: Pick<Surroundings, "process" | "monotonic">): Stops {
  let firstAt: number | undefined;
  let ask = (): void => undefined;
  let insist = (): void => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const insisted = new Promise<void>((resolve) => (insist = resolve));

  const onStop = () => {
    const now = surroundings.monotonic();
    const stop = nextStop(firstAt, now);
    if (stop === "asked") {
      firstAt = now;
      ask();
    } else if (stop === "insisted") insist();
  };
  // A closed terminal or a reload that asks for nothing we know must not end a daemon.
  const onHangup = () => undefined;
  const signals: readonly (readonly [string, () => void])[] = [
    ["SIGINT", onStop],
    ["SIGTERM", onStop],
    ["SIGHUP", onHangup],
  ];
  for (const [signal, listener] of signals) surroundings.process.on(signal, listener);
  return {
    asked,
    insisted,
    forget: () => {
      for (const [signal, listener] of signals) surroundings.process.off(signal, listener);
    },
  };
}
