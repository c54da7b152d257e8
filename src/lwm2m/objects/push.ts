/** A package of nothing, which means: forget the one before (LwM2M Core 1.1 Appendix E.6, /5/0/3). */

import type { BodySink, Verdict } from "../handlers.ts";

/** Whether a body of this length can be the empty one, or the zero that stands for it where a body is needed. */
export function isNothing(size: number | undefined): boolean {
  return size !== undefined && size <= 1;
}

/** Takes at most one byte, and says whether it was nothing. */
export function whenKnown(settle: (isNothing: boolean) => Verdict): BodySink {
  let onlyZero = true;
  return {
    max: 1,
    chunk: (bytes) => {
      onlyZero &&= bytes.every((byte) => byte === 0);
      return undefined;
    },
    done: () => settle(onlyZero),
    aborted: () => undefined,
  };
}
