/** How long a sensor may be silent before its values are doubted, and before it counts as gone. */

import type { Liveness } from "./status/status.ts";

/** What a definition says of its device's habits; milliseconds. */
export interface Patience {
  readonly staleMs: number;
  readonly goneMs: number;
}

export type LivenessEvent =
  | { readonly type: "heard" }
  /** Milliseconds, by the clock that never jumps, since the sensor was heard last. */
  | { readonly type: "silent"; readonly ms: number };

export type LivenessEffect = { readonly tell: "stale" | "gone" };

/**
 * The life of a sensor as heard from here. A sensor not heard since the start waits: nothing is known of it, so nothing
 * is said of it until its patience runs out.
 */
export function next(
  state: Liveness,
  event: LivenessEvent,
  { staleMs, goneMs }: Patience,
): [Liveness, ...LivenessEffect[]] {
  if (event.type === "heard") return ["live"];
  if (event.ms > goneMs) return state === "gone" ? [state] : ["gone", { tell: "gone" }];
  if (state === "live" && event.ms > staleMs) return ["stale", { tell: "stale" }];
  return [state];
}
