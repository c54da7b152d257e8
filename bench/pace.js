/** Changes at a steady rate, each to the microsecond in which it is made: the peer tells from that how long it took. */

import { microseconds } from "./wire.js";

/** Calls `change(index, value)` for one of `count()` endpoints after the other, `perSecond` times a second. */
export const pace =
  (count, change) =>
  ({ ms, perSecond }) =>
    new Promise((resolve) => {
      const began = performance.now();
      let made = 0;
      const turn = () => {
        const elapsed = performance.now() - began;
        for (const due = (Math.min(elapsed, ms) * perSecond) / 1_000; made < due; made++)
          change(made % count(), microseconds());
        if (elapsed >= ms) resolve();
        else setTimeout(turn, 1);
      };
      turn();
    });
