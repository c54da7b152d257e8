/** The shape of the last minutes as one SVG path. */

import type { Point } from "./history.ts";

export interface Sparkline {
  /** For the `d` of a path; empty until there are two points. */
  readonly line: string;
  /** The same, closed along the lower edge. */
  readonly area: string;
  /** Where the newest point is. */
  readonly end?: { readonly x: number; readonly y: number };
  readonly min: number;
  readonly max: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Distance kept from the edges, so that the line is not cut. */
  readonly pad: number;
  /** Switches have no values in between. */
  readonly steps?: boolean;
}

/** Time runs to the right, from the first point to the newest; the vertical scale fits what is there. */
export function sparkline(points: readonly Point[], { width, height, pad, steps = false }: Frame): Sparkline {
  const values = points.map(({ value }) => value);
  const min = Math.min(...values);
  const max = Math.max(...values);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return { line: "", area: "", min, max };
  // A value that hardly moves is drawn as a calm line in the middle, not blown up to full height.
  const span = Math.max(max - min, Math.abs(max) * 0.002, 1e-9);
  const middle = (max + min) / 2;
  const x = (at: number) => round(pad + ((at - first.at) / (last.at - first.at)) * (width - 2 * pad));
  const y = (value: number) => round(height / 2 - ((value - middle) / span) * (height - 2 * pad));
  let line = `M${x(first.at)} ${y(first.value)}`;
  for (const { at, value } of points.slice(1)) line += steps ? `H${x(at)}V${y(value)}` : `L${x(at)} ${y(value)}`;
  const end = { x: x(last.at), y: y(last.value) };
  return { line, area: `${line}V${height}H${x(first.at)}Z`, end, min, max };
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
