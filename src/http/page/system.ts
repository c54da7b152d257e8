/** The System screen: adapters, clock, version, and what was counted. */

import { h, List, type Part, quiet, setText, spring } from "./dom.ts";
import { bytes, dateTime, duration, plain, words } from "./format.ts";
import { age, empty, fact, setAge, state } from "./parts.ts";
import type { Store } from "./store.ts";
import type { Adapter } from "./types.ts";

export function systemScreen(): Part<Store> {
  const adapters = h("ul", { class: "cards wide" });
  const adapterList = new List<Adapter>(adapters, ({ name }) => name, adapterPart);
  const clock = state();
  const [version, up, memory, storage, name] = [h("span"), h("span"), h("span"), h("span"), h("span")];
  const counters = h("dl", { class: "counters" });
  const counterList = new List<[string, number]>(counters, ([key]) => key, counterPart);
  const nothing = empty(
    "No adapters",
    "An adapter listens to one radio, line or broker. Name one under adapters: in the configuration.",
  );
  return {
    element: h(
      "section",
      { class: "screen" },
      h("header", { class: "title" }, h("h1", {}, "System")),
      h(
        "dl",
        { class: "facts" },
        fact("Gateway", name),
        fact("Version", version),
        fact("Running", up),
        fact("Memory", memory),
        fact("Clock", clock.element),
        fact("Kept for servers", storage),
      ),
      h("h2", {}, "Adapters"),
      adapters,
      nothing,
      h("h2", {}, "Counted since start"),
      counters,
    ),
    update({ status }) {
      if (!status) return;
      setText(name, status.name);
      setText(version, status.version);
      setText(
        up,
        `${duration(Date.now() - Date.parse(status.startedAt))}, since ${dateTime(Date.parse(status.startedAt))}`,
      );
      setText(memory, bytes(status.memoryBytes));
      const { kept, bytes: taken, budgetBytes, dropped } = status.storage;
      setText(
        storage,
        `${plain(kept)} notifications, ${bytes(taken)} of ${bytes(budgetBytes)}; ${plain(dropped)} lost`,
      );
      if (status.clockTrusted) clock.set("good", "Set");
      else clock.set("warn", "Not set: times are not to be trusted yet");
      adapterList.update(status.adapters);
      nothing.hidden = status.adapters.length > 0;
      counterList.update(Object.entries(status.counters));
    },
  };
}

const HEALTH = { ok: ["good", "Working"], degraded: ["warn", "Degraded"], down: ["bad", "Down"] } as const;

function adapterPart(): Part<Adapter> {
  const name = h("h2");
  const type = h("span", { class: "quiet" });
  const health = state();
  const reason = h("p", { class: "error" });
  const frames = h("span");
  const last = age(", last ");
  return {
    element: h(
      "li",
      { class: "card adapter" },
      h("header", {}, name, type, spring(), health.element),
      reason,
      quiet(frames, last),
    ),
    update(adapter) {
      setText(name, adapter.name);
      setText(type, adapter.type);
      const [tone, word] = HEALTH[adapter.health];
      health.set(tone, word);
      setText(reason, adapter.reason ?? "");
      setText(frames, `${plain(adapter.frames)} frames`);
      setAge(last, adapter.lastFrameAt);
    },
  };
}

const COUNTERS: Readonly<Record<string, string>> = {
  frames: "Messages heard",
  updated: "Readings taken over",
  repeated: "Repetitions left out",
  malformed: "Malformed, refused",
  sealed: "Closed for want of a key",
  foreign: "Other messages of adopted devices",
  strangers: "From devices not adopted",
  taught: "That only explain others",
  crowded: "Beyond 256 in one message",
};

function counterPart(): Part<[string, number]> {
  const label = h("dt");
  const value = h("dd");
  return {
    element: h("div", {}, label, value),
    update([key, count]) {
      setText(label, COUNTERS[key] ?? words(key));
      setText(value, plain(count));
    },
  };
}
