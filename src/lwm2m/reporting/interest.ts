/** How closely servers follow a path: for whoever can measure more often, or less (LwM2M Core 1.2 §5.1.2, epmin, epmax). */

import { contains, type Path } from "../../model/path.ts";
import type { Watch } from "./watch.ts";

/** The tightest of all observations of a path. Periods in seconds; absent: no observation has one. */
export interface Interest {
  readonly observations: number;
  /** Nobody wants to be told more often; absent: somebody wants every change. */
  readonly pmin?: number;
  /** Somebody is told this often at least. */
  readonly pmax?: number;
  /** Nobody needs a newer value more often than this; absent: somebody has set no limit. */
  readonly epmin?: number;
  /** Somebody needs a new value this often at least. */
  readonly epmax?: number;
}

export const NO_INTEREST: Interest = { observations: 0 };

export function interestOf(watches: readonly Watch[], path: Path): Interest {
  let interest = NO_INTEREST;
  for (const watch of watches) {
    if (watch.observation === undefined) continue;
    for (const at of watch.paths) {
      if (!contains(at, path) && !contains(path, at)) continue;
      const { pmin, epmin, epmax } = watch.owner.view.effective(at, watch.own);
      const pmax = watch.maximumMs / 1_000;
      interest = tightest(interest, {
        observations: 1,
        ...(pmin !== undefined && pmin > 0 && { pmin }),
        ...(pmax !== Infinity && { pmax }),
        ...(epmin !== undefined && { epmin }),
        ...(epmax !== undefined && { epmax }),
      });
      break;
    }
  }
  return interest;
}

/** What satisfies both: a limit from below holds only if both set one, one from above if either does. */
export function tightest(a: Interest, b: Interest): Interest {
  if (a.observations === 0) return b;
  if (b.observations === 0) return a;
  const pmin = both(a.pmin, b.pmin);
  const epmin = both(a.epmin, b.epmin);
  const pmax = either(a.pmax, b.pmax);
  const epmax = either(a.epmax, b.epmax);
  return {
    observations: a.observations + b.observations,
    ...(pmin !== undefined && { pmin }),
    ...(pmax !== undefined && { pmax }),
    ...(epmin !== undefined && { epmin }),
    ...(epmax !== undefined && { epmax }),
  };
}

function both(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.min(a, b);
}

function either(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
