/** Object 6, Location: where a device is (LwM2M Core 1.2 Appendix E.7). */

import type { Stamp } from "../../base/clock.ts";
import { path } from "../../model/path.ts";
import type { ObjectTree } from "../tree.ts";
import { tell } from "./facts.ts";

export interface Place {
  /** Degrees north, -90 to 90. */
  readonly latitude: number;
  /** Degrees east, -180 to 180. */
  readonly longitude: number;
  /** Metres above sea level. */
  readonly altitude?: number;
  /** Metres around the position in which the device is. */
  readonly radius?: number;
  /** Metres in a second, over ground. */
  readonly speed?: number;
}

/** Shows `/6/0`, or brings it up to date. @throws RangeError if there is no such place on earth. */
export function tellLocation(tree: ObjectTree, place: Place, at: Stamp): void {
  const { latitude, longitude, altitude, radius, speed } = place;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180))
    throw new RangeError(`no place on earth: ${latitude}, ${longitude}`);
  tell(
    tree,
    path(6, 0),
    [
      [0, latitude],
      [1, longitude],
      [2, altitude],
      [3, radius],
      [5, Math.floor(at.ms / 1_000)],
      [6, speed],
    ],
    at,
  );
}
