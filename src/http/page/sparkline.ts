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
  // A value that hardly moves is drawn as a calm line in the middle, not blown up to full height; off is low, on high.
  const span = steps ? 1 : Math.max(max - min, Math.abs(max) * 0.002, 1e-9);
  const middle = steps ? 0.5 : (max + min) / 2;
  const x = (at: number) => round(pad + ((at - first.at) / (last.at - first.at)) * (width - 2 * pad));
  const y = (value: number) => round(height / 2 - ((value - middle) / span) * (height - 2 * pad));
  let line = `M${x(first.at)} ${y(first.value)}`;
  for (const { at, value } of points.slice(1)) line += steps ? `H${x(at)}V${y(value)}` : `L${x(at)} ${y(value)}`;
  const end = { x: x(last.at), y: y(last.value) };
  return { line, area: `${line}V${height}H${x(first.at)}Z`, end, min, max };
}

/** The way that was taken, north up, as much east as north. */
export function track(north: readonly Point[], east: readonly Point[], { width, height, pad }: Frame): Sparkline {
  const eastAt = new Map(east.map(({ at, value }) => [at, value]));
  const places = north.flatMap(({ at, value }) => {
    const beside = eastAt.get(at);
    return beside === undefined ? [] : [{ north: value, east: beside }];
  });
  const last = places.at(-1);
  const norths = places.map((place) => place.north);
  const [min, max] = [Math.min(...norths), Math.max(...norths)];
  if (!last || places.length < 2) return { line: "", area: "", min, max };
  const [west, eastmost] = [Math.min(...places.map((p) => p.east)), Math.max(...places.map((p) => p.east))];
  // A degree of longitude is shorter than one of latitude, the more so the further from the equator.
  const shrink = Math.cos((last.north * Math.PI) / 180);
  const scale = Math.min(
    (height - 2 * pad) / Math.max(max - min, 1e-7),
    (width - 2 * pad) / Math.max((eastmost - west) * shrink, 1e-7),
  );
  const x = (value: number) => round(width / 2 + (value - (west + eastmost) / 2) * shrink * scale);
  const y = (value: number) => round(height / 2 - (value - (min + max) / 2) * scale);
  const line = places.map((place, i) => `${i === 0 ? "M" : "L"}${x(place.east)} ${y(place.north)}`).join("");
  return { line, area: "", end: { x: x(last.east), y: y(last.north) }, min, max };
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
