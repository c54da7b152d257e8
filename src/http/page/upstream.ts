/** The Upstream screen: whether the server knows us, endpoint by endpoint. */

import { sensorPage } from "./card.ts";
import { attr, h, List, type Part, quiet, setText, show, spring } from "./dom.ts";
import { duration, plain, plural, until } from "./format.ts";
import { age, empty, setAge, setRegistration, state } from "./parts.ts";
import { byLabel, type Store } from "./store.ts";
import type { Sensor, Server } from "./types.ts";

const AT_ONCE = 300;

export function upstreamScreen(): Part<Store> {
  const servers = h("ul", { class: "cards wide" });
  const serverList = new List<Server>(servers, ({ uri }) => uri, serverPart);
  const body = h("tbody");
  const rows = new List<Sensor>(body, ({ endpoint }) => endpoint, endpointRow);
  const rest = quiet();
  const heads = ["Endpoint", "State", "Since", "Lifetime", "Observed", "Port"];
  const table = h(
    "table",
    { class: "endpoints" },
    h("thead", {}, h("tr", {}, ...heads.map((title) => h("th", { scope: "col" }, title)))),
    body,
  );
  const nothing = empty("No server", 'Name one in the configuration: server: { uri: "coap://…:5683" }.');
  return {
    element: h(
      "section",
      { class: "screen" },
      h("header", { class: "title" }, h("h1", {}, "Upstream")),
      servers,
      table,
      rest,
      nothing,
    ),
    update({ status, sensors }) {
      serverList.update(status?.servers ?? []);
      show(nothing, status?.servers.length === 0);
      // Errors first: they are why somebody looks here.
      const sorted = byLabel(sensors.values()).sort((a, b) => Number(unwell(b)) - Number(unwell(a)));
      rows.update(sorted.slice(0, AT_ONCE));
      show(table, sorted.length > 0);
      setText(
        rest,
        sorted.length > AT_ONCE
          ? `and ${plain(sorted.length - AT_ONCE)} more, all after these in the order of their names`
          : "",
      );
    },
  };
}

function unwell({ registration: { state: is, lastError } }: Sensor): boolean {
  return lastError !== undefined || (is !== "registered" && is !== "updating");
}

function serverPart(): Part<Server> {
  const uri = h("h2");
  const health = state();
  const answered = age("last answer ");
  const bar = h("progress", { "aria-hidden": "true" });
  return {
    element: h("li", { class: "card server" }, h("header", {}, uri, spring(), answered), health.element, bar),
    update({ uri: name, registered, endpoints, lastAnswerAt }) {
      setText(uri, name);
      const tone = registered === endpoints ? "good" : registered === 0 ? "bad" : "warn";
      health.set(tone, `${plain(registered)} of ${plural(endpoints, "endpoint")} registered`);
      attr(bar, "max", Math.max(1, endpoints));
      attr(bar, "value", registered);
      setAge(answered, lastAnswerAt);
    },
  };
}

function endpointRow(): Part<Sensor> {
  const link = h("a");
  const name = h("code");
  const is = state("small");
  const error = h("p", { class: "error" });
  const since = age();
  const [lifetime, observed, port] = [
    h("td", { class: "right" }),
    h("td", { class: "right" }),
    h("td", { class: "right" }),
  ];
  return {
    element: h(
      "tr",
      {},
      h("th", { scope: "row" }, link, name),
      h("td", {}, is.element, error),
      h("td", {}, since),
      lifetime,
      observed,
      port,
    ),
    update({ endpoint, label, registration }) {
      setText(link, label);
      attr(link, "href", sensorPage(endpoint));
      setText(name, endpoint);
      setRegistration(is, registration);
      const next =
        registration.nextAttemptAt === undefined
          ? ""
          : `, next attempt ${until(registration.nextAttemptAt, Date.now())}`;
      setText(error, registration.lastError === undefined ? "" : `${registration.lastError}${next}`);
      show(error, registration.lastError !== undefined);
      setAge(since, registration.since);
      setText(lifetime, duration(registration.lifetimeSeconds * 1_000));
      setText(observed, plain(registration.observations));
      setText(port, registration.localPort === undefined ? "" : String(registration.localPort));
    },
  };
}
