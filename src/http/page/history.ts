/** The last minutes of each main value, collected while the page is open. */

import type { Sensor } from "./types.ts";

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export const WINDOW_MS = 10 * 60_000;
const MAX_POINTS = 300;
const MAX_SERIES = 2_000;

export class History {
  readonly #series = new Map<string, Point[]>();

  /** Takes what is new at these paths of a sensor. */
  record(sensor: Sensor, paths: readonly string[]): void {
    for (const path of paths) {
      const value = sensor.values[path];
      if (!value || typeof value.value === "string") continue;
      this.#add(`${sensor.endpoint} ${path}`, { at: Date.parse(value.time), value: Number(value.value) });
    }
  }

  points(endpoint: string, path: string): readonly Point[] {
    return this.#series.get(`${endpoint} ${path}`) ?? [];
  }

  forget(endpoint: string): void {
    for (const key of this.#series.keys()) if (key.startsWith(`${endpoint} `)) this.#series.delete(key);
  }

  #add(key: string, point: Point): void {
    let points = this.#series.get(key);
    if (!points) {
      if (this.#series.size >= MAX_SERIES) return;
      points = [];
      this.#series.set(key, points);
    }
    // The clock of the gateway was wrong, and has been set back: the future that was drawn never came.
    if (point.at < (points.at(-1)?.at ?? 0) - WINDOW_MS) points.length = 0;
    const last = points.at(-1);
    if (Number.isNaN(point.at) || (last && point.at <= last.at)) return;
    points.push(point);
    const oldest = point.at - WINDOW_MS;
    while (points.length > MAX_POINTS || (points[0] && points[0].at < oldest)) points.shift();
  }
}
