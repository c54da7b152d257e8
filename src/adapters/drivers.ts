/** What adapters need of the outside world, handed in: the real drivers here, fakes in tests. */

import type { Random } from "../base/random.ts";

export interface Drivers {
  readonly random: Random;
}

/** The real ones. Nothing is opened, and no driver loaded, before an adapter asks for it. */
export function systemDrivers({ random }: { readonly random: Random }): Drivers {
  return { random };
}
