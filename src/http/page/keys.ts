/** Keys of sensors that seal what they say: how they do, and where a person enters one. A key is sent, and never shown. */

import { attempt, change, sensorUrl } from "./api.ts";
import { alarm, h, type Part, quiet, setText, show } from "./dom.ts";
import { state, type Tone } from "./parts.ts";
import type { KeyNeed, Sensor } from "./types.ts";

const WORDS: Readonly<Record<"missing" | "wrong" | "ok", readonly [tone: Tone, words: string]>> = {
  missing: ["warn", "Its key is missing"],
  wrong: ["bad", "Its key is wrong"],
  ok: ["good", "Opened by its key"],
};

/** An input that browsers do not remember. */
export function keyInput(): HTMLInputElement {
  return h("input", { "aria-label": "Key", class: "mono", maxlength: 100, spellcheck: "false", autocomplete: "off" });
}

export function keyWords({ where, digits }: KeyNeed): string {
  return `It has ${digits.join(" or ")} hexadecimal digits. Where it is found: ${where}`;
}

/** On the page of a sensor; not there for all that need none. */
export function keyPanel(endpoint: string): Part<Sensor> {
  const how = state();
  const where = quiet();
  const input = keyInput();
  const trouble = alarm();
  const saved = h("span", { role: "status" });
  const save = async (event: Event) => {
    event.preventDefault();
    setText(saved, "");
    const body = { key: input.value.trim() };
    if (!(await attempt(trouble, () => change(sensorUrl(endpoint), body)))) return;
    input.value = "";
    setText(saved, "Saved: its next message shows whether it fits.");
  };
  const form = h(
    "form",
    { class: "inline", onsubmit: (event) => void save(event) },
    input,
    h("button", {}, "Save key"),
    saved,
  );
  const element = h("section", { class: "sensor-head", hidden: true }, how.element, where, form, trouble);
  return {
    element,
    update({ key }) {
      show(element, key !== undefined);
      if (!key) return;
      how.set(...(key.state ? WORDS[key.state] : (["idle", "No key has proven right yet"] as const)));
      setText(where, key.configured ? "Its key stands in the configuration." : keyWords(key));
      show(form, !key.configured);
    },
  };
}
