/** What a person can do with one Resource: switch it, write it, execute it, each through the lab as a server would. */

import { attr, h, press, setText, show } from "./dom.ts";
import { execute, write } from "./orders.ts";
import type { Store } from "./store.ts";

export interface Control {
  readonly element: HTMLElement;
  set(value: unknown): void;
}

/** A switch for true and false, a button for an Execute, a field for all else. */
export function controlFor(store: Store, at: { endpoint: string; path: string; executable: boolean }): Control {
  if (at.executable) {
    const button = press("", () => void busy(button, () => execute(store, at)), executableName(at.path));
    return { element: button, set: () => undefined };
  }
  let current: unknown;
  const button = press("", () => void busy(button, () => write(store, at, current !== true)));
  const field = h("input", { "aria-label": `New value of ${at.path}`, size: 8 });
  const send = h("button", {}, "Write");
  const form = h("form", { class: "inline", onsubmit: (event) => submit(event) }, field, send);
  function submit(event: Event): void {
    event.preventDefault();
    // An empty field is no zero.
    if (field.value.trim() === "" && typeof current !== "string") return;
    const number = Number(field.value);
    const value = typeof current === "number" && !Number.isNaN(number) ? number : field.value;
    void busy(send, () => write(store, at, value));
  }
  const element = h("div", {}, button, form);
  return {
    element,
    set(value) {
      current = value;
      const binary = typeof value === "boolean";
      show(button, binary);
      show(form, !binary);
      setText(button, value === true ? "Switch off" : "Switch on");
    },
  };
}

/** Not twice at once: the button waits for the answer, as the device does. */
async function busy(button: HTMLButtonElement, run: () => Promise<boolean>): Promise<void> {
  if (button.getAttribute("aria-busy") === "true") return;
  attr(button, "aria-busy", "true");
  const done = await run();
  attr(button, "aria-busy", undefined);
  attr(button, "data-ended", done ? "well" : "badly");
  setTimeout(() => attr(button, "data-ended", undefined), 2_000);
}

export function executableName(path: string): string {
  return path.endsWith("/5605") ? "Reset min and max" : path === "/3/0/4" ? "Reboot" : "Execute";
}
