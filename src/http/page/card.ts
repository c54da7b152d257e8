/** One sensor at a glance: what it says, how old that is, and whether the server knows. */

import { attr, h, type Part, setText, show, spring } from "./dom.ts";
import { showValue } from "./format.ts";
import type { History } from "./history.ts";
import { age, battery, figure, graph, setAge, setLiveness, setRegistration, signal, state } from "./parts.ts";
import { battery as batteryOf, mainPaths } from "./store.ts";
import type { Sensor } from "./types.ts";

const MORE = 3;

export function sensorPage(endpoint: string): string {
  return `#/sensors/${encodeURIComponent(endpoint)}`;
}

export function card(history: History): Part<Sensor> {
  const name = h("a", { class: "name" });
  const liveness = state("small");
  const heard = age();
  const main = figure();
  const mainName = h("span", { class: "caption" });
  const line = graph(history, 160, 56);
  const more = Array.from({ length: MORE }, moreValue);
  const strength = signal();
  const charge = battery();
  const upstream = state("small");
  const error = h("p", { class: "error" });
  const element = h(
    "li",
    { class: "card" },
    h("header", {}, h("h2", {}, name), liveness.element, heard),
    h("div", { class: "reading" }, h("div", {}, main.element, mainName), line.element),
    h("dl", { class: "more" }, ...more.map((part) => part.element)),
    h("footer", {}, upstream.element, spring(), strength.element, charge.element),
    error,
  );
  return {
    element,
    update(sensor) {
      const [first, ...rest] = mainPaths(sensor);
      setText(name, sensor.label);
      attr(name, "href", sensorPage(sensor.endpoint));
      attr(element, "data-liveness", sensor.liveness);
      setLiveness(liveness, sensor);
      setAge(heard, sensor.lastHeardAt);
      main.set(first === undefined ? { figure: "—", unit: "" } : showValue(first, sensor.values[first]));
      setText(mainName, first === undefined ? "nothing measured" : (sensor.values[first]?.name ?? first));
      if (first !== undefined) line.set(sensor, first);
      more.forEach((part, i) => part.set(sensor, rest[i]));
      strength.set(sensor.rssi);
      charge.set(batteryOf(sensor));
      setRegistration(upstream, sensor.registration);
      setText(error, sensor.registration.lastError ?? "");
      show(error, sensor.registration.lastError !== undefined);
    },
  };
}

function moreValue(): { element: HTMLElement; set(sensor: Sensor, path: string | undefined): void } {
  const label = h("dt");
  const value = figure("value");
  const element = h("div", {}, label, h("dd", {}, value.element));
  return {
    element,
    set(sensor, path) {
      show(element, path !== undefined);
      if (path === undefined) return;
      setText(label, sensor.values[path]?.name ?? path);
      value.set(showValue(path, sensor.values[path]));
    },
  };
}
