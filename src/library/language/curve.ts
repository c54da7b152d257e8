/** Curves through points, such as the voltage of a battery and what is left in it. */

import { significant } from "./decimal.ts";

/** Between the points a straight line, beyond them their ends. The points rise. */
export function curve(points: readonly (readonly [x: number, y: number])[]): (x: number) => number {
  const [first = [0, 0]] = points;
  const last = points.at(-1) ?? first;
  return (x) => {
    if (!(x > first[0])) return first[1];
    if (x >= last[0]) return last[1];
    let i = 1;
    while (points[i]![0] <= x) i += 1;
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    return significant(y0 + ((x - x0) * (y1 - y0)) / (x1 - x0));
  };
}
