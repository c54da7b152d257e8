/** Every Resource of a sensor, as the gateway holds it and, beside it, as the lab server sees it. */

import { h, List, type Part, setAttribute, setText, show } from "./dom.ts";
import { qualityWord, showValue } from "./format.ts";
import { execute, write } from "./orders.ts";
import { age, figure, setAge } from "./parts.ts";
import { agrees, byInstance, type Store } from "./store.ts";
import type { LabClient, Sensor, Values } from "./types.ts";

/** A sensor, and the same sensor at the other end. */
export interface Both {
  readonly sensor: Sensor;
  readonly client: LabClient | undefined;
  readonly hasLab: boolean;
}

interface Group extends Both {
  readonly instance: string;
  readonly paths: readonly string[];
}

interface Row extends Both {
  readonly path: string;
}

export function resources(store: Store): Part<Both> {
  const element = h("div", { class: "resources" });
  const groups = new List<Group>(
    element,
    ({ instance }) => instance,
    (group) => instancePart(store, group.instance),
  );
  return {
    element,
    update(both) {
      setAttribute(element, "data-lab", both.hasLab);
      const { sensor, client } = both;
      const paths = new Set([
        ...Object.keys(sensor.values),
        ...Object.keys(client?.values ?? {}),
        ...sensor.executable,
      ]);
      groups.update([...byInstance(paths)].map(([instance, inside]) => ({ ...both, instance, paths: inside })));
    },
  };
}

function instancePart(store: Store, instance: string): Part<Group> {
  const title = h("h3");
  const watched = h("span", { class: "quiet" });
  const body = h("tbody");
  const rows = new List<Row>(
    body,
    ({ path }) => path,
    ({ path }) => resourceRow(store, path),
  );
  const lab = h("th", { scope: "col", class: "lab-side" }, "Server (lab)");
  const head = h(
    "thead",
    {},
    h("tr", {}, h("th", { scope: "col" }, "Resource"), h("th", { scope: "col" }, "Gateway"), lab),
  );
  return {
    element: h(
      "section",
      { class: "instance" },
      h("header", {}, title, h("code", {}, instance), h("span", { class: "spring" }), watched),
      h("table", {}, head, body),
    ),
    update(group) {
      const { sensor, client, hasLab, paths } = group;
      setText(title, objectName(instance, { ...client?.values, ...sensor.values }));
      show(lab, hasLab);
      setText(watched, client?.observations.includes(instance) === true ? "observed" : "");
      rows.update(paths.map((path) => ({ ...group, path })));
    },
  };
}

const OBJECTS: Readonly<Record<string, string>> = { 3: "Device", 4: "Connectivity", 6: "Location" };

/** The main Resource of an IPSO Object bears the Object's name. */
function objectName(instance: string, values: Values): string {
  const id = instance.split("/")[1] ?? "";
  return values[`${instance}/5700`]?.name ?? values[`${instance}/5850`]?.name ?? OBJECTS[id] ?? `Object ${id}`;
}

function resourceRow(store: Store, path: string): Part<Row> {
  const name = h("span", { class: "name" });
  const near = side();
  const far = side();
  const action = h("div", { class: "action" });
  const farCell = h("td", { class: "lab-side" }, far.element, action);
  let control: Control | undefined;
  return {
    element: h("tr", {}, h("th", { scope: "row" }, name, h("code", {}, path)), h("td", {}, near.element), farCell),
    update({ sensor, client, hasLab }) {
      const here = sensor.values[path];
      const there = client?.values[path];
      const executable = sensor.executable.includes(path);
      setText(name, executable ? executableName(path) : rowName(path, here?.name ?? there?.name));
      near.set(path, sensor.values, !executable);
      far.set(path, client?.values ?? {}, !executable && client !== undefined);
      far.mark(here !== undefined && there !== undefined && !agrees(here.value, there.value));
      show(farCell, hasLab);
      const orderly = client !== undefined && (executable || sensor.writable.includes(path));
      if (orderly && !control) {
        control = controlFor(store, { endpoint: sensor.endpoint, path, executable });
        action.append(control.element);
      }
      show(action, orderly);
      control?.set(here?.value);
    },
  };
}

function rowName(path: string, name: string | undefined): string {
  return /\/5700$/.test(path) ? "Value" : (name ?? path);
}

function executableName(path: string): string {
  return path.endsWith("/5605") ? "Reset min and max" : path === "/3/0/4" ? "Reboot" : "Execute";
}

interface Side {
  readonly element: HTMLElement;
  set(path: string, values: Values, expected: boolean): void;
  /** Whether the two ends differ at the moment. */
  mark(differs: boolean): void;
}

function side(): Side {
  const value = figure("value");
  const quality = h("span", { class: "quality" });
  const time = age();
  const element = h("div", { class: "side" }, value.element, quality, time);
  return {
    element,
    set(path, values, expected) {
      const known = values[path];
      value.set(known ? showValue(path, known) : { figure: expected ? "—" : "", unit: "" });
      setAttribute(value.element, "title", known ? `${String(known.value)} ${known.unit ?? ""}`.trim() : undefined);
      setText(quality, qualityWord(known?.quality));
      show(time, known !== undefined);
      setAge(time, known?.time);
    },
    mark: (differs) => setAttribute(element, "data-differs", differs),
  };
}

interface Control {
  readonly element: HTMLElement;
  set(value: unknown): void;
}

/** A switch for true and false, a button for an Execute, a field for all else. */
function controlFor(store: Store, at: { endpoint: string; path: string; executable: boolean }): Control {
  if (at.executable) {
    const button = h(
      "button",
      { type: "button", onclick: () => void busy(button, () => execute(store, at)) },
      executableName(at.path),
    );
    return { element: button, set: () => undefined };
  }
  let current: unknown;
  const button = h("button", {
    type: "button",
    onclick: () => void busy(button, () => write(store, at, current !== true)),
  });
  const field = h("input", { type: "text", "aria-label": `New value of ${at.path}`, size: 8 });
  const send = h("button", { type: "submit" }, "Write");
  const form = h("form", { class: "inline", onsubmit: (event) => submit(event) }, field, send);
  function submit(event: Event): void {
    event.preventDefault();
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
  setAttribute(button, "aria-busy", "true");
  const done = await run();
  setAttribute(button, "aria-busy", undefined);
  setAttribute(button, "data-ended", done ? "well" : "badly");
  setTimeout(() => setAttribute(button, "data-ended", undefined), 2_000);
}
