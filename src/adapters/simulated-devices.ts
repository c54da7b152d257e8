/**
 * What the simulator pretends to be. Each device emits named values; `model` tells the definition which one it is:
 *
 *   climate  temperature (Cel), humidity (%RH), battery (%)
 *   meter    power (W), energy (kWh), voltage (V), current (A)
 *   relay    state (boolean); takes `{ state: true }` and answers with its new state
 *   gnss     latitude, longitude (degrees), altitude (m), speed (m/s), heading (degrees)
 *   quiet    temperature (Cel); falls silent for minutes, again and again
 *   value    value: for load tests, the time of day or a count
 */

import type { Stamp } from "../base/clock.ts";
import type { Payload, Scalar } from "../sdk/adapter.ts";
import { dayCurve, rounded, Walk } from "./drift.ts";

export interface Simulated {
  /** What the device says now; undefined: it is silent. `elapsedMs`: since the simulation began. */
  speak(at: Stamp, elapsedMs: number): Payload | undefined;
  /** Undefined: obeyed. */
  obey?(fields: Readonly<Record<string, Scalar>>): string | undefined;
  /** Signal strength in dBm, where there is a radio. */
  rssi?(): number;
}

/** The cast of `value: drift`, in this order; all further sensors are climates. */
const CAST = ["climate", "meter", "relay", "gnss", "quiet"] as const;
export type Model = (typeof CAST)[number];

export const modelOf = (index: number): Model => CAST[index] ?? "climate";

export function simulated(model: Model, unit: () => number): Simulated {
  switch (model) {
    case "climate":
      return climate(unit);
    case "meter":
      return meter(unit);
    case "relay":
      return relay();
    case "gnss":
      return gnss(unit);
    case "quiet":
      return quiet(unit);
  }
}

const fields = (values: Readonly<Record<string, Scalar>>): Payload => ({ kind: "fields", fields: values });

function climate(unit: () => number): Simulated {
  const room = 19 + unit() * 4;
  const temperature = new Walk({ from: room, min: room - 3, max: room + 3, step: 0.05 }, unit);
  const humidity = new Walk({ from: 45, min: 25, max: 70, step: 0.2 }, unit);
  const battery = new Walk({ from: 80 + unit() * 15, min: 50, max: 100, step: 0.01 }, unit);
  return {
    speak: ({ ms }) =>
      fields({
        model: "climate",
        temperature: rounded(temperature.next() + 1.5 * dayCurve(ms), 2),
        // Warm air holds more water: what the room gains in degrees it loses in relative humidity.
        humidity: rounded(humidity.next() - 4 * dayCurve(ms), 1),
        battery: Math.round(battery.next()),
      }),
  };
}

function meter(unit: () => number): Simulated {
  const voltage = new Walk({ from: 230, min: 222, max: 238, step: 0.3 }, unit);
  const load = new Walk({ from: 420, min: 60, max: 2_400, step: 25 }, unit);
  let energy = 1_200 + unit() * 100;
  let last: number | undefined;
  return {
    speak({ ms }, elapsedMs) {
      const volts = voltage.next();
      const watts = load.next() * (1 + 0.3 * dayCurve(ms));
      energy += (watts * (elapsedMs - (last ?? elapsedMs))) / 3_600_000 / 1_000;
      last = elapsedMs;
      return fields({
        model: "meter",
        power: rounded(watts, 1),
        energy: rounded(energy, 3),
        voltage: rounded(volts, 1),
        current: rounded(watts / volts, 3),
      });
    },
  };
}

function relay(): Simulated {
  let state = false;
  return {
    speak: () => fields({ model: "relay", state }),
    obey(wish) {
      const wanted = wish["state"];
      if (typeof wanted !== "boolean") return 'a relay takes { "state": true } or { "state": false }';
      state = wanted;
      return undefined;
    },
  };
}

/** Along the canal of Corinth, from the Gulf to the Saronic side and back: latitude and longitude in degrees. */
const CANAL = [
  [37.9523, 22.9591],
  [37.9461, 22.9668],
  [37.9349, 22.9841],
  [37.9237, 23.0013],
  [37.9166, 23.0093],
] as const;
const METRES_PER_DEGREE = 111_320;
const KNOT = 0.514444;

function gnss(unit: () => number): Simulated {
  const legs = CANAL.slice(1).map((to, i) => leg(CANAL[i]!, to));
  const length = legs.reduce((sum, { metres }) => sum + metres, 0);
  const speed = new Walk({ from: 6 * KNOT, min: 4 * KNOT, max: 8 * KNOT, step: 0.1 }, unit);
  let travelled = unit() * length;
  let last: number | undefined;
  return {
    speak(_at, elapsedMs) {
      const now = speed.next();
      travelled = (travelled + (now * (elapsedMs - (last ?? elapsedMs))) / 1_000) % (2 * length);
      last = elapsedMs;
      const back = travelled > length;
      const { latitude, longitude, heading } = along(legs, back ? 2 * length - travelled : travelled);
      return fields({
        model: "gnss",
        latitude: rounded(latitude, 6),
        longitude: rounded(longitude, 6),
        altitude: rounded(1 + unit(), 1),
        speed: rounded(now, 2),
        heading: rounded(back ? (heading + 180) % 360 : heading, 1),
      });
    },
  };
}

type Point = readonly [latitude: number, longitude: number];

interface Leg {
  readonly from: Point;
  readonly to: Point;
  readonly metres: number;
  readonly heading: number;
}

/** On a path of a few kilometres the Earth is flat. */
function leg(from: Point, to: Point): Leg {
  const north = (to[0] - from[0]) * METRES_PER_DEGREE;
  const east = (to[1] - from[1]) * METRES_PER_DEGREE * Math.cos((from[0] * Math.PI) / 180);
  const heading = ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
  return { from, to, metres: Math.hypot(north, east), heading };
}

function along(legs: readonly Leg[], metres: number) {
  let left = metres;
  let current = legs[0]!;
  for (current of legs) {
    if (left <= current.metres) break;
    left -= current.metres;
  }
  const share = Math.min(1, left / current.metres);
  return {
    latitude: current.from[0] + (current.to[0] - current.from[0]) * share,
    longitude: current.from[1] + (current.to[1] - current.from[1]) * share,
    heading: current.heading,
  };
}

/** Long enough to be seen alive, long enough to be missed. */
const AUDIBLE_MS = 60_000;
const SILENT_MS = 240_000;

function quiet(unit: () => number): Simulated {
  const temperature = new Walk({ from: 4, min: 2, max: 8, step: 0.05 }, unit);
  return {
    speak: (_at, elapsedMs) =>
      elapsedMs % (AUDIBLE_MS + SILENT_MS) < AUDIBLE_MS
        ? fields({ model: "quiet", temperature: rounded(temperature.next(), 2) })
        : undefined,
  };
}

/** For load tests: what was sent when, or which one it was, can be told from the value alone. */
export function numbered(value: "ts" | "seq"): Simulated {
  let count = 0;
  return {
    speak: ({ ms }) => fields({ model: "value", value: value === "ts" ? (ms % 1_000_000) / 1_000 : count++ }),
  };
}
