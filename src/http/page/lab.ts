/** The live table at `/lab/`: every client as the lab server sees it, for whoever runs the lab alone. */

import { attr, h, List, type Part, quiet, setText, show } from "./dom.ts";
import { plural, showValue, until } from "./format.ts";
import { followLab } from "./live.ts";
import { age, empty, figure, setAge, state, tickAges } from "./parts.ts";
import { byInstance, comparePaths, Store } from "./store.ts";
import type { LabClient, Values } from "./types.ts";

const AT_ONCE = 300;
const RETRY_MS = 3_000;
/** What a sensor is there for: its value, switch or position. */
const MEASURED = /^\/\d{4,5}\/\d+\/(?:5700|5850|5500|5705)$|^\/6\/\d+\/[01]$/;

const store = new Store();
const main = document.querySelector("#lab");
const health = state("large");
const hint = quiet();
const clients = h("ul", { class: "cards wide" });
const list = new List<LabClient>(clients, ({ endpoint }) => endpoint, clientPart);
const rest = quiet();
const nobody = empty(
  "Nobody has registered yet",
  `Point a client at coap://${location.hostname}, on the port that the lab printed when it started. `,
  "It appears here as soon as it registers, and is observed at once.",
);

function draw(): void {
  const all = [...(store.lab?.values() ?? [])].sort((a, b) => comparePaths(a.endpoint, b.endpoint));
  if (store.lab) health.set(all.length > 0 ? "good" : "idle", `${plural(all.length, "client")} registered`);
  else health.set("bad", "The lab does not answer");
  setText(hint, "The lab server: what clients registered, and the last value of each Resource. Nothing is kept.");
  list.update(all.slice(0, AT_ONCE));
  setText(rest, all.length > AT_ONCE ? `and ${all.length - AT_ONCE} more` : "");
  show(nobody, store.lab !== undefined && all.length === 0);
}

function clientPart(): Part<LabClient> {
  const name = h("h2");
  const seen = age();
  const facts = quiet();
  const shown = h("dl", { class: "readings" });
  const shownList = new List<string>(shown, (path) => path, valuePart);
  const all = h("dl", { class: "counters" });
  const allList = new List<string>(all, (path) => path, valuePart);
  const count = h("summary");
  const details = h("details", {}, count, all);
  let values: Values = {};
  function valuePart(path: string): Part<string> {
    const label = h("dt");
    const value = figure("value");
    return {
      element: h("div", { title: path }, label, h("dd", {}, value.element)),
      update() {
        setText(label, values[path]?.name ?? path);
        value.set(showValue(path, values[path], values));
      },
    };
  }
  return {
    element: h("li", { class: "card client" }, h("header", {}, name, seen), facts, shown, details),
    update(client) {
      values = client.values;
      const paths = [...byInstance(Object.keys(values), [])].flatMap(([, inside]) => inside);
      const measured = paths.filter((path) => MEASURED.test(path));
      setText(name, client.endpoint);
      setAge(seen, client.lastSeenAt);
      const life = `expires ${until(client.expiresAt, Date.now())}`;
      const { secured } = client;
      const from = secured ? `${secured.address} (${secured.identity})` : client.address;
      setText(facts, [from, `LwM2M ${client.version}`, life].join(" · "));
      shownList.update(measured);
      show(shown, measured.length > 0);
      setText(count, plural(paths.length, "Resource"));
      attr(details, "data-empty", paths.length === 0);
      if (details.open) allList.update(paths);
    },
  };
}

let waiting = false;
store.subscribe(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
});

async function start(): Promise<void> {
  if (await followLab(store)) return;
  draw();
  setTimeout(() => void start(), RETRY_MS);
}

main?.append(
  h(
    "section",
    { class: "screen" },
    h("h1", { class: "health", "aria-live": "polite" }, health.element),
    hint,
    clients,
    rest,
    nobody,
  ),
);
clients.addEventListener("toggle", draw, true);
setInterval(() => tickAges(document), 1_000);
void start();
