/** The first screen: one sentence of health, then only what is wrong, then every sensor in a line. */

import { sensorPage } from "./card.ts";
import { attr, h, List, type Part, quiet, setText, show, spring } from "./dom.ts";
import { duration, plural, showValue } from "./format.ts";
import { age, figure, graph, setAge, setLiveness, state } from "./parts.ts";
import { byNeed, isSensor, mainPaths, type Store } from "./store.ts";
import type { Problem, Sensor } from "./types.ts";

const AT_ONCE = 12;

export function overviewScreen(store: Store): Part<Store> {
  const health = state("large");
  const sentence = h("h1", { class: "health", "aria-live": "polite" }, health.element);
  const facts = quiet();
  const problems = h("ul", { class: "problems" });
  const problemList = new List<Problem>(problems, ({ what }) => what, problemPart);
  const rows = h("ul", { class: "glance" });
  const rowList = new List<Sensor>(
    rows,
    ({ endpoint }) => endpoint,
    () => glance(store),
  );
  const all = h("a", { href: "#/sensors", class: "more-link" });
  const inbox = h("a", { href: "#/inbox", class: "notice", hidden: true });
  const sensors = h(
    "section",
    { "aria-label": "Sensors", hidden: true },
    h("header", { class: "title" }, h("h2", {}, "Sensors"), spring(), all),
    rows,
  );
  const element = h("section", { class: "screen" }, sentence, facts, problems, inbox, sensors);
  return {
    element,
    update({ status, sensors: known, waiting }) {
      if (!status) {
        health.set("idle", "Asking the gateway …");
        return;
      }
      health.set(toneOf(status.problems, status.sensors.gone), status.summary);
      setText(
        facts,
        `${status.name} · up ${duration(Date.now() - Date.parse(status.startedAt))} · version ${status.version}`,
      );
      problemList.update(status.problems);
      const sorted = byNeed(known.values()).filter(isSensor);
      rowList.update(sorted.slice(0, AT_ONCE));
      setText(all, sorted.length > AT_ONCE ? `All ${sorted.length} sensors` : "As cards");
      show(sensors, sorted.length > 0);
      show(inbox, waiting.length > 0);
      setText(inbox, `${plural(waiting.length, "device is", "devices are")} heard and not adopted: see the Inbox`);
    },
  };
}

function toneOf(problems: readonly Problem[], gone: number): "good" | "warn" | "bad" {
  if (problems.length === 0) return "good";
  return gone > 0 ? "bad" : "warn";
}

function problemPart(): Part<Problem> {
  const what = state();
  const since = age("since ");
  const next = h("p");
  return {
    element: h("li", {}, h("h3", {}, what.element), since, next),
    update(problem) {
      what.set("warn", problem.what);
      setAge(since, problem.since);
      setText(next, problem.next);
    },
  };
}

function glance(store: Store): Part<Sensor> {
  const liveness = state("small");
  const name = h("span", { class: "name" });
  const line = graph(store.history, 120, 32);
  const value = figure("value");
  const heard = age();
  const link = h("a", {}, liveness.element, name, line.element, value.element, heard);
  return {
    element: h("li", {}, link),
    update(sensor) {
      const first = mainPaths(sensor)[0] ?? "";
      attr(link, "href", sensorPage(sensor.endpoint));
      setLiveness(liveness, sensor);
      setText(name, sensor.label);
      line.set(sensor, first);
      value.set(showValue(first, sensor.values[first]));
      setAge(heard, sensor.lastHeardAt);
    },
  };
}
