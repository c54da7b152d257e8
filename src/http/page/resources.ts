/** Every Resource of a sensor, as the gateway holds it and, beside it, as the lab server sees it. */

import { type Control, controlFor, executableName } from "./controls.ts";
import { attr, h, List, type Part, setText, show } from "./dom.ts";
import { qualityWord, showValue } from "./format.ts";
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
      attr(element, "data-lab", both.hasLab);
      const { sensor, client } = both;
      const paths = new Set([
        ...Object.keys(sensor.values),
        ...Object.keys(client?.values ?? {}),
        ...sensor.executable,
      ]);
      groups.update(
        [...byInstance(paths, sensor.main)].map(([instance, inside]) => ({ ...both, instance, paths: inside })),
      );
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
      "details",
      { class: "instance", open: !SETTINGS.test(instance) },
      h("summary", {}, title, h("code", {}, instance), watched),
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

/** Closed at first: looked at once, if ever. */
const SETTINGS = /^\/(?:1|3|4)\//;

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
      value.set(known ? showValue(path, known, values) : { figure: expected ? "—" : "", unit: "" });
      attr(value.element, "title", known ? `${String(known.value)} ${known.unit ?? ""}`.trim() : undefined);
      setText(quality, qualityWord(known?.quality));
      show(time, known !== undefined);
      setAge(time, known?.time);
    },
    mark: (differs) => attr(element, "data-differs", differs),
  };
}
