/** The small things that all screens show: states by shape and word, figures with units, ages, signal and graphs. */

import { flash, h, attr, setText, show, svg } from "./dom.ts";
import { ago, dateTime, duration, fixed, LIVENESS_WORDS, registrationText, type Shown, signalBars } from "./format.ts";
import type { History } from "./history.ts";
import { sparkline, track } from "./sparkline.ts";
import { longitudeOf } from "./store.ts";
import type { Liveness, Registration, Sensor } from "./types.ts";

/** What a state looks like: good, doubtful, bad, or not known yet. */
export type Tone = "good" | "warn" | "bad" | "idle";

/** One drawing of 16 by 16 for each tone: a disc with a tick, a triangle, a crossed square, a ring. */
const SHAPES: Readonly<Record<Tone, string>> = {
  good: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1ZM4.6 8.2l2.4 2.4 4.6-5-1.1-1-3.5 3.9-1.4-1.4Z",
  warn: "M8 1.2 15.4 14.6H.6ZM7.2 6v4.2h1.6V6Zm0 5.4V13h1.6v-1.6Z",
  bad: "M2 1h12a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H2a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1Zm2.6 4.7L6.9 8l-2.3 2.3 1.1 1.1L8 9.1l2.3 2.3 1.1-1.1L9.1 8l2.3-2.3-1.1-1.1L8 6.9 5.7 4.6Z",
  idle: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8Z",
};

export interface State {
  readonly element: HTMLElement;
  set(tone: Tone, text: string): void;
}

/** Shape, colour and word. */
export function state(className = ""): State {
  const path = svg("path", { "fill-rule": "evenodd" });
  const text = h("span");
  const element = h(
    "span",
    { class: `state ${className}` },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path),
    text,
  );
  return {
    element,
    set(tone, words) {
      attr(element, "data-tone", tone);
      attr(path, "d", SHAPES[tone]);
      setText(text, words);
    },
  };
}

const LIVENESS_TONES: Readonly<Record<Liveness, Tone>> = { live: "good", stale: "warn", gone: "bad", waiting: "idle" };

export function setLiveness(target: State, { liveness, offline }: Pick<Sensor, "liveness" | "offline">): void {
  target.set(LIVENESS_TONES[liveness], offline ? "Offline" : LIVENESS_WORDS[liveness]);
}

export function setRegistration(target: State, registration: Registration): void {
  const { state: is, lastError } = registration;
  const well = is === "registered" || is === "updating";
  const tone = well
    ? lastError === undefined
      ? "good"
      : "warn"
    : is === "waiting" || is === "given-up"
      ? "bad"
      : "idle";
  target.set(tone, registrationText(registration));
}

export interface Figure {
  readonly element: HTMLElement;
  set(shown: Shown): void;
}

/** A figure with its unit; a change is marked for a moment. */
export function figure(className = "figure"): Figure {
  const number = h("span", { class: "number" });
  const unit = h("span", { class: "unit" });
  const element = h("span", { class: className }, number, unit);
  let first = true;
  return {
    element,
    set(shown) {
      const changed = setText(number, shown.figure);
      setText(unit, shown.unit);
      attr(element, "data-long", shown.figure.length > 8);
      if (changed && !first) flash(number);
      first = false;
    },
  };
}

/** "4 s ago", counting on by itself: see `tickAges`. */
export function age(prefix = ""): HTMLTimeElement {
  return h("time", { "data-prefix": prefix });
}

export function setAge(element: HTMLTimeElement, iso: string | undefined, now = Date.now()): void {
  attr(element, "datetime", iso);
  attr(element, "title", iso === undefined ? undefined : dateTime(Date.parse(iso)));
  setText(element, (element.dataset["prefix"] ?? "") + ago(iso, now));
}

/** Called once a second. */
export function tickAges(root: ParentNode): void {
  const now = Date.now();
  for (const element of root.querySelectorAll("time"))
    setAge(element, element.getAttribute("datetime") ?? undefined, now);
}

export interface Signal {
  readonly element: HTMLElement;
  set(rssi: number | undefined): void;
}

const BARS = [1, 2, 3, 4] as const;

/** Four bars, and the figure for those who know it. */
export function signal(): Signal {
  const bars = BARS.map((n) => svg("rect", { x: n * 4 - 4, y: 12 - n * 3, width: 3, height: n * 3, rx: 0.5 }));
  const text = h("span");
  const element = h(
    "span",
    { class: "signal" },
    svg("svg", { viewBox: "0 0 16 12", "aria-hidden": "true" }, ...bars),
    text,
  );
  return {
    element,
    set(rssi) {
      show(element, rssi !== undefined);
      if (rssi === undefined) return;
      const lit = signalBars(rssi);
      bars.forEach((bar, i) => attr(bar, "class", i < lit ? "lit" : "dim"));
      attr(element, "title", "Strength of the last message heard");
      setText(text, `${fixed(rssi, 0)} dBm`);
    },
  };
}

export interface Battery {
  readonly element: HTMLElement;
  set(percent: number | undefined): void;
}

export function battery(): Battery {
  const level = svg("rect", { x: 2, y: 2, height: 6, rx: 0.5 });
  const text = h("span");
  const element = h(
    "span",
    { class: "battery", title: "Battery" },
    svg(
      "svg",
      { viewBox: "0 0 20 10", "aria-hidden": "true" },
      svg("path", { d: "M1.5.5h14a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-14a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1ZM18.5 3v4" }),
      level,
    ),
    text,
  );
  return {
    element,
    set(percent) {
      show(element, percent !== undefined);
      if (percent === undefined) return;
      attr(level, "width", (Math.max(0, Math.min(100, percent)) / 100) * 13);
      attr(element, "data-low", percent <= 15);
      setText(text, `${fixed(percent, 0)} %`);
    },
  };
}

export interface Graph {
  readonly element: SVGSVGElement;
  set(sensor: Sensor, path: string): void;
}

/** A line of the last minutes, or the way that was taken; a dot marks now. */
export function graph(history: History, width: number, height: number): Graph {
  const area = svg("path", { class: "area" });
  const line = svg("path", { class: "line" });
  // A line without length and with round ends: it stays round however the drawing is stretched.
  const dot = svg("path", { class: "dot" });
  const element = svg("svg", { class: "graph", viewBox: `0 0 ${width} ${height}`, role: "img" }, area, line, dot);
  return {
    element,
    set({ endpoint, values }, path) {
      const points = history.points(endpoint, path);
      const longitude = longitudeOf(path);
      const steps = typeof values[path]?.value === "boolean";
      const frame = { width, height, pad: 4, steps };
      const drawn =
        longitude === undefined ? sparkline(points, frame) : track(points, history.points(endpoint, longitude), frame);
      attr(element, "preserveAspectRatio", longitude === undefined ? "none" : "xMidYMid meet");
      attr(area, "d", drawn.area);
      attr(line, "d", drawn.line);
      attr(dot, "d", drawn.end ? `M${drawn.end.x} ${drawn.end.y}h0` : "");
      const span = duration((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0));
      const name = values[path]?.name ?? path;
      attr(element, "aria-label", `${name} over the last ${span}`);
    },
  };
}

/** A label and what it says, in a list of such. */
export function fact(label: string, ...content: readonly (Node | string)[]): HTMLElement {
  return h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, ...content));
}

/** Shown where there is nothing yet: what this place is for, and what to do. */
export function empty(title: string, ...hints: readonly (Node | string)[]): HTMLElement {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, ...hints));
}
