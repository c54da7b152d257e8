/** Keys of sensors that seal what they say: how they do, and where a person enters one. A key is sent, and never shown. */

import { ask, attempt, sensorUrl } from "./api.ts";
import { alarm, h, type Part, quiet, setText, show } from "./dom.ts";
import { state, type Tone } from "./parts.ts";
import type { KeyNeed, Sensor } from "./types.ts";

const WORDS: Readonly<Record<"missing" | "wrong" | "ok", readonly [tone: Tone, words: string]>> = {
  missing: ["warn", "needs a key"],
  wrong: ["bad", "wrong key"],
  ok: ["good", "opened by its key"],
};

/** An input that browsers do not remember. */
export function keyInput(): HTMLInputElement {
  return h("input", { class: "mono", maxlength: 100, spellcheck: "false", autocomplete: "off" });
}

export function keyWords({ where, digits }: KeyNeed): string {
  return `${where} ${digits.join(" or ")} hexadecimal digits.`;
}

/** On the page of a sensor; not there for all that need none. */
export function keyPanel(endpoint: string): Part<Sensor> {
  const how = state();
  const where = quiet();
  const input = keyInput();
  const trouble = alarm();
  const save = async () => {
    const body = { key: input.value.trim() };
    if (await attempt(trouble, () => ask("anything", { method: "PATCH", path: sensorUrl(endpoint), body })))
      input.value = "";
  };
  const button = h("button", { type: "button", onclick: () => void save() }, "Save key");
  const form = h("p", { class: "title" }, input, button);
  const element = h("section", { hidden: true }, how.element, where, form, trouble);
  return {
    element,
    update({ key }) {
      show(element, key !== undefined);
      if (!key) return;
      how.set(...(key.state ? WORDS[key.state] : (["idle", "not needed so far"] as const)));
      setText(where, key.configured ? "Its key stands in the configuration." : keyWords(key));
      show(form, !key.configured);
    },
  };
}
