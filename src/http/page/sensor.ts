/** One sensor whole: its figures, its life, what both ends hold of it, and what can be done with it. */

import { type Control, controlFor } from "./controls.ts";
import { attr, h, List, type Part, quiet, setText, show } from "./dom.ts";
import { duration, plural, registrationText, securityText, showValue, until } from "./format.ts";
import { heading } from "./heading.ts";
import { keyPanel } from "./keys.ts";
import { age, empty, fact, figure, graph, setAge, setRegistration, state } from "./parts.ts";
import { resources } from "./resources.ts";
import { type Asked, mainPaths, type Store } from "./store.ts";
import type { Sensor } from "./types.ts";

export function sensorScreen(store: Store, endpoint: string): Part<Store> {
  const head = heading(store, endpoint);
  const figures = h("ul", { class: "figures" });
  const figureList = new List<MainValue>(
    figures,
    ({ path }) => path,
    () => mainFigure(store),
  );
  const key = keyPanel(endpoint);
  const life = upstreamFacts();
  const both = resources(store);
  const log = askedLog();
  const gone = empty(
    "This sensor is not here",
    "It was removed, or never adopted. ",
    h("a", { href: "#/sensors" }, "All sensors"),
  );
  const whole = h(
    "div",
    {},
    head.element,
    key.element,
    figures,
    life.element,
    h("header", { class: "title" }, h("h2", {}, "Every Resource")),
    log.element,
    both.element,
  );
  return {
    element: h("section", { class: "screen" }, whole, gone),
    update(now) {
      const sensor = now.sensors.get(endpoint);
      show(gone, !sensor && now.status !== undefined);
      show(whole, sensor !== undefined);
      if (!sensor) return;
      const client = now.lab?.get(endpoint);
      head.update(sensor);
      key.update(sensor);
      figureList.update(mainPaths(sensor).map((path) => ({ sensor, path })));
      life.update({ sensor, store: now });
      both.update({ sensor, client, hasLab: now.lab !== undefined });
      log.update(now.log.filter((asked) => asked.endpoint === endpoint));
    },
  };
}

interface MainValue {
  readonly sensor: Sensor;
  readonly path: string;
}

function mainFigure(store: Store): Part<MainValue> {
  const name = h("span", { class: "caption" });
  const value = figure();
  const line = graph(store.history, 320, 72);
  const range = h("span", { class: "quiet" });
  const action = h("div", { class: "action" });
  let control: Control | undefined;
  return {
    element: h("li", {}, name, value.element, line.element, range, action),
    update({ sensor, path }) {
      const known = sensor.values[path];
      setText(name, known?.name ?? path);
      attr(name, "title", path);
      value.set(showValue(path, known));
      line.set(sensor, path);
      setText(range, rangeText(store, { sensor, path }));
      const orderly = store.lab?.has(sensor.endpoint) === true && sensor.writable.includes(path);
      if (orderly && !control) {
        control = controlFor(store, { endpoint: sensor.endpoint, path, executable: false });
        action.append(control.element, h("span", { class: "quiet" }, "as the server would, through the lab"));
      }
      show(action, orderly);
      control?.set(known?.value);
    },
  };
}

function rangeText(store: Store, { sensor, path }: MainValue): string {
  const known = sensor.values[path];
  const points = store.history.points(sensor.endpoint, path);
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2 || typeof known?.value !== "number") return "";
  const text = (extreme: number) => showValue(path, { ...known, value: extreme });
  const values = points.map((point) => point.value);
  const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
  return `${low.figure} to ${high.figure} ${high.unit} in the last ${duration(last.at - first.at)}`;
}

/** How the server knows it: in the gateway's words, and the lab's where there is one. */
function upstreamFacts(): Part<{ sensor: Sensor; store: Store }> {
  const registration = state();
  const since = age();
  const server = h("span");
  const endpointName = h("code");
  const observed = h("span");
  const port = h("span");
  const security = h("span");
  const error = h("p", { class: "error" });
  const lab = quiet();
  const element = h(
    "section",
    { class: "upstream-facts", "aria-label": "Upstream" },
    h(
      "dl",
      { class: "facts" },
      fact("At the server", registration.element),
      fact("Since", since),
      fact("Endpoint", endpointName),
      fact("Server", server),
      fact("Secured by", security),
      fact("Lifetime", port),
      fact("Observed", observed),
    ),
    error,
    lab,
  );
  return {
    element,
    update({ sensor, store }) {
      const { registration: is } = sensor;
      setRegistration(registration, is);
      setAge(since, is.since);
      setText(endpointName, sensor.endpoint);
      const servers = is.servers?.map((each) => `${each.server}: ${registrationText(each)}`);
      setText(server, servers?.join("; ") ?? is.server);
      setText(security, securityText(is.security));
      attr(security, "title", is.security?.fingerprint);
      setText(observed, plural(is.observations, "path"));
      setText(
        port,
        `${duration(is.lifetimeSeconds * 1_000)}${is.localPort === undefined ? "" : `, from port ${String(is.localPort)}`}`,
      );
      show(error, is.lastError !== undefined);
      const next = is.nextAttemptAt === undefined ? "" : ` Next attempt ${until(is.nextAttemptAt, Date.now())}.`;
      setText(error, is.lastError === undefined ? "" : `${is.lastError}.${next}`);
      const client = store.lab?.get(sensor.endpoint);
      show(lab, store.lab !== undefined);
      setText(
        lab,
        client
          ? `The lab server sees it at ${client.address}, LwM2M ${client.version}, ${plural(client.objects.length, "Object Instance")}, expires ${until(client.expiresAt, Date.now())}.`
          : "The lab server does not know it.",
      );
    },
  };
}

/** What was asked of the sensor from here, newest first. */
function askedLog(): Part<readonly Asked[]> {
  const list = h("ol", { class: "asked", "aria-live": "polite", "aria-label": "Asked through the lab server" });
  const items = new List<Asked>(list, ({ at, what }) => `${at} ${what}`, askedPart);
  return {
    element: list,
    update(asked) {
      items.update(asked.slice(0, 4));
      show(list, asked.length > 0);
    },
  };
}

function askedPart(): Part<Asked> {
  const ended = state("small");
  const what = h("code");
  const at = age();
  return {
    element: h("li", {}, what, ended.element, at),
    update(asked) {
      ended.set(asked.failed ? "bad" : "good", asked.ended);
      setText(what, asked.what);
      setAge(at, new Date(asked.at).toISOString());
    },
  };
}
