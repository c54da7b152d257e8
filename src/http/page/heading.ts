/** The head of one sensor's page: what it is, how it fares, and how to rename or remove it. */

import { ask, attempt, change, sensorUrl } from "./api.ts";
import { alarm, h, type Part, press, quiet, setText, show } from "./dom.ts";
import { madeBy } from "./format.ts";
import { age, battery, setAge, setLiveness, signal, state } from "./parts.ts";
import { battery as batteryOf, isSensor, type Store } from "./store.ts";
import type { Sensor } from "./types.ts";

export function heading(store: Store, endpoint: string): Part<Sensor> {
  const label = h("h1");
  const trouble = alarm();
  const name = renaming({ store, endpoint, label, trouble });
  const dialog = removal(async () => {
    if (!(await attempt(trouble, () => ask("anything", { method: "DELETE", path: sensorUrl(endpoint) })))) return;
    store.removeSensor(endpoint);
    location.hash = "#/sensors";
  });
  const remove = press("plain danger", () => dialog.showModal(), "Remove");
  const liveness = state();
  const heard = age("heard ");
  const strength = signal();
  const charge = battery();
  const what = quiet();
  const element = h(
    "header",
    { class: "sensor-head" },
    h("a", { href: "#/sensors", class: "back" }, "Sensors"),
    h("div", { class: "title" }, label, name.form, name.button, remove),
    h("p", { class: "states" }, liveness.element, heard, strength.element, charge.element),
    what,
    trouble,
    dialog,
  );
  return {
    element,
    update(sensor) {
      setText(label, sensor.label);
      setLiveness(liveness, sensor);
      setAge(heard, sensor.lastHeardAt);
      show(heard, isSensor(sensor));
      strength.set(sensor.rssi);
      charge.set(batteryOf(sensor));
      const { maker, model, definition, source, speaks } = sensor;
      const now = speaks && `now speaks ${speaks}: adopt it again`;
      setText(what, [madeBy(maker, model), definition, source, now].filter(Boolean).join(" · "));
      show(name.button, isSensor(sensor) && name.form.hasAttribute("hidden"));
      show(remove, isSensor(sensor));
    },
  };
}

interface Renaming {
  readonly store: Store;
  readonly endpoint: string;
  readonly label: HTMLElement;
  readonly trouble: HTMLElement;
}

/** A new label; the endpoint at the server stays what it is. */
function renaming({ store, endpoint, label, trouble }: Renaming): { form: HTMLFormElement; button: HTMLButtonElement } {
  const input = h("input", { "aria-label": "Name", maxlength: 100, required: true });
  const button = press("plain", () => edit(true), "Rename");
  const form = h(
    "form",
    { class: "inline", hidden: true, onsubmit: (event) => void rename(event) },
    input,
    h("button", {}, "Save"),
    press("plain", () => edit(false), "Cancel"),
  );

  function edit(open: boolean): void {
    show(form, open);
    show(label, !open);
    show(button, !open);
    setText(trouble, "");
    if (!open) {
      button.focus();
      return;
    }
    input.value = label.textContent;
    input.select();
  }

  async function rename(event: Event): Promise<void> {
    event.preventDefault();
    const wanted = input.value.trim();
    const body = { label: wanted };
    if (!(await attempt(trouble, () => change(sensorUrl(endpoint), body)))) return;
    const sensor = store.sensors.get(endpoint);
    if (sensor) store.takeSensors([{ ...sensor, label: wanted }]);
    edit(false);
  }
  return { form, button };
}

function removal(remove: () => Promise<void>): HTMLDialogElement {
  const dialog = h(
    "dialog",
    { "aria-labelledby": "remove-title" },
    h("h2", { id: "remove-title" }, "Remove this sensor?"),
    h(
      "p",
      {},
      "It is de-registered at the server at once. Heard again, it waits in the Inbox. What the server has stored stays there.",
    ),
    h(
      "form",
      { method: "dialog" },
      h("button", { value: "no", class: "plain" }, "Keep it"),
      h("button", { value: "yes", class: "danger" }, "Remove"),
    ),
  );
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") void remove();
    dialog.returnValue = "";
  });
  return dialog;
}
