/** The Inbox: what is heard but not adopted, with the best guess of what it is. */

import { ask, attempt } from "./api.ts";
import { sensorPage } from "./card.ts";
import { alarm, attr, h, List, type Part, press, quiet, setText, show, spring } from "./dom.ts";
import { madeBy, plural, showScalar, words } from "./format.ts";
import { keyInput, keyWords } from "./keys.ts";
import { age, empty, figure, setAge, signal } from "./parts.ts";
import type { Store } from "./store.ts";
import type { InboxEntry } from "./types.ts";

export function inboxScreen(store: Store): Part<Store> {
  const count = h("span", { class: "quiet", role: "status" });
  const said = h("p", { class: "notice", role: "status", hidden: true });
  const cards = h("ul", { class: "cards wide" });
  const adopted = (sensor: { endpoint: string; label: string }) => {
    said.replaceChildren(h("a", { href: sensorPage(sensor.endpoint) }, sensor.label), " is adopted and registers now.");
    show(said, true);
  };
  const listIn = (parent: Element) =>
    new List<InboxEntry>(
      parent,
      ({ source }) => source,
      ({ source }) => stranger(store, source, adopted),
    );
  const list = listIn(cards);
  const summary = h("summary");
  const passed = h("ul", { class: "cards wide" });
  const passedList = listIn(passed);
  const aside = h("details", {}, summary, passed);
  const nothing = empty(
    "Nothing heard that is not adopted",
    "Devices that speak but belong to nobody appear here. Is a sensor near, powered and advertising? What adapters hear is under ",
    h("a", { href: "#/system" }, "System"),
    ".",
  );
  return {
    element: h(
      "section",
      { class: "screen" },
      h("header", { class: "title" }, h("h1", {}, "Inbox"), count),
      said,
      cards,
      nothing,
      aside,
    ),
    update({ inbox, waiting, status }) {
      const sorted = waiting.sort((a, b) => a.firstHeardAt.localeCompare(b.firstHeardAt));
      const ignored = inbox.filter(({ ignored }) => ignored);
      list.update(sorted);
      passedList.update(ignored);
      show(aside, ignored.length > 0);
      setText(summary, `${ignored.length} ignored`);
      setText(count, sorted.length > 0 ? `${plural(sorted.length, "device")} heard, not adopted` : "");
      show(nothing, sorted.length === 0 && status !== undefined);
    },
  };
}

type Adopted = (sensor: { endpoint: string; label: string }) => void;

function stranger(store: Store, source: string, adopted: Adopted): Part<InboxEntry> {
  const title = h("h2");
  const guess = quiet();
  const strength = signal();
  const heard = age();
  const count = h("span");
  const readings = h("dl", { class: "readings" });
  const readingList = new List<Reading>(readings, ({ name }) => name, readingPart);
  const objects = h("p", { class: "quiet objects" });
  const raw = h("pre", { class: "raw" });
  const sealed = quiet();
  const form = adoption(source, adopted, store);
  return {
    element: h(
      "li",
      { class: "card stranger" },
      h("header", {}, h("div", {}, title, guess), spring(), strength.element),
      readings,
      sealed,
      raw,
      h("p", { class: "quiet heard" }, h("code", {}, source), count, heard),
      objects,
      form.element,
    ),
    update(entry) {
      const known = entry.definition !== undefined;
      setText(title, madeBy(entry.maker, entry.model) || entry.name || "Unknown device");
      setText(
        guess,
        known
          ? [entry.name, entry.definition].filter(Boolean).join(" · ")
          : "No definition fits what it sends. A new one begins with: isthmus device record",
      );
      strength.set(entry.rssi);
      setText(count, `heard ${plural(entry.heard, "time")}`);
      setAge(heard, entry.lastHeardAt);
      readingList.update(readingsOf(entry));
      show(readings, Object.keys(entry.readings).length > 0);
      setText(objects, entry.objects?.length ? `The server would see ${entry.objects.join("  ")}` : "");
      show(sealed, entry.key?.needed === true);
      setText(sealed, entry.key ? `It needs a key. ${keyWords(entry.key)}` : "");
      show(raw, entry.raw !== undefined);
      setText(raw, entry.raw?.join("\n") ?? "");
      form.update(entry);
    },
  };
}

interface Reading {
  readonly name: string;
  readonly reading: InboxEntry["readings"][string];
}

/** What is no measurement but a name, the entry tells elsewhere already. */
function readingsOf({ readings, source }: InboxEntry): Reading[] {
  return Object.entries(readings)
    .filter(([, reading]) => typeof reading?.value !== "string" || !source.includes(reading.value))
    .map(([name, reading]) => ({ name, reading }));
}

function readingPart(): Part<Reading> {
  const label = h("dt");
  const value = figure("value");
  return {
    element: h("div", {}, label, h("dd", {}, value.element)),
    update({ name, reading }) {
      setText(label, words(name));
      value.set(reading ? showScalar(reading.value, reading.unit) : { figure: "—", unit: "" });
    },
  };
}

/** One button; behind it the two names that matter: what people call it, and what the server will. */
function adoption(source: string, adopted: Adopted, store: Store): Part<InboxEntry> {
  const label = h("input", { maxlength: 64, placeholder: "Freezer 2" });
  const endpoint = h("input", { maxlength: 64, spellcheck: "false", class: "mono" });
  const key = keyInput();
  const keyLabel = h("label", { hidden: true }, "Key", key);
  const trouble = alarm();
  const submit = h("button", { class: "primary" }, "Adopt");
  const open = press("primary", () => toggle(true), "Adopt …");
  const form = h(
    "form",
    { class: "adopt", hidden: true, onsubmit: (event) => void adopt(event) },
    h("label", {}, "Name", label),
    h("label", {}, "Endpoint at the server (stays for ever)", endpoint),
    keyLabel,
    h(
      "div",
      { class: "buttons" },
      submit,
      press("plain", () => toggle(false), "Cancel"),
    ),
  );

  function toggle(wanted: boolean): void {
    show(form, wanted);
    show(open, !wanted);
    (wanted ? label : open).focus();
  }

  async function adopt(event: Event): Promise<void> {
    event.preventDefault();
    attr(submit, "aria-busy", "true");
    const named = label.value.trim();
    const wanted = endpoint.value.trim();
    const secret = key.value.trim();
    const body = {
      ...(named !== "" && { label: named }),
      ...(wanted !== "" && wanted !== endpoint.placeholder && { endpoint: wanted }),
      ...(secret !== "" && { key: secret }),
    };
    await attempt(trouble, async () => {
      await ask("anything", { method: "POST", path: `${path}/adopt`, body });
      const sensors = await ask("sensors", { path: "/api/sensors" });
      store.takeSensors(sensors);
      store.takeInbox(store.inbox.filter((entry) => entry.source !== source));
      const sensor = sensors.find((candidate) => candidate.source === source);
      if (sensor) adopted(sensor);
    });
    attr(submit, "aria-busy", undefined);
  }

  const path = `/api/inbox/${encodeURIComponent(source)}`;
  const ignore = ignoring(path, store, trouble);

  return {
    element: h("div", { class: "adoption" }, h("div", { class: "buttons" }, open, ignore.element), form, trouble),
    update(entry) {
      ignore.update(entry);
      attr(endpoint, "placeholder", entry.endpoint ?? "");
      show(keyLabel, entry.key !== undefined);
      attr(open, "disabled", entry.definition === undefined);
    },
  };
}

/** For what is somebody else's: it goes to the end of the screen, and no rule takes it in. */
function ignoring(path: string, store: Store, trouble: Element): Part<InboxEntry> {
  let ignored = false;
  const turn = async () => {
    await ask("anything", { method: ignored ? "DELETE" : "PUT", path: `${path}/ignored` });
    store.takeInbox(await ask("inbox", { path: "/api/inbox" }));
  };
  const element = press("plain", () => void attempt(trouble, turn));
  return {
    element,
    update(entry) {
      ignored = entry.ignored === true;
      setText(element, ignored ? "Show again" : "Ignore");
    },
  };
}
