/** How long a sensor may be silent before its values are doubted, and before it counts as gone. */

import type { Saying } from "../library/index.ts";
import type { Liveness } from "./status/status.ts";

/** What a definition says of its device's habits; milliseconds. */
export interface Patience {
  readonly staleMs: number;
  readonly goneMs: number;
}

export type LivenessEvent =
  | { readonly type: "heard" }
  /** Milliseconds, by the clock that never jumps, since the sensor was heard last. */
  | { readonly type: "silent"; readonly ms: number }
  /** Its device, or who speaks for it, says that it is there or is not; `heard`: it has spoken since the start. */
  | { readonly type: "told"; readonly saying: Saying; readonly heard: boolean };

export type LivenessEffect = { readonly tell: "stale" | "gone" };

/**
 * The life of a sensor as heard from here. A sensor not heard since the start waits: nothing is known of it, so nothing
 * is said of it until its patience runs out. Who is said to be gone is so at once; who is said to be there has yet to
 * speak: until then its values are old.
 */
export function next(
  state: Liveness,
  event: LivenessEvent,
  { staleMs, goneMs }: Patience,
): [Liveness, ...LivenessEffect[]] {
  if (event.type === "heard") return ["live"];
  if (event.type === "told") {
    if (event.saying === "here") return [event.heard ? "stale" : "waiting", { tell: "stale" }];
    return state === "gone" ? [state] : ["gone", { tell: "gone" }];
  }
  if (event.ms > goneMs) return state === "gone" ? [state] : ["gone", { tell: "gone" }];
  if (state === "live" && event.ms > staleMs) return ["stale", { tell: "stale" }];
  return [state];
}
